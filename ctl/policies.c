/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/policies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/figure.h"
#include "ctl/listing.h"
#include "ctl/method.h"
#include "ctl/polled.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

typedef Plimsoll__V1__Policy policy;

/* --- a list ------------------------------------------------------------------------------------- */

static const struct table_column columns[] = {
	{"TIME", TABLE_WORD, 4, false},
	{"POLICY", TABLE_NAME, 0, false, true},
	{"KIND", TABLE_WORD, 7, false},
	{"TARGET", TABLE_NAME, 6, false},
	{"MODE", TABLE_WORD, 3, false},
	{"METRICS", TABLE_TEXT, 2, false},
	{"MIN", TABLE_NUMBER, 5, false},
	{"MAX", TABLE_NUMBER, 5, false},
	{"REPLICAS", TABLE_NUMBER, 0, false},
	{"REASON", TABLE_WORD, 0, false},
	{"SELECTS", TABLE_NAME, 8, true},
	{"WHERE", TABLE_NAME, 9, true},
	{"CONDITION", TABLE_TEXT, 1, false},
};

static const char *or_dash(const char *s)
{
	return *s ? s : FIGURE_NONE;
}

static void add_metrics(const policy *p, struct buf *to)
{
	for (size_t i = 0; i < p->n_metric; i++)
		buf_printf(to, "%s%s %s/%s", i ? ", " : "", p->metric[i]->name, or_dash(p->metric[i]->current),
			   p->metric[i]->target);
}

static void add_replicas(const policy *p, struct buf *to)
{
	if (!p->judged)
		buf_printf(to, FIGURE_NONE);
	else if (p->current == p->desired)
		buf_printf(to, "%u", p->current);
	else
		buf_printf(to, "%u→%u", p->current, p->desired);
}

/* What a person must know first: a condition that is not as it should be. */
static const Plimsoll__V1__Condition *worst(const policy *p)
{
	for (size_t i = 0; i < p->n_condition; i++) {
		const char *type = p->condition[i]->type;
		bool should_be = strcmp(type, "ScalingLimited") != 0 && strcmp(type, "Overlapping") != 0;
		bool is_bad = p->condition[i]->status != should_be;

		if (is_bad)
			return p->condition[i];
	}
	return NULL;
}

static void reason_cell(struct table *t, const policy *p)
{
	if (p->refused)
		table_cell(t, PAINT_BAD, "not in force");
	else
		table_cell(t, p->paused ? PAINT_WARN : PAINT_PLAIN, "%s", p->paused ? "paused" : or_dash(p->reason));
}

static void condition_cell(struct table *t, const policy *p)
{
	const Plimsoll__V1__Condition *c = worst(p);

	if (p->n_fault)
		table_cell(t, PAINT_WARN, "%s%s", p->refused ? "" : "as before, for ", p->fault[0]->what);
	else if (c)
		table_cell(t, PAINT_WARN, "%s %s: %s", c->type, c->status ? "True" : "False", c->reason);
	else
		table_cell(t, PAINT_DIM, "%s", FIGURE_NONE);
}

static void bound_cell(struct table *t, const policy *p, uint32_t replicas)
{
	if (p->max_replicas)
		table_cell(t, PAINT_PLAIN, "%u", replicas);
	else
		table_cell(t, PAINT_DIM, "%s", FIGURE_NONE);
}

static void cells(struct table *t, const void *item)
{
	const policy *p = item;
	scoped(buf_done) struct buf metrics = {0}, replicas = {0};

	add_metrics(p, &metrics);
	add_replicas(p, &replicas);
	table_cell(t, PAINT_PLAIN, "%s", or_dash(p->name));
	table_cell(t, PAINT_PLAIN, "%s", or_dash(p->kind));
	table_cell(t, PAINT_PLAIN, "%s", or_dash(p->target));
	table_cell(t, PAINT_PLAIN, "%s", or_dash(p->mode));
	table_cell(t, PAINT_PLAIN, "%s", or_dash(buf_text(&metrics)));
	bound_cell(t, p, p->min_replicas);
	bound_cell(t, p, p->max_replicas);
	table_cell(t, PAINT_PLAIN, "%s", buf_text(&replicas));
	reason_cell(t, p);
	table_cell(t, PAINT_PLAIN, "%s", or_dash(p->selects));
	table_cell(t, PAINT_PLAIN, "%s", p->where);
	condition_cell(t, p);
}

