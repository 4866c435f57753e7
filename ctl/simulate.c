/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/simulate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/figure.h"
#include "ctl/table.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "ctl/tree.h"
#include "simulate/plot.h"

#define PLOT_COLUMNS   70
#define PLOT_LEAST     20
#define PLOT_SCALE     9 /* columns to the left of it */
#define PROGRESS_AFTER CLOCK_NS_PER_S /* shorter runs need no line */
#define SHAPE_SHARE    80 /* percent of what maxReplicas can serve, at the top of a shape */

struct simulation {
	const struct session *s;
	struct manifests *set;  /* as they were loaded */
	size_t n_sets;
	struct manifest **item; /* all of them */
	size_t n;
	struct trace trace;
	struct plant_model *model; /* one a policy */
	struct trial *trial;
	clock_boot_t begun;
	size_t at; /* the policy that runs */
};

/* The load that a simulation has is one number: it has no memory, and no container that grows. */
static void pass_over(const struct manifests *set)
{
	for (size_t i = 0; i < set->n_vpas; i++) {
		scoped(buf_done) struct buf text = {0};
		const char *where, *name = manifests_vpa(set, i, &where);

		buf_printf(&text, "plimsoll: %s: VerticalPodAutoscaler %s is passed over: only numbers of replicas are simulated\n",
			   where, name);
		terminal_print(buf_text(&text), stderr);
	}
}

static int load_set(struct simulation *x, const struct opt_list *paths, struct err *e)
{
	struct manifests *set = &x->set[x->n_sets++];
	int r = manifests_load(paths, set, e);

	if (r == -EEXIST)
		err_fix(e, "rename or remove one of them; to compare the two, give the file with one of them to --compare");
	x->item = mem_array(x->item, x->n + set->n + 1, sizeof(*x->item));
	for (size_t i = 0; r == 0 && i < set->n; i++)
		x->item[x->n++] = &set->item[i];
	if (r == 0)
		pass_over(set);
	return r;
}

/* Those of --policy belong together, as in an aggregator; each of --compare stands for itself, so that it may be
 * another version of the same policy. */
static int load_policies(struct simulation *x, struct err *e)
{
	const struct ctl_options *o = x->s->o;
	int r;

	x->set = mem_zero((o->compare.n + 1) * sizeof(*x->set));
	r = load_set(x, &o->policy, e);
	for (size_t i = 0; r == 0 && i < o->compare.n; i++)
		r = load_set(x, &(struct opt_list){&o->compare.items[i], 1}, e);
	if (r == 0 && !x->n) {
		r = err_set(e, -EINVAL, "nothing to simulate");
		err_cause(e, "--policy names no ScalingPolicy and no HorizontalPodAutoscaler");
		err_fix(e, "write: plimsoll simulate --policy FILE --trace step");
	}
	return r;
}

/* A share of the request cannot be told from what a replica can carry. */
static int no_request(const struct manifest *m, struct err *e)
{
	err_set(e, -EINVAL, "%.150s: what can a replica of %.60s carry?", m->where, m->policy.name);
	err_cause(e, "nobody says what it requests");
	if (!m->hpa)
		return err_fix(e, "write spec.target.cpuRequest, or give --capacity MILLICORES");
	if (!trial_needs_request(m))
		return err_fix(e, "give the file with its Deployment, too, or --capacity MILLICORES");
	return err_fix(e, "its Utilization is a share of the request: give the file with its Deployment, too, or write the "
			  "annotation plimsoll.io/cpu-request");
}

static int make_model(const struct session *s, const struct manifest *m, struct plant_model *ret, struct err *e)
{
	uint64_t capacity = s->o->capacity ? (uint64_t)s->o->capacity : trial_request_milli(m);

	*ret = (struct plant_model){.capacity_milli = capacity, .startup_s = (uint32_t)(s->o->startup / CLOCK_NS_PER_S),
				    .slo = (double)s->o->slo, .idle_us = (uint32_t)(s->o->idle / CLOCK_NS_PER_US)};
	return capacity ? 0 : no_request(m, e);
}

