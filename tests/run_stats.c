/* SPDX-License-Identifier: Apache-2.0 */
#include "run_stats.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANNOT_RUN    77
#define PROGRAMS_MOST 128 /* the probe has some 30 */

int run_stats_start(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (fd >= 0)
		return fd;
	fprintf(stderr, "SKIP: the kernel keeps no run statistics for us: %s\n", strerror(errno));
	exit(CANNOT_RUN);
}

static bool is_program(int directory, const char *fd)
{
	char target[64];
	ssize_t n = readlinkat(directory, fd, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = '\0';
	return strcmp(target, "anon_inode:bpf-prog") == 0;
}

/* False: that descriptor is none of a program. */
static bool program_of(int directory, const char *fd, struct bpf_prog_info *ret)
{
	__u32 size = sizeof(*ret);

	*ret = (struct bpf_prog_info){0};
	return is_program(directory, fd) && bpf_obj_get_info_by_fd(atoi(fd), ret, &size) == 0;
}

size_t run_stats_all(struct run_stats_named *ret, size_t room)
{
	DIR *open = opendir("/proc/self/fd");
	struct dirent *d;
	size_t n = 0;

	while (open && n < room && (d = readdir(open))) {
		struct bpf_prog_info info;

		if (!program_of(dirfd(open), d->d_name, &info))
			continue;
		snprintf(ret[n].name, sizeof(ret[n].name), "%s", info.name);
		ret[n].id = info.id;
		ret[n++].stats = (struct run_stats){info.run_time_ns, info.run_cnt};
	}
	if (open)
		closedir(open);
	return n;
}

struct run_stats run_stats_of(const char *program)
{
	struct run_stats_named all[PROGRAMS_MOST];
	size_t n = run_stats_all(all, PROGRAMS_MOST);
	const struct run_stats_named *newest = NULL;

	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i].name, program) == 0 && (!newest || all[i].id > newest->id))
			newest = &all[i];
	if (newest)
		return newest->stats;
	fprintf(stderr, "this process has no program %s loaded\n", program);
	exit(1);
}
