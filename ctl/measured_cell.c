/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/measured_cell.h"

void measured_cell_figure(struct table *t, struct fleet_value v, struct figure (*form)(double))
{
	table_cell(t, v.known ? PAINT_PLAIN : PAINT_DIM, "%s",
		  v.known ? form(v.value).text : FIGURE_NONE);
}

void measured_cell_part(struct table *t, struct fleet_value v, struct fleet_value of)
{
	measured_cell_figure(t, fleet_part(v, of), figure_share);
}

void measured_cell_load(struct table *t, struct fleet_value v)
{
	table_cell(t, v.known ? paint_load(v.value) : PAINT_DIM, "%s",
		  v.known ? figure_share(v.value).text : FIGURE_NONE);
}

void measured_cell_text(struct table *t, const char *text)
{
	table_cell(t, PAINT_PLAIN, "%s", *text ? text : FIGURE_NONE);
}

json_t *measured_cell_tree(struct fleet_value v)
{
	return tree_number(v.known, v.value);
}
