/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/measured.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/column.h"
#include "ctl/connect.h"
#include "ctl/figure.h"
#include "ctl/fleet.h"
#include "ctl/listing.h"
#include "ctl/method.h"
#include "ctl/watch.h"

#define CAUSE_LEAST 0.05 /* as the aggregator: below it is nobody's trouble */
#define LIST_NS (4 * CLOCK_NS_PER_S) /* by then even a late node has sent two seconds */

struct item { /* of either listing; `row` is NULL for nodes */
	const struct fleet_node *node;
	const struct fleet_row *row;
	const struct fleet_here *here; /* when it is printed */
};

static void figure_cell(struct table *t, struct fleet_value v, struct figure (*form)(double))
{
	table_cell(t, v.known ? PAINT_PLAIN : PAINT_DIM, "%s",
		  v.known ? form(v.value).text : FIGURE_NONE);
}

static void part_cell(struct table *t, struct fleet_value v, struct fleet_value of)
{
	struct fleet_value part = {v.known && of.known && of.value > 0, 0};

	part.value = part.known ? v.value / of.value : 0;
	figure_cell(t, part, figure_share);
}

static struct figure seconds(double s)
{
	return figure_duration((uint64_t)(s * 1e9));
}

static struct figure age(double s)
{
	return figure_age((uint64_t)(s * 1e9));
}

static void load_cell(struct table *t, struct fleet_value v)
{
	table_cell(t, v.known ? paint_load(v.value) : PAINT_DIM, "%s",
		  v.known ? figure_share(v.value).text : FIGURE_NONE);
}

static void text_or_dash(struct table *t, const char *text)
{
	table_cell(t, PAINT_PLAIN, "%s", *text ? text : FIGURE_NONE);
}

static json_t *tree_of(struct fleet_value v)
{
	return tree_number(v.known, v.value);
}

/* Nodes */

static struct fleet_value memory_used(const struct fleet_node *n)
{
	bool known = n->measured && n->memory_bytes >= n->available_bytes &&
		     !(n->missing & PLIMSOLL__V1__NODE_MISSING__NODE_MISSING_AVAILABLE);

	return (struct fleet_value){known,
				    known ? (double)(n->memory_bytes - n->available_bytes) : 0};
}

static const struct table_column node_columns[] = {
	{"TIME", TABLE_WORD, 2, false},
	{"NODE", TABLE_NAME, 0, false, true},
	{"CPUS", TABLE_NUMBER, 3, false},
	{"CPU USED", TABLE_NUMBER, 0, false},
	{"MEMORY USED", TABLE_NUMBER, 0, false},
	{"OF TOTAL", TABLE_NUMBER, 1, false},
	{"PSI CPU", TABLE_NUMBER, 0, true},
	{"PSI MEMORY", TABLE_NUMBER, 0, true},
	{"PSI IO", TABLE_NUMBER, 0, true},
	{"CGROUPS", TABLE_NUMBER, 4, false},
	{"LOST", TABLE_TEXT, 5, true},
	{"AGENT", TABLE_WORD, 6, true},
	{"SAMPLE AGE", TABLE_NUMBER, 1, false},
};

static const struct {
	const char *name, *word, *unit;
} loss_kinds[LOSSES] = {
#define LOSS(ID, name, word, KIND, unit, ...) [LOSS_##ID] = {#name, #word, unit},
#include "plimsoll/losses.def"
};

/* They have no sum: the worst kind, and how many others there are. */
static void lost_cell(struct table *t, const struct losses *l)
{
	int worst = -1, others = 0;
	char more[16] = "";

	for (int i = 0; i < LOSSES; i++) {
		others += l->count[i] && worst >= 0;
		worst = l->count[i] && worst < 0 ? i : worst;
	}
	if (others)
		snprintf(more, sizeof(more), ", +%d", others);
	if (worst < 0)
		table_cell(t, PAINT_PLAIN, "nothing");
	else
		table_cell(t, PAINT_WARN, "%s: %llu %s%s", loss_kinds[worst].word, (unsigned long long)l->count[worst],
			  loss_kinds[worst].unit, more);
}

