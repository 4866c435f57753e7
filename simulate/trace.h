/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load over time: how much CPU it takes in all, second by second, whoever carries it. As a file it is JSON
 * lines: the first {"apiVersion":"plimsoll.io/v1alpha1","kind":"Trace"}, then one a change, in order:
 *	{"second":0,"cpuMilli":500}
 *	{"second":60,"cpuMilli":2000,"silent":true}
 *	{"second":120}
 * A value holds until it is changed; `silent`: nothing is heard of the replicas. The last line's second is where the
 * trace ends. Unknown keys and blank lines are an error. Any thread; trace_load() blocks on the file.
 */
#ifndef SIMULATE_TRACE_H
#define SIMULATE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define TRACE_SECONDS_MAX (31 * 86400u)  /* a month; 5 bytes a second */
#define TRACE_MILLI_MAX   1000000000u    /* a million cores */
#define TRACE_MIB         256
#define TRACE_BYTES_MAX   ((size_t)TRACE_MIB << 20)

struct trace {
	uint32_t seconds;    /* > 0 */
	uint32_t *cpu_milli; /* `seconds` of them */
	bool *silent;
};

/* `name` stands in messages, which say line and key. -EINVAL; -E2BIG: longer than the limits. *ret is for
 * trace_done() in any case. */
int trace_parse(const char *name, const char *bytes, size_t size, struct trace *ret, struct err *e);
int trace_load(const char *path, struct trace *ret, struct err *e);
/* One of the shapes "step ramp spike daily noise outage", made to need at most `most_milli`. The same every
 * time. -ENOENT: no such shape. */
int trace_shape(const char *shape, uint32_t most_milli, struct trace *ret);
extern const char *const trace_shapes[]; /* NULL-terminated */
/* Adds the file's text; the same line by line, for who writes as it goes. */
void trace_write(const struct trace *t, struct buf *to);
void trace_write_head(struct buf *to);
void trace_write_change(uint32_t second, uint32_t cpu_milli, bool silent, struct buf *to);
void trace_write_end(uint32_t second, struct buf *to);
void trace_done(struct trace *t);

#endif
