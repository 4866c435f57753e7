/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counter table of a daemon. Its metrics.def lists every counter and gauge once, with its unit
 * and prose; the enum, the HELP lines of /metrics, Status.Get and build/docs/reference/metrics.md come from
 * it. Values are relaxed atomics: any thread may add.
 *
 * A daemon writes:
 *	enum { #define METRIC(id, ...) M_##id, … #include "agent/metrics.def" … };
 * through the macros METRIC(id, kind, unit, scale, help). `id` is the name without the prefix
 * "plimsoll_" and with the unit ("…_bytes", "…_seconds"; counters end in _total). `scale` divides the
 * stored integer for display (nanoseconds kept, seconds shown: 1e9).
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

struct metric_desc {
	const char *name; /* "agent_samples_total", without the prefix */
	enum metric_kind kind;
	const char *unit; /* "seconds", "bytes" or "" */
	double scale;
	const char *help;
};

struct metric_table {
	const struct metric_desc *rows;
	_Atomic uint64_t *values; /* as many as rows; gauges keep the bits of an int64 */
	size_t n;
};

static inline void metric_add(const struct metric_table *t, size_t i, uint64_t by)
{
	atomic_fetch_add_explicit(&t->values[i], by, memory_order_relaxed);
}

static inline void metric_set(const struct metric_table *t, size_t i, uint64_t value)
{
	atomic_store_explicit(&t->values[i], value, memory_order_relaxed);
}

static inline uint64_t metric_get(const struct metric_table *t, size_t i)
{
	return atomic_load_explicit(&t->values[i], memory_order_relaxed);
}

double metric_shown(const struct metric_table *t, size_t i); /* the value divided by its scale */

/* OpenMetrics 1.0 text without the final "# EOF": callers append further families. */
void metric_render(const struct metric_table *t, struct buf *to);
void metric_reference(const struct metric_table *t, struct buf *to); /* a Markdown table */

#endif
