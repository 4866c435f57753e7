/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the scaler: one look at one policy's replicas, from the store's view by way of the decider to the order, its
 * outcome and what is told and written down of it. Loop-thread-only.
 */
#ifndef AGGREGATOR_SCALER_STEP_H
#define AGGREGATOR_SCALER_STEP_H

#include "base/clock.h"

struct scaler_workload; /* aggregator/scaler.h */

void scaler_step(struct scaler_workload *w, clock_boot_t now); /* of an HPA: if its period is over */

#endif