static json_t *losses_tree(const struct losses *l)
{
	json_t *o = json_object();

	for (int i = 0; i < LOSSES; i++)
		json_object_set_new(o, loss_kinds[i].name, json_integer((json_int_t)l->count[i]));
	return o;
}

static void node_cells(struct table *t, const void *item)
{
	const struct item *i = item;
	const struct fleet_node *n = i->node;
	struct fleet_value total = {n->memory_bytes > 0, (double)n->memory_bytes};

	table_cell(t, PAINT_PLAIN, "%s", n->name);
	table_cell(t, PAINT_PLAIN, "%u", n->cpus);
	load_cell(t, fleet_cpu_used(n));
	figure_cell(t, memory_used(n), figure_bytes);
	part_cell(t, memory_used(n), total);
	for (int r = 0; r < FLEET_RESOURCES; r++)
		load_cell(t, fleet_pressure(n, (enum fleet_resource)r));
	table_cell(t, PAINT_PLAIN, "%u", n->live_rows);
	lost_cell(t, &n->losses);
	text_or_dash(t, n->agent_version);
	figure_cell(t, fleet_age(n, i->here), age);
}

static json_t *node_tree(const void *item)
{
	const struct item *i = item;
	const struct fleet_node *n = i->node;

	return json_pack("{s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o}", "name",
			 tree_string(n->name), "agent_version", tree_string(n->agent_version),
			 "cpus", (int)n->cpus, "cpu_used", tree_of(fleet_cpu_used(n)),
			 "memory_bytes", tree_number(n->memory_bytes > 0, (double)n->memory_bytes),
			 "memory_used_bytes", tree_of(memory_used(n)),
			 "psi_cpu_some", tree_of(fleet_pressure(n, FLEET_CPU)),
			 "psi_memory_some", tree_of(fleet_pressure(n, FLEET_MEMORY)),
			 "psi_io_some", tree_of(fleet_pressure(n, FLEET_IO)), "cgroups", (int)n->live_rows,
			 "losses", losses_tree(&n->losses), "age_seconds",
			 tree_of(fleet_age(n, i->here)));
}

static const char *node_name(const void *item)
{
	return ((const struct item *)item)->node->name;
}

static const struct listing node_listing = {
	.kind = "Node",
	.word = "node",
	.columns = node_columns,
	.n_columns = sizeof(node_columns) / sizeof(node_columns[0]),
	.cells = node_cells,
	.tree = node_tree,
	.name = node_name,
	.none = "no node: no agent has reported yet",
};

/* Cgroups, of which the containers of pods are some */

static const char *kind_word(Plimsoll__V1__Kind k)
{
	switch (k) {
	case PLIMSOLL__V1__KIND__KIND_POD_CONTAINER:
		return "pod-container";
	case PLIMSOLL__V1__KIND__KIND_CONTAINER:
		return "container";
	case PLIMSOLL__V1__KIND__KIND_UNIT:
		return "unit";
	case PLIMSOLL__V1__KIND__KIND_SANDBOX:
		return "sandbox";
	default:
		return "cgroup";
	}
}

#define CGROUP_COLUMN 2
#define NAME_COLUMN   4
#define CAUSE_COLUMN  12
#define VICTIM_COLUMN (CAUSE_COLUMN + SATURATION_CAUSES)
#define FIXED_COLUMNS (VICTIM_COLUMN + 1)
#define ALSO_DROP     8
#define SIGNAL_DROP   10
#define CAUSES        1 /* stay together */

