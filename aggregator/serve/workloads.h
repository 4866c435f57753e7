/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scaling.ListWorkloads and WatchWorkloads: every workload with what it uses, what waits, and what was
 * decided for it last; a Watch gets the whole list about once a second. With more than
 * SERVE_WORKLOADS_ROWS cgroups only those that a policy selects are listed.
 */
#ifndef AGGREGATOR_SERVE_WORKLOADS_H
#define AGGREGATOR_SERVE_WORKLOADS_H

#include "base/clock.h"
#include "rpc/rpc.h"

#define SERVE_WORKLOADS_WINDOW_NS (3 * CLOCK_NS_PER_S)
#define SERVE_WORKLOADS_FRESH_NS  (3 * CLOCK_NS_PER_S)
#define SERVE_WORKLOADS_ROWS 20000u /* summing up costs 2 us a row, on the loop */

struct aggregator;
struct store_summary;

extern const struct rpc_method serve_workloads_methods[];
extern const size_t serve_workloads_n;

const char *serve_workloads_by_what(const struct store_summary *s); /* what holds it back most; "": nothing */
void serve_workloads_tick(struct aggregator *a); /* after every tick: to everyone who watches */

#endif
