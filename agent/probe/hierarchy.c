/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/hierarchy.h"

#include <errno.h>
#include <string.h>

#include "base/scope.h"

#define FIELD HIERARCHY_PATH /* characters read of a field; one that fills it was longer */

/* mountinfo writes blanks and backslashes as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

static bool has_option(const char *options, const char *wanted)
{
	size_t length = strlen(wanted);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, wanted, length) == 0 && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}

/* A whole hierarchy is worth more than a part, the first mount more than a later one. */
static void keep(char kept[HIERARCHY_PATH], bool *part, const char *root, const char *point)
{
	bool is_part = strcmp(root, "/") != 0;

	if (kept[0] && (is_part || !*part))
		return;
	strcpy(kept, point);
	*part = is_part;
}

int hierarchy_find(FILE *mountinfo, struct hierarchy *ret, struct err *e)
{
	struct hierarchy h = {0};
	bool unified_part = false, memory_part = false;
	scoped(freep) char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, mountinfo) > 0) {
		char root[FIELD + 1], point[FIELD + 1], type[32], options[FIELD + 1];
		const char *rest = strstr(line, " - ");

		if (!rest || sscanf(line, "%*s %*s %*s %512s %512s", root, point) != 2 ||
		    sscanf(rest, " - %31s %*s %512s", type, options) != 2)
			continue;
		if (strlen(root) == FIELD || strlen(point) == FIELD)
			continue; /* cut short, so not to be opened */
		unescape(point);
		if (strcmp(type, "cgroup2") == 0)
			keep(h.unified, &unified_part, root, point);
		else if (strcmp(type, "cgroup") == 0 && has_option(options, "memory"))
			keep(h.memory, &memory_part, root, point);
	}
	if (!h.unified[0] && !h.memory[0]) {
		err_set(e, -ENODEV, "no cgroup hierarchy is mounted");
		err_cause(e, "/proc/self/mountinfo names neither cgroup2 nor a v1 memory controller");
		return err_fix(e, "mount -t cgroup2 none /sys/fs/cgroup; in a container, mount the "
				  "host's /sys/fs/cgroup");
	}
	h.partial = unified_part || memory_part;
	*ret = h;
	return 0;
}

const char *hierarchy_kind(const struct hierarchy *h)
{
	if (!h->memory[0])
		return "v2";
	return h->unified[0] ? "hybrid" : "v1";
}