/* TIME, NODE, CGROUP … and, wide, every cause and every column of column_table. */
static struct table_column row_columns[TABLE_COLUMNS] = {
	{"TIME", TABLE_WORD, 4, false},
	{"NODE", TABLE_NAME, 8, true},
	{"CGROUP", TABLE_NAME, 0, false},
	{"KIND", TABLE_WORD, 6, false},
	{"NAME", TABLE_NAME, 0, true},
	{"CPU", TABLE_NUMBER, 0, false},
	{"MEMORY", TABLE_NUMBER, 3, false},
	{"MEM/LIMIT", TABLE_NUMBER, 5, false},
	{"WAIT P95", TABLE_NUMBER, 7, false},
	{"SATURATION", TABLE_NUMBER, 0, false},
	{"BY WHAT", TABLE_WORD, 1, false},
	{"WHAT HELPS", TABLE_TEXT, 2, false},
	[VICTIM_COLUMN] = {"LAST OOM VICTIM", TABLE_TEXT, 9, true},
};

/* What a narrow list has, too: a wide one says it once. */
static bool is_fixed(const struct column *c)
{
	for (size_t i = 0; i < FIXED_COLUMNS; i++)
		if (strcasecmp(c->title, row_columns[i].title) == 0)
			return true;
	return false;
}

