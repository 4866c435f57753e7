/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "demo/owner.h"

#define LINE 4096 /* of mountinfo; overlay mounts have long options, which we do not read */

struct mount {
	char root[CGROUP_PATH], point[CGROUP_PATH], type[32], options[256];
};

/* "36 35 98:0 /root /point rw,noatime shared:1 - type source options", see proc(5). */
static bool mount_parse(const char *line, struct mount *ret)
{
	const char *dash = strstr(line, " - ");

	return dash && sscanf(line, "%*d %*d %*s %511s %511s", ret->root, ret->point) == 2 &&
	       sscanf(dash, " - %31s %*s %255s", ret->type, ret->options) == 2;
}

static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t n = strlen(word);

	while (*list) {
		size_t length = strcspn(list, separators);
		if (length == n && memcmp(list, word, n) == 0)
			return true;
		list += length + (list[length] != '\0');
	}
	return false;
}

static bool v2_has_memory(const char *mount_point)
{
	char path[CGROUP_PATH + 32], words[256] = "";

	snprintf(path, sizeof(path), "%s/cgroup.controllers", mount_point);
	scoped(fclosep) FILE *f = fopen(path, "re");
	return f && fgets(words, sizeof(words), f) && has_word(words, "memory", " \n");
}

int cgroup_find(const char *mountinfo, struct cgroup_mounts *ret_m, struct err *e)
{
	struct cgroup_mounts found = { "", "" };
	char line[LINE];
	struct mount m;

	scoped(fclosep) FILE *f = fopen(mountinfo, "re");
	if (!f)
		return err_set(e, -errno, "cannot read %s", mountinfo);
	while (fgets(line, sizeof(line), f)) {
		if (!mount_parse(line, &m))
			continue;
		if (!found.v2[0] && strcmp(m.type, "cgroup2") == 0)
			strcpy(found.v2, m.point);
		if (!found.memory[0] && strcmp(m.type, "cgroup") == 0 &&
		    has_word(m.options, "memory", ","))
			strcpy(found.memory, m.point);
	}
	if (!found.v2[0]) {
		err_set(e, -ENODEV, "no cgroup v2 hierarchy is mounted");
		err_cause(e, "%s has no mount of type cgroup2", mountinfo);
		return err_fix(e, "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none "
				  "/sys/fs/cgroup/unified");
	}
	if (v2_has_memory(found.v2))
		found.memory[0] = '\0';
	*ret_m = found;
	return 0;
}

static size_t hierarchies(const struct cgroup_mounts *m, const char *ret_roots[2])
{
	ret_roots[0] = m->v2;
	ret_roots[1] = m->memory;
	return m->memory[0] ? 2 : 1;
}

/* Best effort: a controller that cannot be switched on shows up as "not measured". */
static void enable(const char *directory, const char *controller)
{
	char path[2 * CGROUP_PATH];

	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", directory);
	scoped(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, controller, strlen(controller));
}

static void enable_above(const struct cgroup_mounts *m, const char *path)
{
	char parent[2 * CGROUP_PATH];

	snprintf(parent, sizeof(parent), "%s%s", m->v2, path);
	*strrchr(parent, '/') = '\0';
	enable(parent, "+cpu");
	enable(parent, "+memory");
}

int cgroup_make(const struct cgroup_mounts *m, const char *path, struct err *e)
{
	const char *roots[2];
	size_t n = hierarchies(m, roots);
	char full[2 * CGROUP_PATH];

	enable_above(m, path);
	for (size_t i = 0; i < n; i++) {
		snprintf(full, sizeof(full), "%s%s", roots[i], path);
		if (mkdir(full, 0755) < 0 && errno != EEXIST) {
			err_set(e, -errno, "cannot make the cgroup %s", full);
			return err_fix(e, "run as root, where cgroups may be written");
		}
	}
	return 0;
}

int cgroup_open(const struct cgroup_mounts *m, const char *path, struct cgroup_door *ret_d,
		struct err *e)
{
	const char *roots[2];
	size_t n = hierarchies(m, roots);
	char full[2 * CGROUP_PATH + 32];
	struct cgroup_door d = { .n = 0 };

	for (size_t i = 0; i < n; i++) {
		snprintf(full, sizeof(full), "%s%s/cgroup.procs", roots[i], path);
		int fd = open(full, O_WRONLY | O_CLOEXEC);
		if (fd < 0) {
			int r = -errno;
			cgroup_close(&d);
			return err_set(e, r, "cannot open %s", full);
		}
		d.procs[d.n++] = fd;
	}
	*ret_d = d;
	return 0;
}

void cgroup_close(struct cgroup_door *d)
{
	while (d->n > 0)
		close(d->procs[--d->n]);
}

int cgroup_remove(const struct cgroup_mounts *m, const char *path)
{
	const char *roots[2];
	size_t n = hierarchies(m, roots);
	char full[2 * CGROUP_PATH];
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		snprintf(full, sizeof(full), "%s%s", roots[i], path);
		if (rmdir(full) < 0 && errno != ENOENT)
			r = -errno;
	}
	return r;
}

/* Children first. A cgroup with a process in it stays, and with it its parents. */
static int remove_tree(const char *directory)
{
	DIR *d = opendir(directory);
	char child[2 * CGROUP_PATH];
	struct dirent *entry;

	if (!d)
		return -errno;
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(child, sizeof(child), "%.500s/%s", directory, entry->d_name);
		(void)remove_tree(child);
	}
	closedir(d);
	return rmdir(directory) < 0 ? -errno : 0;
}

static int sweep(const char *root)
{
	char path[2 * CGROUP_PATH];
	struct dirent *entry;
	int swept = 0;

	DIR *d = opendir(root);
	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		if (!owner_is_dead(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", root, entry->d_name);
		swept += remove_tree(path) == 0;
	}
	closedir(d);
	return swept;
}

int cgroup_sweep(const struct cgroup_mounts *m)
{
	const char *roots[2];
	size_t n = hierarchies(m, roots);
	int swept = 0;

	for (size_t i = 0; i < n; i++) {
		int here = sweep(roots[i]);
		if (here > swept)
			swept = here;
	}
	return swept;
}
