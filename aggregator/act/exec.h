/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exec hook: the operator's command, started directly (no shell), with one JSON object on stdin:
 * {"apiVersion":"plimsoll.io/v1alpha1","kind":"ScaleRequest","workload":…,"from":n,"to":n,"reason":…,
 * "decision":"d-7"}. Exit status 0 means done. Anything else is a failure, and the last line it wrote
 * (stderr and stdout come through one pipe) tells why. After its time limit it gets SIGTERM and a
 * second later SIGKILL, together with what it started (loop_child_run).
 */
#ifndef AGGREGATOR_ACT_EXEC_H
#define AGGREGATOR_ACT_EXEC_H

#include <stddef.h>

#include "aggregator/act/act.h"

extern const struct act_kind act_exec;

/* The last line that says something, as UTF-8 without control characters, cut to `size`. */
void act_exec_last_line(const char *output, char *ret_line, size_t size);

#endif
