/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pattern.h"

#include <stdio.h>

#include "base/glob.h"

#define SHORT_ID 12 /* digits of a container's id that people and runtimes make do with */

static bool is_id(const char *pattern, const char *id)
{
	char cut[SHORT_ID + 1];

	snprintf(cut, sizeof(cut), "%s", id);
	return *id && (glob_match(pattern, id) || glob_match(pattern, cut));
}

static bool means(const char *pattern, const struct pattern_row *r)
{
	const char *const part[] = {r->pod_namespace, r->pod_name, r->name};

	if (*pattern == '/')
		return glob_match(pattern, r->cgroup);
	return glob_match_parts(pattern, part, sizeof(part) / sizeof(part[0])) ||
	       (*r->workload && glob_match(pattern, r->workload)) || is_id(pattern, r->container_id);
}

bool pattern_match(char *const *patterns, size_t n, const struct pattern_row *r)
{
	for (size_t i = 0; i < n; i++)
		if (means(patterns[i], r))
			return true;
	return !n;
}
