/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside store/: which workloads a row sits in. Each that selects it has it in its array. One of them has the row as
 * its own (`workload` and `place` of the row): the lowest role, of these the first; the others stand in the row's
 * `also`.
 */
#ifndef AGGREGATOR_STORE_SEAT_H
#define AGGREGATOR_STORE_SEAT_H

#include "aggregator/store/workload.h"

void seat_take(struct store_row *r, struct store_workload *w); /* in the workloads' order */
void seat_leave_all(struct store_row *r); /* its workloads, if it has any */
void seat_clear(struct store_workload *w); /* all rows leave it; the others keep them */

#endif