static void add_column(size_t n, const char *prefix, const char *title, int together)
{
	static char titles[TABLE_COLUMNS][32];

	snprintf(titles[n], sizeof(titles[n]), "%s%s", prefix, title);
	for (char *c = titles[n]; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	row_columns[n] = (struct table_column){titles[n], TABLE_NUMBER, SIGNAL_DROP, true, .together = together};
}

static size_t n_row_columns(void)
{
	size_t n = FIXED_COLUMNS;

	for (int c = 0; c < SATURATION_CAUSES; c++) /* of the saturation */
		add_column((size_t)(CAUSE_COLUMN + c), "by ", saturation_word((enum saturation_cause)c), CAUSES);
	for (size_t i = 0; i < column_n; i++)
		if (!is_fixed(&column_table[i]))
			add_column(n++, "", column_table[i].title, 0);
	return n;
}

static struct fleet_value highest(const struct saturation *s)
{
	enum saturation_cause worst = saturation_worst(s);

	return (struct fleet_value){saturation_tells(s),
				    worst < SATURATION_CAUSES ? (double)s->permille[worst] / SATURATION_FULL : 0};
}

static void saturation_cells(struct table *t, const struct saturation *s)
{
	struct fleet_value most = highest(s);

	load_cell(t, most);
	text_or_dash(t, most.value >= CAUSE_LEAST ? saturation_word(saturation_worst(s)) : "");
	text_or_dash(t, saturation_advice_word(s->advice));
}

static void row_cells(struct table *t, const void *item)
{
	const struct fleet_node *n = ((const struct item *)item)->node;
	const struct fleet_row *r = ((const struct item *)item)->row;
	scoped(buf_done) struct buf victim = {0};
	struct saturation s = {0};

	(void)fleet_saturation(n, r, &s);
	fleet_victim(n, r, &victim);
	table_cell(t, PAINT_PLAIN, "%s", n->name);
	table_cell(t, PAINT_PLAIN, "%s", r->cgroup);
	table_cell(t, PAINT_PLAIN, "%s", kind_word(r->kind));
	text_or_dash(t, r->title);
	figure_cell(t, fleet_rate(n, r, SIGNAL_CPU_NS), figure_cores);
	figure_cell(t, fleet_level(r, SIGNAL_MEMORY_WORKING_SET_BYTES), figure_bytes);
	part_cell(t, fleet_level(r, SIGNAL_MEMORY_WORKING_SET_BYTES),
		  fleet_level(r, SIGNAL_MEMORY_LIMIT_BYTES));
	figure_cell(t, fleet_quantile(r, SIGNAL_HIST_RUNQ_WAIT, 0.95), seconds);
	saturation_cells(t, &s);
	for (int c = 0; c < SATURATION_CAUSES; c++)
		load_cell(t, (struct fleet_value){(s.known & 1u << c) != 0,
						  (double)s.permille[c] / SATURATION_FULL});
	table_cell(t, PAINT_PLAIN, "%s", buf_text(&victim));
	for (size_t i = 0; i < column_n; i++)
		if (!is_fixed(&column_table[i]))
			table_cell(t, PAINT_PLAIN, "%s", column_figure(&column_table[i], n, r).text);
}

static json_t *advice_tree(const struct fleet_node *n, const struct fleet_row *r)
{
	struct saturation s = {0};

	if (!fleet_saturation(n, r, &s) || s.advice == SATURATION_NONE)
		return json_null();
	return tree_string(saturation_advice_word(s.advice));
}

static json_t *row_tree(const void *item)
{
	const struct fleet_node *n = ((const struct item *)item)->node;
	const struct fleet_row *r = ((const struct item *)item)->row;
	struct fleet_value p95 = fleet_quantile(r, SIGNAL_HIST_RUNQ_WAIT, 0.95);
	json_t *o = json_pack(
		"{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "node", tree_string(n->name), "cgroup",
		tree_string(r->cgroup), "kind", kind_word(r->kind), "name", tree_string(r->name),
		"runtime", tree_string(r->runtime), "pod_uid", tree_string(r->pod_uid),
		"container_id", tree_string(r->container_id), "qos", tree_string(r->qos));

	json_object_set_new(o, "pod_namespace", tree_string(r->pod_namespace));
	json_object_set_new(o, "pod_name", tree_string(r->pod_name));
	json_object_set_new(o, "workload", tree_string(r->workload));
	json_object_set_new(o, "cpu_cores", tree_of(fleet_rate(n, r, SIGNAL_CPU_NS)));
	json_object_set_new(o, "memory_usage_bytes", tree_of(fleet_level(r, SIGNAL_MEMORY_USAGE_BYTES)));
	json_object_set_new(o, "memory_working_set_bytes",
			    tree_of(fleet_level(r, SIGNAL_MEMORY_WORKING_SET_BYTES)));
	json_object_set_new(o, "memory_limit_bytes", tree_of(fleet_level(r, SIGNAL_MEMORY_LIMIT_BYTES)));
	json_object_set_new(o, "runq_saturation", tree_of(fleet_wait_share(n, r)));
	json_object_set_new(o, "runq_wait_p95_seconds", tree_of(p95));
	json_object_set_new(o, "psi_cpu_some", tree_of(fleet_rate(n, r, SIGNAL_PSI_CPU_SOME_NS)));
	json_object_set_new(o, "psi_memory_some", tree_of(fleet_rate(n, r, SIGNAL_PSI_MEMORY_SOME_NS)));
	json_object_set_new(o, "psi_io_some", tree_of(fleet_rate(n, r, SIGNAL_PSI_IO_SOME_NS)));
	json_object_set_new(o, "saturation", column_saturation_tree(n, r));
	json_object_set_new(o, "advice", advice_tree(n, r));
	json_object_set_new(o, "oom_victim", column_victim_tree(n, r));
	json_object_set_new(o, "signals", column_tree(n, r));
	json_object_set_new(o, "quantiles", column_quantiles_tree(r));
	return o;
}

static const char *row_name(const void *item)
{
	return ((const struct item *)item)->row->cgroup;
}

static struct listing row_listing = {
	.kind = "Cgroup",
	.word = "cgroup",
	.columns = row_columns,
	.cells = row_cells,
	.tree = row_tree,
	.name = row_name,
	.none = "no such cgroup: plimsoll get cgroups lists all of them",
};

static struct listing pod_listing = {
	.kind = "PodContainer",
	.word = "pod",
	.columns = row_columns,
	.cells = row_cells,
	.tree = row_tree,
	.name = row_name,
	.none = "no container of a pod: plimsoll get cgroups lists everything that is measured",
};

static struct listing container_listing = {
	.kind = "Container",
	.word = "container",
	.columns = row_columns,
	.cells = row_cells,
	.tree = row_tree,
	.name = row_name,
	.none = "no container: plimsoll get cgroups lists everything that is measured",
};

/* Collecting */

struct show {
	const struct session *session;
	const struct listing *listing;
	struct listing_printer printer;
	struct fleet *fleet;
	struct fleet_here here;
	bool watch;
	size_t expected; /* nodes that a list waits for */
	struct item *item;
	size_t n, room;
	int result;
};

static void add(struct show *w, const struct fleet_node *node, const struct fleet_row *row)
{
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 64;
		w->item = mem_array(w->item, w->room, sizeof(w->item[0]));
	}
	w->item[w->n++] = (struct item){node, row, &w->here};
}

