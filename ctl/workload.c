/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/workload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/listing.h"
#include "ctl/watch.h"

#define ERRORS_NAMED 0.01 /* of the requests: what some client always gets wrong is no alarm */
#define CAUSE_SHOWN 0.005 /* what would show as 0 % is left out */

bool workload_known(const value *v)
{
	return v && v->known;
}

struct figure workload_cores(const value *v)
{
	return workload_known(v) ? figure_cores(v->value) : figure_none();
}

struct figure workload_bytes(const value *v)
{
	return workload_known(v) ? figure_bytes(v->value) : figure_none();
}

struct figure workload_share(const value *v)
{
	return workload_known(v) ? figure_share(v->value) : figure_none();
}

struct figure workload_part(const value *v, const value *of)
{
	if (!workload_known(v) || !workload_known(of) || of->value <= 0)
		return figure_none();
	return figure_share(v->value / of->value);
}

struct figure workload_rate(const value *v)
{
	return workload_known(v) ? figure_rate(v->value) : figure_none();
}

struct figure workload_wait(const value *v)
{
	return workload_known(v) && v->value >= 0 ? figure_duration((uint64_t)v->value)
						  : figure_none();
}

enum paint workload_errors_paint(const value *share)
{
	if (!workload_known(share))
		return PAINT_DIM;
	return share->value >= ERRORS_NAMED ? PAINT_WARN : PAINT_PLAIN;
}

void workload_causes(const workload *w, struct buf *to)
{
	for (size_t i = 0; i < w->n_saturation; i++) {
		const value *v = w->saturation[i]->value;

		if (workload_known(v) && v->value >= CAUSE_SHOWN)
			buf_printf(to, "%s%s %s", to->size ? ", " : "", w->saturation[i]->name,
				   figure_share(v->value).text);
	}
}

bool workload_saturation(const workload *w, double *ret_share)
{
	size_t known = 0;

	*ret_share = 0;
	for (size_t i = 0; i < w->n_saturation; i++) {
		const value *v = w->saturation[i]->value;

		if (!workload_known(v))
			continue;
		known++;
		if (v->value > *ret_share)
			*ret_share = v->value;
	}
	return *ret_share > 0 || (known && known == w->n_saturation); /* 0 is only known where every cause is */
}

void workload_pods(const workload *w, struct buf *to)
{
	buf_printf(to, "%u", w->replicas);
	if (*w->policy && w->desired && w->desired != w->replicas)
		buf_printf(to, "→%u", w->desired);
}

void workload_last_decision(const workload *w, struct buf *to)
{
	if (w->paused)
		buf_printf(to, "paused%s", *w->last_decision ? "; " : "");
	if (*w->last_decision)
		buf_printf(to, "%u→%u %s, %s ago", w->last_from, w->last_to, w->last_reason,
			   figure_age(w->last_decision_age_ns).text);
	else if (!w->paused)
		buf_printf(to, "%s", *w->policy ? "none yet" : FIGURE_NONE);
}

/* Sorting: numbers from the highest, of equals whoever uses most CPU, names from a to z. */

static double number_of(const workload *w, const char *by)
{
	double share;

	if (strcmp(by, "cpu") == 0)
		return workload_known(w->cpu_cores) ? w->cpu_cores->value : -1;
	if (strcmp(by, "memory") == 0)
		return workload_known(w->memory_working_set_bytes)
			       ? w->memory_working_set_bytes->value
			       : -1;
	if (strcmp(by, "requests") == 0)
		return workload_known(w->requests_per_second) ? w->requests_per_second->value : -1;
	if (strcmp(by, "pods") == 0)
		return w->replicas;
	if (strcmp(by, "saturation") == 0) {
		(void)workload_saturation(w, &share); /* where it is not known, what is known of it is 0 */
		return share;
	}
	return 0;
}

static int compare(const void *a, const void *b, void *by)
{
	const workload *x = *(const workload *const *)a, *y = *(const workload *const *)b;
	double p = number_of(x, by), q = number_of(y, by);

	if (p == q && strcmp(by, "name") != 0) {
		p = number_of(x, "cpu");
		q = number_of(y, "cpu");
	}
	if (p != q)
		return p > q ? -1 : 1;
	return strcmp(x->name, y->name);
}

void workload_sort(const workload **w, size_t n, const char *by)
{
	if (n)
		qsort_r(w, n, sizeof(*w), compare, (void *)(uintptr_t)by);
}

/* Forms */

