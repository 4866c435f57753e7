/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of a list of measured things are made from, and the cells that lists of nodes and of cgroups share. */
#ifndef CTL_MEASURED_CELL_H
#define CTL_MEASURED_CELL_H

#include "ctl/figure.h"
#include "ctl/fleet.h"
#include "ctl/table.h"
#include "ctl/tree.h"

struct measured_item { /* all borrowed */
	const struct fleet_node *node;
	const struct fleet_row *row;   /* NULL: it is about the node */
	const struct fleet_here *here; /* when it is printed */
};

/* What is not known is a dim dash. */
void measured_cell_figure(struct table *t, struct fleet_value v, struct figure (*form)(double));
void measured_cell_part(struct table *t, struct fleet_value v, struct fleet_value of);
void measured_cell_load(struct table *t, struct fleet_value v); /* a share, painted by how bad it is */
void measured_cell_text(struct table *t, const char *text);     /* "": a dash */
json_t *measured_cell_tree(struct fleet_value v);

#endif