static bool belongs(const struct listing *l, Plimsoll__V1__Kind kind)
{
	return l == &row_listing || kind == PLIMSOLL__V1__KIND__KIND_POD_CONTAINER ||
	       (l == &container_listing && kind == PLIMSOLL__V1__KIND__KIND_CONTAINER);
}

static void add_node(struct show *w, const struct fleet_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *row;

	if (w->listing == &node_listing) {
		add(w, n, NULL);
		return;
	}
	while (map_next(n->rows, &cursor, &id, &row)) {
		const struct fleet_row *r = row;

		if (belongs(w->listing, r->kind))
			add(w, n, r);
	}
}

/* What --sort means for a row; unknown is less than nothing. */
static double number_of(const struct item *i, const char *by)
{
	struct fleet_value v = {true, 0};
	struct saturation s = {0};

	if (!i->row)
		return 0;
	if (strcmp(by, "cpu") == 0)
		v = fleet_rate(i->node, i->row, SIGNAL_CPU_NS);
	else if (strcmp(by, "memory") == 0)
		v = fleet_level(i->row, SIGNAL_MEMORY_WORKING_SET_BYTES);
	else if (strcmp(by, "saturation") == 0)
		v = fleet_saturation(i->node, i->row, &s) ? highest(&s) : (struct fleet_value){false, 0};
	return v.known ? v.value : -1;
}

static int compare(const void *a, const void *b, void *by)
{
	const struct item *x = a, *y = b;
	double p = number_of(x, by), q = number_of(y, by);
	int order = strcmp(x->node->name, y->node->name);

	if (p != q)
		return p > q ? -1 : 1;
	return order || !x->row ? order : strcmp(x->row->cgroup, y->row->cgroup);
}

static bool print(struct show *w, uint64_t unix_ns)
{
	scoped(freep) const void **items = mem_array(NULL, w->n + 1, sizeof(*items));

	fleet_here(&w->here);
	if (w->n)
		qsort_r(w->item, w->n, sizeof(w->item[0]), compare, w->session->o->sort);
	for (size_t i = 0; i < w->n; i++)
		items[i] = &w->item[i];
	w->result = listing_print(&w->printer, items, w->n, unix_ns);
	w->n = 0;
	return w->result == COMMAND_FINE;
}

static bool got(const ProtobufCMessage *m, void *data)
{
	const Plimsoll__V1__Batch *b = (const void *)m;
	struct show *w = data;
	struct fleet_node *n = fleet_apply(w->fleet, b);

	if (!w->watch)
		return !fleet_rated(w->fleet) || fleet_size(w->fleet) < w->expected;
	if (!n || !n->before_ns)
		return true;
	add_node(w, n);
	return print(w, n->wall_unix_ns);
}

static void add_fleet(struct show *w)
{
	const struct fleet_node *n;
	size_t cursor = 0;

	while ((n = fleet_next(w->fleet, &cursor)))
		add_node(w, n);
}

/* Of an agent 1; an aggregator has a counter of those that it keeps. */
static int count_nodes(struct connect *c, const Plimsoll__V1__Query *q, size_t *ret_n,
		       struct err *e)
{
	struct rpc_msg *m = NULL;
	int r = connect_status(c, &m, e);

