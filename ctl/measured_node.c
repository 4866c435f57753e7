/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/measured_node.h"

#include <stdio.h>

#include "ctl/figure.h"
#include "ctl/fleet.h"
#include "ctl/measured_cell.h"

static struct figure age(double s)
{
	return figure_age((uint64_t)(s * 1e9));
}

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
	const struct measured_item *i = item;
	const struct fleet_node *n = i->node;
	struct fleet_value total = {n->memory_bytes > 0, (double)n->memory_bytes};

	table_cell(t, PAINT_PLAIN, "%s", n->name);
	table_cell(t, PAINT_PLAIN, "%u", n->cpus);
	measured_cell_load(t, fleet_cpu_used(n));
	measured_cell_figure(t, memory_used(n), figure_bytes);
	measured_cell_part(t, memory_used(n), total);
	for (int r = 0; r < FLEET_RESOURCES; r++)
		measured_cell_load(t, fleet_pressure(n, (enum fleet_resource)r));
	table_cell(t, PAINT_PLAIN, "%u", n->live_rows);
	lost_cell(t, &n->losses);
	measured_cell_text(t, n->agent_version);
	measured_cell_figure(t, fleet_age(n, i->here), age);
}

static json_t *node_tree(const void *item)
{
	const struct measured_item *i = item;
	const struct fleet_node *n = i->node;

	return json_pack("{s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o}", "name",
			 tree_string(n->name), "agent_version", tree_string(n->agent_version),
			 "cpus", (int)n->cpus, "cpu_used", measured_cell_tree(fleet_cpu_used(n)),
			 "memory_bytes", tree_number(n->memory_bytes > 0, (double)n->memory_bytes),
			 "memory_used_bytes", measured_cell_tree(memory_used(n)),
			 "psi_cpu_some", measured_cell_tree(fleet_pressure(n, FLEET_CPU)),
			 "psi_memory_some", measured_cell_tree(fleet_pressure(n, FLEET_MEMORY)),
			 "psi_io_some", measured_cell_tree(fleet_pressure(n, FLEET_IO)), "cgroups", (int)n->live_rows,
			 "losses", losses_tree(&n->losses), "age_seconds",
			 measured_cell_tree(fleet_age(n, i->here)));
}

static const char *node_name(const void *item)
{
	return ((const struct measured_item *)item)->node->name;
}

const struct listing measured_node_listing = {
	.kind = "Node",
	.word = "node",
	.columns = node_columns,
	.n_columns = sizeof(node_columns) / sizeof(node_columns[0]),
	.cells = node_cells,
	.tree = node_tree,
	.name = node_name,
	.none = "no node: no agent has reported yet",
};
