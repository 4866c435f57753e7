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

struct found {
	struct hierarchy h;
	bool part[PLIMSOLL_HIERARCHIES];
};

/* A whole hierarchy is worth more than a part, the first mount more than a later one. */
static void keep(struct found *f, enum plimsoll_hierarchy which, const char *root, const char *point)
{
	bool is_part = strcmp(root, "/") != 0;

	if (f->h.mount[which][0] && (is_part || !f->part[which]))
		return;
	strcpy(f->h.mount[which], point);
	f->part[which] = is_part;
}

static void keep_legacy(struct found *f, const char *options, const char *root, const char *point)
{
	static const char *const controllers[PLIMSOLL_HIERARCHIES] = {
		[PLIMSOLL_MEMORY] = "memory", [PLIMSOLL_CPU] = "cpu", [PLIMSOLL_IO] = "blkio"};

	for (int i = PLIMSOLL_MEMORY; i < PLIMSOLL_HIERARCHIES; i++)
		if (has_option(options, controllers[i]))
			keep(f, (enum plimsoll_hierarchy)i, root, point);
}

int hierarchy_find(FILE *mountinfo, struct hierarchy *ret, struct err *e)
{
	struct found f = {0};
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
			keep(&f, PLIMSOLL_UNIFIED, root, point);
		else if (strcmp(type, "cgroup") == 0)
			keep_legacy(&f, options, root, point);
	}
	if (!f.h.mount[PLIMSOLL_UNIFIED][0] && !f.h.mount[PLIMSOLL_MEMORY][0]) {
		err_set(e, -ENODEV, "no cgroup hierarchy is mounted");
		err_cause(e, "/proc/self/mountinfo names neither cgroup2 nor a v1 memory controller");
		return err_fix(e, "mount -t cgroup2 none /sys/fs/cgroup; in a container, mount the "
				  "host's /sys/fs/cgroup");
	}
	for (int i = 0; i < PLIMSOLL_HIERARCHIES; i++)
		f.h.partial |= f.part[i];
	*ret = f.h;
	return 0;
}

const char *hierarchy_kind(const struct hierarchy *h)
{
	if (!h->mount[PLIMSOLL_MEMORY][0])
		return "v2";
	return h->mount[PLIMSOLL_UNIFIED][0] ? "hybrid" : "v1";
}