	if (r < 0)
		return r;
	const Plimsoll__V1__StatusResponse *a = (const void *)rpc_msg_get(m);
	*ret_n = 1;
	for (size_t i = 0; i < a->n_counter; i++)
		if (strcmp(a->counter[i]->name, "aggregator_agents") == 0 &&
		    a->counter[i]->value > 1)
			*ret_n = (size_t)a->counter[i]->value;
	if (q->n_node && q->n_node < *ret_n)
		*ret_n = q->n_node;
	rpc_msg_release(m);
	return 0;
}

/* An empty answer to somebody who named something is a mistake of theirs, not an empty fleet. */
static int nothing_fits(const struct listing *l, const char *name, struct err *e)
{
	err_set(e, -ENOENT, "no %s fits \"%.120s\"", l->word, name);
	if (l == &node_listing) {
		err_cause(e, "no agent of that name has reported");
		return err_fix(e, "plimsoll get nodes lists all of them");
	}
	err_cause(e, "* stops at a slash, ** does not");
	return err_fix(
		e, "plimsoll get cgroups lists all paths; quote patterns, so that the shell leaves "
		   "them alone");
}

static int show(const struct session *s, const struct listing *l, const Plimsoll__V1__Query *q,
		bool watch)
{
	const char *wanted = q->n_node ? q->node[0] : q->n_cgroup ? q->cgroup[0] : NULL;
	scoped(connect_freep) struct connect *c = NULL;
	struct show w = {.session = s, .listing = l, .watch = watch, .fleet = fleet_new()};
	struct err e;
	int r = connect_open(s->o, NULL, &c, &e);

	listing_begin(&w.printer, l, s, watch);
	if (r == 0 && !watch)
		r = count_nodes(c, q, &w.expected, &e);
	if (r == 0 && watch)
		r = watch_follow(s->o, c, &method_watch_metrics, &q->base, got, &w, &e);
	else if (r == 0)
		r = connect_follow(c, &method_watch_metrics, &q->base, LIST_NS, got, &w, &e);
	if (r == 0 && !watch)
		add_fleet(&w);
	if (r == 0 && !watch && !w.n && wanted)
		r = nothing_fits(l, wanted, &e);
	else if (r == 0 && !watch)
		print(&w, 0);
	listing_done(&w.printer);
	fleet_free(w.fleet);
	free(w.item);
	return r < 0 ? command_fail(&e) : w.result;
}

int measured_nodes(const struct session *s, char **names, size_t n, bool watch)
{
	Plimsoll__V1__Query q = PLIMSOLL__V1__QUERY__INIT;

	q.node = names;
	q.n_node = n;
	return show(s, &node_listing, &q, watch);
}

static void known_by(size_t column, bool also)
{
	row_columns[column].wide = also;
	row_columns[column].drop = also ? ALSO_DROP : 0;
	row_columns[column].key = !also;
}

static int show_rows(const struct session *s, struct listing *l, char **globs, size_t n, bool watch)
{
	Plimsoll__V1__Query q = PLIMSOLL__V1__QUERY__INIT;

	q.cgroup = globs;
	q.n_cgroup = n;
	l->n_columns = n_row_columns();
	/* People call containers by their names, which are longer than a line with their paths. */
	known_by(l == &row_listing ? CGROUP_COLUMN : NAME_COLUMN, false);
	known_by(l == &row_listing ? NAME_COLUMN : CGROUP_COLUMN, true);
	return show(s, l, &q, watch);
}

int measured_containers(const struct session *s, char **globs, size_t n, bool watch)
{
	return show_rows(s, &container_listing, globs, n, watch);
}

int measured_pods(const struct session *s, char **globs, size_t n, bool watch)
{
	return show_rows(s, &pod_listing, globs, n, watch);
}

int measured_cgroups(const struct session *s, char **globs, size_t n, bool watch)
{
	return show_rows(s, &row_listing, globs, n, watch);
}
