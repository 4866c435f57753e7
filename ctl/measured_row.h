/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of cgroups, of containers and of those of pods: one table of columns for all, wide with every signal and
 * every cause. Their items are struct measured_item.
 */
#ifndef CTL_MEASURED_ROW_H
#define CTL_MEASURED_ROW_H

#include "ctl/fleet.h"
#include "ctl/listing.h"

enum measured_row { MEASURED_ROW_CGROUP, MEASURED_ROW_CONTAINER, MEASURED_ROW_POD };

/* They share their columns, of which each makes its own the one by which a row is known: one list a process. */
const struct listing *measured_row_listing(enum measured_row which);
bool measured_row_belongs(const struct listing *l, Plimsoll__V1__Kind kind);
struct fleet_value measured_row_saturation(const struct saturation *s); /* of the worst cause */

#endif