static json_t *metrics_tree(const policy *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->n_metric; i++)
		json_array_append_new(all, json_pack("{s:o, s:o, s:o}", "name", tree_string(p->metric[i]->name), "current",
						     tree_text(p->metric[i]->current), "target",
						     tree_string(p->metric[i]->target)));
	return all;
}

static json_t *conditions_tree(const policy *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->n_condition; i++) {
		const Plimsoll__V1__Condition *c = p->condition[i];

		json_array_append_new(all, json_pack("{s:o, s:s, s:o, s:o, s:o}", "type", tree_string(c->type), "status",
						     c->status ? "True" : "False", "reason", tree_string(c->reason),
						     "message", tree_string(c->message), "age_seconds",
						     tree_seconds(true, c->age_ns)));
	}
	return all;
}

static json_t *faults_tree(const policy *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->n_fault; i++) {
		const Plimsoll__V1__PolicyFault *f = p->fault[i];

		json_array_append_new(all, json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "what", tree_string(f->what), "cause",
						     tree_text(f->cause), "fix", tree_text(f->fix), "where",
						     tree_string(f->where), "kind", tree_text(f->kind), "kept",
						     (int)f->kept));
	}
	return all;
}

static json_t *tree(const void *item)
{
	const policy *p = item;
	bool bounded = p->max_replicas > 0;
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", tree_text(p->name), "kind", tree_text(p->kind),
			      "target", tree_text(p->target), "selects", tree_text(p->selects), "mode",
			      tree_text(p->mode));

	json_object_set_new(o, "min_replicas", bounded ? json_integer(p->min_replicas) : json_null());
	json_object_set_new(o, "max_replicas", bounded ? json_integer(p->max_replicas) : json_null());
	json_object_set_new(o, "in_force", json_boolean(!p->refused));
	json_object_set_new(o, "faults", faults_tree(p));
	json_object_set_new(o, "current", tree_number(p->judged, p->current));
	json_object_set_new(o, "desired", tree_number(p->judged, p->desired));
	json_object_set_new(o, "reason", tree_text(p->reason));
	json_object_set_new(o, "meaning", tree_text(p->meaning));
	json_object_set_new(o, "paused", json_boolean(p->paused));
	json_object_set_new(o, "metrics", metrics_tree(p));
	json_object_set_new(o, "conditions", conditions_tree(p));
	json_object_set_new(o, "where", tree_string(p->where));
	return o;
}

static const char *name_of(const void *item)
{
	const policy *p = item;

	return *p->name ? p->name : p->where;
}

static const struct listing listing = {
	.kind = "Policy",
	.word = "policy",
	.columns = columns,
	.n_columns = sizeof(columns) / sizeof(columns[0]),
	.cells = cells,
	.tree = tree,
	.name = name_of,
	.none = "no policy: plimsoll-aggregator --policy names their files",
};

static void say_trouble(const ProtobufCMessage *answer)
{
	const Plimsoll__V1__ListPoliciesResponse *l = (const void *)answer;
	scoped(buf_done) struct buf safe = {0};

	text_safe(l->trouble, &safe);
	if (*l->trouble)
		terminal_print(buf_text(&safe), stderr);
}

static struct polled_items items(const ProtobufCMessage *answer)
{
	const Plimsoll__V1__ListPoliciesResponse *l = (const void *)answer;

	return (struct polled_items){(const void *const *)l->policy, l->n_policy, l->wall_unix_ns};
}

int policies_show(const struct session *s, char **names, size_t n, bool watch)
{
	static const struct polled all = {&listing, &method_list_policies, CLOCK_NS_PER_S, items, say_trouble};
	Plimsoll__V1__ListPoliciesRequest q = PLIMSOLL__V1__LIST_POLICIES_REQUEST__INIT;

	q.name = names;
	q.n_name = n;
	return polled_show(&all, s, &q.base, watch);
}

/* --- one of them -------------------------------------------------------------------------------- */

static void line(struct buf *to, const char *label)
{
	buf_printf(to, "  %-10s ", label);
}

