/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows a reader means (Query.cgroup): a glob that begins with a slash is about paths of cgroups, any
 * other one about what people call them. Pure.
 */
#ifndef WIRE_PATTERN_H
#define WIRE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct pattern_row { /* "": it has none */
	const char *cgroup, *container_id;
	const char *pod_namespace, *pod_name, *name, *workload;
};

/* "shop/web-*" is every container of such pods, "shop" of the namespace, "shop/web-1/api" is one of them, and so
 * is its id or the first 12 digits of it. "shop/web" is every
 * container of that workload, too. Without patterns: every row. */
bool pattern_match(char *const *patterns, size_t n, const struct pattern_row *r);

#endif
