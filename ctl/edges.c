/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/edges.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ctl/polled.h"
#include "ctl/terminal.h"
#include "ctl/workload.h"

#define PERIOD_NS (2 * CLOCK_NS_PER_S)

typedef Plimsoll__V1__Edge edge;

static const struct table_column columns[] = {
	{"TIME", TABLE_WORD, 3, false},
	{"CALLER", TABLE_NAME, 0, false, true},
	{"CALLED", TABLE_NAME, 0, false, true},
	{"ADDRESS", TABLE_TEXT, 8, true},
	{"CALLS/S", TABLE_NUMBER, 0, false},
	{"ERRORS", TABLE_NUMBER, 2, false},
	{"MEAN", TABLE_NUMBER, 4, false},
	{"P50", TABLE_NUMBER, 6, true},
	{"P95", TABLE_NUMBER, 1, false},
	{"P99", TABLE_NUMBER, 6, true},
	{"SATURATION", TABLE_NUMBER, 0, false},
	{"BY WHAT", TABLE_WORD, 5, false},
	{"WHAT HELPS", TABLE_TEXT, 7, false},
	{"COVERAGE", TABLE_NUMBER, 9, true},
};

static const char *called(const edge *e)
{
	return *e->to ? e->to : e->address;
}

static void plain(struct table *t, struct figure f)
{
	table_cell(t, strcmp(f.text, FIGURE_NONE) ? PAINT_PLAIN : PAINT_DIM, "%s", f.text);
}

static void text_cell(struct table *t, const char *text)
{
	table_cell(t, *text ? PAINT_PLAIN : PAINT_DIM, "%s", *text ? text : FIGURE_NONE);
}

static void address_cell(struct table *t, const edge *e)
{
	if (e->addresses > 1)
		table_cell(t, PAINT_PLAIN, "%s and %u more", e->address, e->addresses - 1);
	else
		text_cell(t, e->address);
}

static void saturation_cell(struct table *t, const value *v)
{
	table_cell(t, workload_known(v) ? paint_load(v->value) : PAINT_DIM, "%s", workload_share(v).text);
}

static void cells(struct table *t, const void *item)
{
	const edge *e = item;

	table_cell(t, PAINT_PLAIN, "%s", e->from);
	table_cell(t, *e->to ? PAINT_PLAIN : PAINT_DIM, "%s%s", called(e), *e->to ? "" : " (not heard)");
	address_cell(t, e);
	plain(t, workload_rate(e->calls_per_second));
	table_cell(t, workload_errors_paint(e->error_share), "%s", workload_share(e->error_share).text);
	plain(t, workload_wait(e->mean_ns));
	plain(t, workload_wait(e->p50_ns));
	plain(t, workload_wait(e->p95_ns));
	plain(t, workload_wait(e->p99_ns));
	saturation_cell(t, e->saturation);
	text_cell(t, e->by_what);
	text_cell(t, e->advice);
	plain(t, workload_known(e->calls_per_second) ? figure_share(e->calls_per_second->coverage) : figure_none());
}

static json_t *number(const value *v)
{
	return tree_number(workload_known(v), v ? v->value : 0);
}

static json_t *seconds(const value *v)
{
	return tree_number(workload_known(v), v ? v->value / 1e9 : 0);
}

static json_t *tree(const void *item)
{
	const edge *e = item;
	const value *calls = e->calls_per_second;
	json_t *o = json_pack("{s:o, s:o, s:o, s:i}", "from", tree_string(e->from), "to", tree_text(e->to), "address",
			      tree_string(e->address), "addresses", (int)e->addresses);

	json_object_set_new(o, "calls_per_second", number(calls));
	json_object_set_new(o, "error_share", number(e->error_share));
	json_object_set_new(o, "mean_seconds", seconds(e->mean_ns));
	json_object_set_new(o, "p50_seconds", seconds(e->p50_ns));
	json_object_set_new(o, "p95_seconds", seconds(e->p95_ns));
	json_object_set_new(o, "p99_seconds", seconds(e->p99_ns));
	json_object_set_new(o, "saturation", number(e->saturation));
	json_object_set_new(o, "by_what", tree_text(e->by_what));
	json_object_set_new(o, "advice", tree_text(e->advice));
	json_object_set_new(o, "age_seconds", tree_seconds(workload_known(calls), calls ? calls->age_ns : 0));
	json_object_set_new(o, "coverage", tree_number(workload_known(calls), calls ? calls->coverage : 0));
	return o;
}

static const char *name_of(const void *item)
{
	return ((const edge *)item)->from;
}

static const struct listing listing = {
	.kind = "Edge",
	.word = "edge",
	.columns = columns,
	.n_columns = sizeof(columns) / sizeof(columns[0]),
	.cells = cells,
	.tree = tree,
	.name = name_of,
	.none = "no edge: nobody who is asked for was heard to call anybody",
};

static struct polled_items items(const ProtobufCMessage *answer)
{
	const Plimsoll__V1__ListEdgesResponse *l = (const void *)answer;

	return (struct polled_items){(const void *const *)l->edge, l->n_edge, l->wall_unix_ns};
}

/* Who is missing is said: without it a list looks whole. */
static void say_who_is_deaf(const ProtobufCMessage *answer)
{
	const Plimsoll__V1__ListEdgesResponse *l = (const void *)answer;
	char line[160];

	if (l->hearing >= l->nodes)
		return;
	snprintf(line, sizeof(line), "%u of %u nodes do not tell who calls whom: their agents run without --requests",
		 l->nodes - l->hearing, l->nodes);
	terminal_print(line, stderr);
}

int edges_show(const struct session *s, char **names, size_t n, bool watch)
{
	static const struct polled all = {&listing, &method_list_edges, PERIOD_NS, items, say_who_is_deaf};
	Plimsoll__V1__ListEdgesRequest q = PLIMSOLL__V1__LIST_EDGES_REQUEST__INIT;

	q.name = names;
	q.n_name = n;
	return polled_show(&all, s, &q.base, watch);
}