static void add_faults(const policy *p, struct buf *to)
{
	for (size_t i = 0; i < p->n_fault; i++) {
		const Plimsoll__V1__PolicyFault *f = p->fault[i];

		line(to, i ? "" : "in a file");
		buf_printf(to, "%s\n", f->what);
		line(to, "");
		buf_printf(to, "cause: %s\n", or_dash(f->cause));
		if (*f->fix) {
			line(to, "");
			buf_printf(to, "fix:   %s\n", f->fix);
		}
	}
}

static void add_page_in_force(const policy *p, struct buf *to)
{
	buf_printf(to, "%s  %s of %s, mode %s%s%s\n", p->name, p->kind, p->target, p->mode, p->paused ? ", paused" : "",
		   p->n_fault ? ", as it was before" : "");
	add_faults(p, to);
	line(to, "replicas");
	add_replicas(p, to);
	buf_printf(to, " (min %u, max %u), selected by %s\n", p->min_replicas, p->max_replicas, p->selects);
	line(to, "reason");
	buf_printf(to, "%s%s%s\n", or_dash(p->reason), *p->meaning ? ": " : "", p->meaning);
	for (size_t i = 0; i < p->n_metric; i++) {
		line(to, i ? "" : "metrics");
		buf_printf(to, "%s: %s, target %s\n", p->metric[i]->name,
			   *p->metric[i]->current ? p->metric[i]->current : "not known", p->metric[i]->target);
	}
	for (size_t i = 0; i < p->n_condition; i++) {
		const Plimsoll__V1__Condition *c = p->condition[i];

		line(to, i ? "" : "conditions");
		buf_printf(to, "%s %s for %s, %s: %s\n", c->type, c->status ? "True" : "False",
			   figure_age(c->age_ns).text, c->reason, c->message);
	}
	line(to, "read from");
	buf_printf(to, "%s\n", p->where);
}

/* What decides nothing has no target here: a VerticalPodAutoscaler, a Deployment. */
static void add_page(const policy *p, struct buf *to)
{
	if (*p->target) {
		add_page_in_force(p, to);
		return;
	}
	buf_printf(to, "%s  %s, %s\n", p->name, *p->kind ? p->kind : "of no kind",
		   p->refused ? "not in force" : "as it was before");
	add_faults(p, to);
	line(to, "read from");
	buf_printf(to, "%s\n", p->where);
}

static void print_page(const struct session *s, const policy *p)
{
	scoped(buf_done) struct buf page = {0}, safe = {0};

	if (command_is(s, "json") || command_is(s, "yaml")) {
		scoped(tree_freep) json_t *o = tree_object("Policy"), *fields = tree(p);

		json_object_update(o, fields);
		tree_print(o, command_is(s, "yaml"), false, stdout);
		return;
	}
	if (command_is(s, "name"))
		buf_printf(&page, POLICIES_PREFIX "%s\n", p->name);
	else
		add_page(p, &page);
	text_safe_lines(buf_text(&page), &safe);
	terminal_print(buf_text(&safe), stdout);
}

static int complain(const char *name, size_t n, struct err *e)
{
	if (n)
		err_set(e, -EINVAL, "%zu policies are called \"%.100s\"", n, name);
	else
		err_set(e, -ENOENT, "no policy is called \"%.100s\"", name);
	err_cause(e, n ? "describe is about one" : "the aggregator has none of that name");
	return err_fix(e, "plimsoll get policies lists all of them");
}

int policies_describe(const struct session *s, char *name)
{
	Plimsoll__V1__ListPoliciesRequest q = PLIMSOLL__V1__LIST_POLICIES_REQUEST__INIT;
	scoped(connect_freep) struct connect *c = NULL;
	struct rpc_msg *answer = NULL;
	struct err e;
	int r = connect_open(s->o, NULL, &c, &e);

	q.name = &name;
	q.n_name = 1;
	if (r == 0)
		r = connect_ask(c, &method_list_policies, &q.base, &answer, &e);
	if (r < 0)
		return command_fail(&e);
	const Plimsoll__V1__ListPoliciesResponse *l = (const void *)rpc_msg_get(answer);
	r = l->n_policy == 1 ? 0 : complain(name, l->n_policy, &e);
	if (r == 0)
		print_page(s, l->policy[0]);
	rpc_msg_release(answer);
	return r < 0 ? command_fail(&e) : COMMAND_FINE;
}