static const struct table_column columns[] = {
	{"TIME", TABLE_WORD, 3, false},
	{"WORKLOAD", TABLE_NAME, 0, false, true},
	{"POLICY", TABLE_NAME, 10, true},
	{"PODS", TABLE_NUMBER, 0, false},
	{"CPU", TABLE_NUMBER, 0, false},
	{"CPU/REQ", TABLE_NUMBER, 6, false},
	{"MEMORY", TABLE_NUMBER, 4, false},
	{"MEM/LIMIT", TABLE_NUMBER, 7, false},
	{"WAIT P95", TABLE_NUMBER, 8, false},
	{"REQ/S", TABLE_NUMBER, 12, true, .together = 1},
	{"ERRORS", TABLE_NUMBER, 12, true, .together = 1},
	{"P50", TABLE_NUMBER, 12, true, .together = 1},
	{"P95", TABLE_NUMBER, 12, true, .together = 1},
	{"P99", TABLE_NUMBER, 12, true, .together = 1},
	{"SATURATION", TABLE_NUMBER, 0, false},
	{"BY WHAT", TABLE_WORD, 1, false},
	{"CAUSES", TABLE_TEXT, 9, true},
	{"WHAT HELPS", TABLE_TEXT, 2, false},
	{"COVERAGE", TABLE_NUMBER, 11, true},
	{"LAST DECISION", TABLE_TEXT, 5, false},
};

static void saturation_cell(struct table *t, const workload *w)
{
	double share;

	if (workload_saturation(w, &share))
		table_cell(t, paint_load(share), "%s", figure_share(share).text);
	else
		table_cell(t, PAINT_DIM, FIGURE_NONE);
}

static void plain(struct table *t, struct figure f)
{
	table_cell(t, strcmp(f.text, FIGURE_NONE) ? PAINT_PLAIN : PAINT_DIM, "%s", f.text);
}

static void request_cells(struct table *t, const workload *w)
{
	plain(t, workload_rate(w->requests_per_second));
	table_cell(t, workload_errors_paint(w->request_error_share), "%s", workload_share(w->request_error_share).text);
	plain(t, workload_wait(w->request_p50_ns));
	plain(t, workload_wait(w->request_p95_ns));
	plain(t, workload_wait(w->request_p99_ns));
}

static void cells(struct table *t, const void *item)
{
	const workload *w = item;
	scoped(buf_done) struct buf pods = {0}, last = {0}, causes = {0};

	workload_pods(w, &pods);
	workload_last_decision(w, &last);
	table_cell(t, PAINT_PLAIN, "%s", w->name);
	table_cell(t, PAINT_PLAIN, "%s", *w->policy ? w->policy : FIGURE_NONE);
	table_cell(t, PAINT_PLAIN, "%s", buf_text(&pods));
	plain(t, workload_cores(w->cpu_cores));
	plain(t, workload_part(w->cpu_cores, w->cpu_request_cores));
	plain(t, workload_bytes(w->memory_working_set_bytes));
	plain(t, workload_part(w->memory_working_set_bytes, w->memory_limit_bytes));
	plain(t, workload_wait(w->runq_wait_p95_ns));
	request_cells(t, w);
	saturation_cell(t, w);
	table_cell(t, PAINT_PLAIN, "%s", *w->by_what ? w->by_what : FIGURE_NONE);
	workload_causes(w, &causes);
	table_cell(t, PAINT_PLAIN, "%s", causes.size ? buf_text(&causes) : FIGURE_NONE);
	table_cell(t, PAINT_PLAIN, "%s", *w->advice ? w->advice : FIGURE_NONE);
	plain(t,
	      workload_known(w->cpu_cores) ? figure_share(w->cpu_cores->coverage) : figure_none());
	table_cell(t, w->paused ? PAINT_WARN : PAINT_PLAIN, "%s", buf_text(&last));
}

static json_t *number(const value *v)
{
	return tree_number(workload_known(v), v ? v->value : 0);
}

static json_t *seconds(const value *v)
{
	return tree_number(workload_known(v), v ? v->value / 1e9 : 0);
}

static void add_requests(json_t *o, const workload *w)
{
	json_object_set_new(o, "requests_per_second", number(w->requests_per_second));
	json_object_set_new(o, "request_error_share", number(w->request_error_share));
	json_object_set_new(o, "request_p50_seconds", seconds(w->request_p50_ns));
	json_object_set_new(o, "request_p95_seconds", seconds(w->request_p95_ns));
	json_object_set_new(o, "request_p99_seconds", seconds(w->request_p99_ns));
}

static json_t *last_decision_tree(const workload *w)
{
	if (!*w->last_decision)
		return json_null();
	return json_pack("{s:o, s:i, s:i, s:o, s:o}", "id", tree_string(w->last_decision), "from",
			 (int)w->last_from, "to", (int)w->last_to, "reason",
			 tree_string(w->last_reason), "age_seconds",
			 tree_seconds(true, w->last_decision_age_ns));
}

static json_t *causes_tree(const workload *w)
{
	json_t *o = json_object();

	for (size_t i = 0; i < w->n_saturation; i++)
		json_object_set_new(o, w->saturation[i]->name, number(w->saturation[i]->value));
	return o;
}

