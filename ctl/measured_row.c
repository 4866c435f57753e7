/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/measured_row.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "base/scope.h"
#include "ctl/column.h"
#include "ctl/figure.h"
#include "ctl/measured_cell.h"
#include "decide/saturation.h"

static struct figure seconds(double s)
{
	return figure_duration((uint64_t)(s * 1e9));
}

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

struct fleet_value measured_row_saturation(const struct saturation *s)
{
	enum saturation_cause worst = saturation_worst(s);

	return (struct fleet_value){saturation_tells(s),
				    worst < SATURATION_CAUSES ? (double)s->permille[worst] / SATURATION_FULL : 0};
}

static void saturation_cells(struct table *t, const struct saturation *s)
{
	struct fleet_value most = measured_row_saturation(s);

	measured_cell_load(t, most);
	measured_cell_text(t, most.value >= SATURATION_NAMED ? saturation_word(saturation_worst(s)) : "");
	measured_cell_text(t, saturation_advice_word(s->advice));
}

static void row_cells(struct table *t, const void *item)
{
	const struct fleet_node *n = ((const struct measured_item *)item)->node;
	const struct fleet_row *r = ((const struct measured_item *)item)->row;
	scoped(buf_done) struct buf victim = {0};
	struct saturation s = {0};

	(void)fleet_saturation(n, r, &s);
	fleet_victim(n, r, &victim);
	table_cell(t, PAINT_PLAIN, "%s", n->name);
	table_cell(t, PAINT_PLAIN, "%s", r->cgroup);
	table_cell(t, PAINT_PLAIN, "%s", kind_word(r->kind));
	measured_cell_text(t, r->title);
	measured_cell_figure(t, fleet_rate(n, r, SIGNAL_CPU_NS), figure_cores);
	measured_cell_figure(t, fleet_level(r, SIGNAL_MEMORY_WORKING_SET_BYTES), figure_bytes);
	measured_cell_part(t, fleet_level(r, SIGNAL_MEMORY_WORKING_SET_BYTES),
		  fleet_level(r, SIGNAL_MEMORY_LIMIT_BYTES));
	measured_cell_figure(t, fleet_quantile(r, SIGNAL_HIST_RUNQ_WAIT, 0.95), seconds);
	saturation_cells(t, &s);
	for (int c = 0; c < SATURATION_CAUSES; c++)
		measured_cell_load(t, (struct fleet_value){(s.known & 1u << c) != 0,
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

static json_t *request_tree(struct shares_request asked)
{
	if (!asked.known)
		return json_null();
	return json_pack("{s:o, s:o}", "least", tree_number(true, (double)asked.least_milli / 1e3), "most",
			 tree_number(true, (double)asked.most_milli / 1e3));
}

/* What it uses of what it asked for, and of what it may use. */
static void set_shares(json_t *o, const struct fleet_node *n, const struct fleet_row *r)
{
	struct fleet_value used = fleet_rate(n, r, SIGNAL_CPU_NS),
			   limit = fleet_part(fleet_level(r, SIGNAL_CPU_QUOTA_NS), fleet_level(r, SIGNAL_CPU_PERIOD_NS)),
			   memory = fleet_part(fleet_level(r, SIGNAL_MEMORY_WORKING_SET_BYTES),
					 fleet_level(r, SIGNAL_MEMORY_LIMIT_BYTES));

	json_object_set_new(o, "cpu_request_cores", request_tree(fleet_request(n, r)));
	json_object_set_new(o, "cpu_limit_cores", measured_cell_tree(limit));
	json_object_set_new(o, "cpu_of_request", measured_cell_tree(fleet_part(used, fleet_request_cores(n, r))));
	json_object_set_new(o, "cpu_of_limit", measured_cell_tree(fleet_part(used, limit)));
	json_object_set_new(o, "memory_of_limit", measured_cell_tree(memory));
}

static json_t *row_tree(const void *item)
{
	const struct fleet_node *n = ((const struct measured_item *)item)->node;
	const struct fleet_row *r = ((const struct measured_item *)item)->row;
	struct fleet_value p95 = fleet_quantile(r, SIGNAL_HIST_RUNQ_WAIT, 0.95);
	json_t *o = json_pack(
		"{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "node", tree_string(n->name), "cgroup",
		tree_string(r->cgroup), "kind", kind_word(r->kind), "name", tree_string(r->name),
		"runtime", tree_string(r->runtime), "pod_uid", tree_string(r->pod_uid),
		"container_id", tree_string(r->container_id), "qos", tree_string(r->qos));

	json_object_set_new(o, "pod_namespace", tree_string(r->pod_namespace));
	json_object_set_new(o, "pod_name", tree_string(r->pod_name));
	json_object_set_new(o, "workload", tree_string(r->workload));
	json_object_set_new(o, "cpu_cores", measured_cell_tree(fleet_rate(n, r, SIGNAL_CPU_NS)));
	json_object_set_new(o, "memory_usage_bytes", measured_cell_tree(fleet_level(r, SIGNAL_MEMORY_USAGE_BYTES)));
	json_object_set_new(o, "memory_working_set_bytes",
			    measured_cell_tree(fleet_level(r, SIGNAL_MEMORY_WORKING_SET_BYTES)));
	json_object_set_new(o, "memory_limit_bytes", measured_cell_tree(fleet_level(r, SIGNAL_MEMORY_LIMIT_BYTES)));
	set_shares(o, n, r);
	json_object_set_new(o, "runq_saturation", measured_cell_tree(fleet_wait_share(n, r)));
	json_object_set_new(o, "runq_wait_p95_seconds", measured_cell_tree(p95));
	json_object_set_new(o, "psi_cpu_some", measured_cell_tree(fleet_rate(n, r, SIGNAL_PSI_CPU_SOME_NS)));
	json_object_set_new(o, "psi_memory_some", measured_cell_tree(fleet_rate(n, r, SIGNAL_PSI_MEMORY_SOME_NS)));
	json_object_set_new(o, "psi_io_some", measured_cell_tree(fleet_rate(n, r, SIGNAL_PSI_IO_SOME_NS)));
	json_object_set_new(o, "saturation", column_saturation_tree(n, r));
	json_object_set_new(o, "advice", advice_tree(n, r));
	json_object_set_new(o, "oom_victim", column_victim_tree(n, r));
	json_object_set_new(o, "signals", column_tree(n, r));
	json_object_set_new(o, "quantiles", column_quantiles_tree(r));
	return o;
}

static const char *row_name(const void *item)
{
	return ((const struct measured_item *)item)->row->cgroup;
}

static struct listing listings[] = {
	[MEASURED_ROW_CGROUP] = {
		.kind = "Cgroup",
		.word = "cgroup",
		.none = "no such cgroup: plimsoll get cgroups lists all of them",
	},
	[MEASURED_ROW_POD] = {
		.kind = "PodContainer",
		.word = "pod",
		.none = "no container of a pod: plimsoll get cgroups lists everything that is measured",
	},
	[MEASURED_ROW_CONTAINER] = {
		.kind = "Container",
		.word = "container",
		.none = "no container: plimsoll get cgroups lists everything that is measured",
	},
};

static void known_by(size_t column, bool also)
{
	row_columns[column].wide = also;
	row_columns[column].drop = also ? ALSO_DROP : 0;
	row_columns[column].key = !also;
}

const struct listing *measured_row_listing(enum measured_row which)
{
	struct listing *l = &listings[which];
	bool cgroups = which == MEASURED_ROW_CGROUP;

	l->columns = row_columns;
	l->n_columns = n_row_columns();
	l->cells = row_cells;
	l->tree = row_tree;
	l->name = row_name;
	/* People call containers by their names, which are longer than a line with their paths. */
	known_by(cgroups ? CGROUP_COLUMN : NAME_COLUMN, false);
	known_by(cgroups ? NAME_COLUMN : CGROUP_COLUMN, true);
	return l;
}

bool measured_row_belongs(const struct listing *l, Plimsoll__V1__Kind kind)
{
	return l == &listings[MEASURED_ROW_CGROUP] || kind == PLIMSOLL__V1__KIND__KIND_POD_CONTAINER ||
	       (l == &listings[MEASURED_ROW_CONTAINER] && kind == PLIMSOLL__V1__KIND__KIND_CONTAINER);
}
