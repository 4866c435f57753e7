/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads as an aggregator tells them: get workloads, and what top shows of each. */
#ifndef CTL_WORKLOAD_H
#define CTL_WORKLOAD_H

#include "ctl/command.h"
#include "ctl/figure.h"
#include "ctl/method.h"
#include "ctl/paint.h"

typedef Plimsoll__V1__Workload workload;
typedef Plimsoll__V1__Value value;

/* Without names: all. -o and --watch as the session says; a name that is unknown is an error. */
int workload_show(const struct session *s, char **names, size_t n, bool watch);

/* `by` as --sort; unknown values come last. */
void workload_sort(const workload **w, size_t n, const char *by);
void workload_causes(const workload *w, struct buf *to); /* "cpu-throttle 41%, memory 3%" */
/* The highest of what holds it back, 0 … 1; false: nothing was measured. */
bool workload_saturation(const workload *w, double *ret_share);

bool workload_known(const value *v); /* NULL: not known */
struct figure workload_cores(const value *v);
struct figure workload_bytes(const value *v);
struct figure workload_share(const value *v);
struct figure workload_part(const value *v, const value *of); /* v ÷ of */
struct figure workload_rate(const value *v);
struct figure workload_wait(const value *v);
enum paint workload_errors_paint(const value *share); /* of requests that failed */
void workload_pods(const workload *w, struct buf *to);          /* "6", "6→8" while they differ */
void workload_last_decision(const workload *w, struct buf *to); /* "6→8 metric, 5s ago" */

#endif