static json_t *tree(const void *item)
{
	const workload *w = item;
	const value *cpu = w->cpu_cores;
	json_t *o = json_pack("{s:o, s:o, s:i, s:b}", "name", tree_string(w->name), "policy",
			      tree_text(w->policy), "replicas", (int)w->replicas, "paused",
			      (int)w->paused);

	json_object_set_new(o, "desired", tree_number(*w->policy && w->desired, w->desired));
	json_object_set_new(o, "cpu_cores", number(cpu));
	json_object_set_new(o, "cpu_request_cores", number(w->cpu_request_cores));
	json_object_set_new(o, "memory_working_set_bytes", number(w->memory_working_set_bytes));
	json_object_set_new(o, "memory_limit_bytes", number(w->memory_limit_bytes));
	json_object_set_new(o, "runq_saturation", number(w->runq_saturation));
	json_object_set_new(o, "runq_wait_p95_seconds", seconds(w->runq_wait_p95_ns));
	json_object_set_new(o, "psi_cpu_some", number(w->psi_cpu_some));
	json_object_set_new(o, "psi_memory_some", number(w->psi_memory_some));
	json_object_set_new(o, "psi_io_some", number(w->psi_io_some));
	add_requests(o, w);
	json_object_set_new(o, "by_what", tree_text(w->by_what));
	json_object_set_new(o, "saturation", causes_tree(w));
	json_object_set_new(o, "advice", tree_text(w->advice));
	json_object_set_new(o, "age_seconds",
			    tree_seconds(workload_known(cpu), cpu ? cpu->age_ns : 0));
	json_object_set_new(o, "coverage",
			    tree_number(workload_known(cpu), cpu ? cpu->coverage : 0));
	json_object_set_new(o, "last_decision", last_decision_tree(w));
	return o;
}

static const char *name(const void *item)
{
	return ((const workload *)item)->name;
}

static const struct listing listing = {
	.kind = "Workload",
	.word = "workload",
	.columns = columns,
	.n_columns = sizeof(columns) / sizeof(columns[0]),
	.cells = cells,
	.tree = tree,
	.name = name,
	.none = "no workload yet: no agent reports to this aggregator, or no policy names its "
		"cgroups",
};

/* Asking */

struct show {
	const struct session *session;
	struct listing_printer printer;
	char **names; /* that must be there */
	size_t n_names;
	bool printed;
	int result, error;
	struct err *e;
};

/* The first wanted name that the answer does not have; NULL: all are there. */
static const char *missing(char **names, size_t n, const Plimsoll__V1__ListWorkloadsResponse *r)
{
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t j = 0; j < r->n_workload && !found; j++)
			found = glob_match(names[i], r->workload[j]->name); /* as the aggregator matches */
		if (!found)
			return names[i];
	}
	return NULL;
}

static int unknown_name(const char *name, struct err *e)
{
	err_set(e, -ENOENT, "no workload is called \"%.120s\"", name);
	err_cause(e, "the aggregator does not know that name");
	err_fix(e, "plimsoll get workloads lists all of them");
	return -ENOENT;
}

/* Also each message of a stream. */
static bool print_all(const ProtobufCMessage *m, void *data)
{
	const Plimsoll__V1__ListWorkloadsResponse *r = (const void *)m;
	struct show *w = data;
	size_t n = r->n_workload;
	scoped(freep) const workload **sorted = mem_array(NULL, n + 1, sizeof(*sorted));
	const char *lacks = w->printed ? NULL : missing(w->names, w->n_names, r);

	if (lacks) {
		w->error = unknown_name(lacks, w->e);
		return false;
	}
	memcpy(sorted, r->workload, n * sizeof(*sorted));
	workload_sort(sorted, n, command_order(w->session, "name"));
	w->printed = true;
	w->result = listing_print(&w->printer, (const void *const *)sorted, n, r->wall_unix_ns);
	return w->result == COMMAND_FINE;
}

static int list(struct show *w, struct connect *c, const Plimsoll__V1__ListWorkloadsRequest *q)
{
	struct rpc_msg *answer = NULL;
	int r = connect_ask(c, &method_list_workloads, &q->base, &answer, w->e);

	if (r < 0)
		return r;
	print_all(rpc_msg_get(answer), w);
	rpc_msg_release(answer);
	return 0;
}

int workload_show(const struct session *s, char **names, size_t n, bool watch)
{
	Plimsoll__V1__ListWorkloadsRequest q = PLIMSOLL__V1__LIST_WORKLOADS_REQUEST__INIT;
	scoped(connect_freep) struct connect *c = NULL;
	struct err e;
	struct show w = {.session = s, .names = names, .n_names = n, .e = &e};
	int r = connect_open(s->o, NULL, &c, &e);

	q.name = names;
	q.n_name = n;
	listing_begin(&w.printer, &listing, s, watch);
	if (r == 0 && watch)
		r = watch_follow(s->o, c, &method_watch_workloads, &q.base, print_all, &w, &e);
	else if (r == 0)
		r = list(&w, c, &q);
	listing_done(&w.printer);
	return r < 0 || w.error < 0 ? command_fail(&e) : w.result;
}