/* Shapes are made to fit the first policy; all of them see the same load. */
static int load_trace(struct simulation *x, struct err *e)
{
	const struct policy *p = &x->item[0]->policy;
	double most = (double)x->model[0].capacity_milli * p->max_replicas * (1 - 1 / x->model[0].slo);
	const char *name = x->s->o->trace;

	most = most * SHAPE_SHARE / 100;
	if (trace_shape(name, most < TRACE_MILLI_MAX ? (uint32_t)most : TRACE_MILLI_MAX, &x->trace) == 0)
		return 0;
	return trace_load(name, &x->trace, e);
}

static void progress(uint32_t percent, void *data)
{
	const struct simulation *x = data;

	if (clock_since(clock_boot(), x->begun) < PROGRESS_AFTER || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\rsimulating %zu of %zu: %u %% ", x->at + 1, x->n, percent);
}

static void run_all(struct simulation *x)
{
	x->trial = mem_zero((x->n + 1) * sizeof(*x->trial));
	x->begun = clock_boot();
	for (x->at = 0; x->at < x->n; x->at++)
		trial_run(x->item[x->at], &x->trace, &x->model[x->at], progress, x, &x->trial[x->at]);
	if (clock_since(clock_boot(), x->begun) >= PROGRESS_AFTER && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
}

/* --- what came of it */

static double hours(uint64_t seconds)
{
	return (double)seconds / 3600;
}

static const struct table_column columns[] = {
	{"POLICY", TABLE_NAME, 0, false},
	{"KIND", TABLE_WORD, 4, false},
	{"REPLICA-H", TABLE_NUMBER, 0, false},
	{"NEEDED-H", TABLE_NUMBER, 3, false},
	{"MISSED-S", TABLE_NUMBER, 0, false},
	{"DECISIONS", TABLE_NUMBER, 2, false},
	{"FLAPS", TABLE_NUMBER, 1, false},
	{"REACT-S", TABLE_NUMBER, 0, false},
	{"WORST-S", TABLE_NUMBER, 1, false},
};

static void cells(struct table *t, const struct manifest *m, const struct trial *r)
{
	table_cell(t, PAINT_PLAIN, "%s", m->policy.name);
	table_cell(t, PAINT_PLAIN, "%s", manifest_kind(m));
	table_cell(t, PAINT_PLAIN, "%.2f", hours(r->replica_s));
	table_cell(t, PAINT_PLAIN, "%.2f", hours(r->need_s));
	table_cell(t, PAINT_PLAIN, "%llu", (unsigned long long)r->missed_s);
	table_cell(t, PAINT_PLAIN, "%u", r->ups + r->downs);
	table_cell(t, PAINT_PLAIN, "%u", r->flaps);
	if (r->reactions) {
		table_cell(t, PAINT_PLAIN, "%.1f", r->reaction_mean_ms / 1000.0);
		table_cell(t, PAINT_PLAIN, "%u", r->reaction_worst_s);
	} else {
		table_cell(t, PAINT_DIM, FIGURE_NONE);
		table_cell(t, PAINT_DIM, FIGURE_NONE);
	}
}

static uint32_t plot_columns(void)
{
	int room = terminal_columns(STDOUT_FILENO) - PLOT_SCALE;

	if (room < PLOT_LEAST)
		return room < 0 ? PLOT_COLUMNS : PLOT_LEAST;
	return room < PLOT_COLUMNS ? (uint32_t)room : PLOT_COLUMNS;
}

static void print_plot(const struct simulation *x, size_t i)
{
	scoped(buf_done) struct buf plot = {0};

	text_safe(x->item[i]->policy.name, &plot);
	buf_printf(&plot, ": replicas, · where more were needed, %u s\n", x->trace.seconds);
	plot_terminal(&x->trial[i], plot_columns(), &plot);
	printf("\n%s", buf_text(&plot));
}

/* A policy that saw nothing looks calm in the table. */
static void print_blindness(const struct manifest *m, const struct trial *t)
{
	scoped(buf_done) struct buf text = {0};

	if (!t->blind)
		return;
	buf_printf(&text, "\n");
	text_safe(m->policy.name, &text);
	buf_printf(&text, " knew no metric at %u of %u looks: ", t->blind, t->looks);
	text_safe(t->why_blind, &text);
	buf_printf(&text, "\n");
	terminal_print(buf_text(&text), stdout);
}

static void print_table(const struct simulation *x)
{
	scoped(table_done) struct table t = {0};

	table_begin(&t, columns, sizeof(columns) / sizeof(columns[0]), command_is(x->s, "wide"));
	for (size_t i = 0; i < x->n; i++)
		cells(&t, x->item[i], &x->trial[i]);
	command_print_table(x->s, &t);
	for (size_t i = 0; i < x->n; i++)
		print_blindness(x->item[i], &x->trial[i]);
	for (size_t i = 0; i < x->n; i++)
		print_plot(x, i);
}

static json_t *trial_tree(const struct manifest *m, const struct plant_model *p, const struct trial *t)
{
	json_t *o = json_object();

	json_object_set_new(o, "policy", tree_string(m->policy.name));
	json_object_set_new(o, "kind", tree_string(manifest_kind(m)));
	json_object_set_new(o, "capacityMilli", json_integer((json_int_t)p->capacity_milli));
	json_object_set_new(o, "replicaHours", tree_number(true, hours(t->replica_s)));
	json_object_set_new(o, "neededHours", tree_number(true, hours(t->need_s)));
	json_object_set_new(o, "excessHours", tree_number(true, hours(t->excess_s)));
	json_object_set_new(o, "lackHours", tree_number(true, hours(t->lack_s)));
	json_object_set_new(o, "missedSeconds", json_integer((json_int_t)t->missed_s));
	json_object_set_new(o, "ups", json_integer(t->ups));
	json_object_set_new(o, "downs", json_integer(t->downs));
	json_object_set_new(o, "flaps", json_integer(t->flaps));
	json_object_set_new(o, "reactionMeanSeconds", tree_number(t->reactions > 0, t->reaction_mean_ms / 1000.0));
	json_object_set_new(o, "reactionWorstSeconds", tree_number(t->reactions > 0, t->reaction_worst_s));
	json_object_set_new(o, "looks", json_integer(t->looks));
	json_object_set_new(o, "blindLooks", json_integer(t->blind));
	json_object_set_new(o, "whyBlind", t->blind ? tree_string(t->why_blind) : json_null());
	json_object_set_new(o, "replicasLeast", json_integer(t->least));
	json_object_set_new(o, "replicasMost", json_integer(t->most));
	return o;
}

static void print(const struct simulation *x)
{
	json_t *items;

	if (!command_is(x->s, "json") && !command_is(x->s, "yaml")) {
		print_table(x);
		return;
	}
	items = json_array();
	for (size_t i = 0; i < x->n; i++)
		json_array_append_new(items, trial_tree(x->item[i], &x->model[i], &x->trial[i]));
	scoped(tree_freep) json_t *o = tree_list("SimulationList", items);
	tree_print(o, command_is(x->s, "yaml"), false, stdout);
}

static int draw(const struct simulation *x, struct err *e)
{
	scoped(freep) const char **names = mem_array(NULL, x->n + 1, sizeof(char *));
	scoped(buf_done) struct buf svg = {0};
	FILE *f;
	bool written;

	if (!*x->s->o->svg)
		return 0;
	for (size_t i = 0; i < x->n; i++)
		names[i] = x->item[i]->policy.name;
	plot_svg(names, x->trial, x->n, &svg);
	f = fopen(x->s->o->svg, "we");
	written = f && fwrite(buf_text(&svg), 1, svg.size, f) == svg.size;
	if ((f && fclose(f) != 0) || !written)
		return err_set(e, errno ? -errno : -EIO, "cannot write the picture %.150s", x->s->o->svg);
	return 0;
}

static void done(struct simulation *x)
{
	for (size_t i = 0; x->trial && i < x->n; i++)
		trial_done(&x->trial[i]);
	for (size_t i = 0; i < x->n_sets; i++)
		manifests_done(&x->set[i]);
	free(x->trial);
	free(x->model);
	free(x->item);
	free(x->set);
	trace_done(&x->trace);
}

static int prepare(struct simulation *x, struct err *e)
{
	int r = load_policies(x, e);

	x->model = mem_zero((x->n + 1) * sizeof(*x->model));
	for (size_t i = 0; r == 0 && i < x->n; i++)
		r = make_model(x->s, x->item[i], &x->model[i], e);
	return r == 0 ? load_trace(x, e) : r;
}

int simulate_run(const struct session *s)
{
	struct simulation x = {.s = s};
	struct err e;
	int r = prepare(&x, &e);

	if (r == 0) {
		run_all(&x);
		print(&x);
		r = draw(&x, &e);
	}
	done(&x);
	return r < 0 ? command_fail(&e) : COMMAND_FINE;
}
