/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the aggregator can do its work, for /readyz, the health service and Status.Get. */
#ifndef AGGREGATOR_READY_H
#define AGGREGATOR_READY_H

struct aggregator;

/* Probes the state directory, sets a->not_ready and the health service; logs what changed. Deciding
 * goes on meanwhile. */
void ready_check(struct aggregator *a);
void ready_say(struct aggregator *a); /* the same without the probe */

#endif
