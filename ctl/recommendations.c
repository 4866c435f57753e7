/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/recommendations.h"

#include "base/clock.h"
#include "ctl/figure.h"
#include "ctl/method.h"
#include "ctl/polled.h"

#define PERIOD_NS (60 * CLOCK_NS_PER_S) /* of the recommender */

typedef Plimsoll__V1__Recommendation recommendation;
typedef Plimsoll__V1__Amounts amounts;

static const struct table_column columns[] = {
	{"TIME", TABLE_WORD, 3, false},
	{"POLICY", TABLE_NAME, 0, false, true},
	{"TARGET", TABLE_NAME, 5, false},
	{"CONTAINER", TABLE_NAME, 0, false, true},
	{"CPU", TABLE_NUMBER, 0, false},
	{"CPU FROM", TABLE_NUMBER, 1, false},
	{"CPU TO", TABLE_NUMBER, 1, false},
	{"MEMORY", TABLE_NUMBER, 0, false},
	{"MEM FROM", TABLE_NUMBER, 1, false},
	{"MEM TO", TABLE_NUMBER, 1, false},
	{"SAMPLES", TABLE_NUMBER, 4, false},
	{"CPU UNCAPPED", TABLE_NUMBER, 6, true},
	{"MEM UNCAPPED", TABLE_NUMBER, 6, true},
	{"UPDATE MODE", TABLE_TEXT, 7, true},
};

static void cpu_cell(struct table *t, const amounts *a, uint64_t milli)
{
	if (a)
		table_cell(t, PAINT_PLAIN, "%llum", (unsigned long long)milli);
	else
		table_cell(t, PAINT_DIM, FIGURE_NONE);
}

static void memory_cell(struct table *t, const amounts *a, uint64_t bytes)
{
	if (a)
		table_cell(t, PAINT_PLAIN, "%s", figure_bytes((double)bytes).text);
	else
		table_cell(t, PAINT_DIM, FIGURE_NONE);
}

static void cells(struct table *t, const void *item)
{
	const recommendation *r = item;
	const amounts *cpu = r->cpu_milli, *memory = r->memory_bytes;

	table_cell(t, PAINT_PLAIN, "%s", r->policy);
	table_cell(t, PAINT_PLAIN, "%s", r->target);
	table_cell(t, *r->container ? PAINT_PLAIN : PAINT_DIM, "%s", *r->container ? r->container : FIGURE_NONE);
	cpu_cell(t, cpu, cpu ? cpu->target : 0);
	cpu_cell(t, cpu, cpu ? cpu->lower : 0);
	cpu_cell(t, cpu, cpu ? cpu->upper : 0);
	memory_cell(t, memory, memory ? memory->target : 0);
	memory_cell(t, memory, memory ? memory->lower : 0);
	memory_cell(t, memory, memory ? memory->upper : 0);
	table_cell(t, PAINT_PLAIN, "%llu", (unsigned long long)r->samples);
	cpu_cell(t, cpu, cpu ? cpu->uncapped : 0);
	memory_cell(t, memory, memory ? memory->uncapped : 0);
	table_cell(t, PAINT_PLAIN, "%s (only recommended)", r->mode);
}

static json_t *amounts_tree(const amounts *a)
{
	return a ? json_pack("{s:I, s:I, s:I, s:I}", "target", (json_int_t)a->target, "lower", (json_int_t)a->lower, "upper",
			     (json_int_t)a->upper, "uncapped", (json_int_t)a->uncapped)
		 : json_null();
}

static json_t *tree(const void *item)
{
	const recommendation *r = item;

	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "policy", tree_string(r->policy), "target",
			 tree_string(r->target), "container", tree_text(r->container),
			 "update_mode", tree_string(r->mode), "samples", (json_int_t)r->samples, "cpu_milli",
			 amounts_tree(r->cpu_milli), "memory_bytes", amounts_tree(r->memory_bytes));
}

static const char *name_of(const void *item)
{
	return ((const recommendation *)item)->policy;
}

static const struct listing listing = {
	.kind = "Recommendation",
	.word = "recommendation",
	.columns = columns,
	.n_columns = sizeof(columns) / sizeof(columns[0]),
	.cells = cells,
	.tree = tree,
	.name = name_of,
	.none = "no recommendation: no VerticalPodAutoscaler is among the policies",
};

static struct polled_items items(const ProtobufCMessage *answer)
{
	const Plimsoll__V1__ListRecommendationsResponse *l = (const void *)answer;

	return (struct polled_items){(const void *const *)l->recommendation, l->n_recommendation, l->wall_unix_ns};
}

int recommendations_show(const struct session *s, char **names, size_t n, bool watch)
{
	static const struct polled all = {&listing, &method_list_recommendations, PERIOD_NS, items, NULL};
	Plimsoll__V1__ListRecommendationsRequest q = PLIMSOLL__V1__LIST_RECOMMENDATIONS_REQUEST__INIT;

	q.name = names;
	q.n_name = n;
	return polled_show(&all, s, &q.base, watch);
}
