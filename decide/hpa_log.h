/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an HPA remembers: recommendations, and changes it made, each with its time. In no order, as in
 * Kubernetes 1.36 (podautoscaler/horizontal.go): one whose time has passed gives its place to the next,
 * so a log is as long as what was in its window at once. The caller owns the room; a log that is full
 * gives up its oldest entry and counts it.
 */
#ifndef DECIDE_HPA_LOG_H
#define DECIDE_HPA_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hpa_log_entry {
	int64_t at_ms;
	int32_t replicas; /* recommended, or added or removed */
	bool outdated;    /* of changes: its place may be taken; it stays so */
};

struct hpa_log {
	struct hpa_log_entry *entry; /* `room` of them, at least 1 */
	size_t n, room;
	uint64_t dropped; /* gave way although their time had not passed */
};

/* Into the place `reuse`, or behind the last when that is no entry (>= n). */
void hpa_log_store(struct hpa_log *l, size_t reuse, int64_t now_ms, int32_t replicas);
/* The sum of what is younger than the period; wraps as Go's int32 does. */
int32_t hpa_log_sum(const struct hpa_log *l, int64_t now_ms, int64_t period_ms);

#endif
