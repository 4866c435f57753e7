/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of bench-sample: the same values from the cgroup files. Seven files a cgroup: cpu.stat
 * and three *.pressure of the v2 directory; usage, limit and memory.stat of the v1 memory directory on
 * a hybrid machine, else of the v2 one too. There is no file for run-queue wait, so it reads none.
 */
#ifndef BENCH_SAMPLE_FILES_H
#define BENCH_SAMPLE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/sample.h"
#include "own_cgroups.h"

#define FILES_EACH 7

struct files;
struct files *files_new(const struct own_cgroups *o, char *const *paths, size_t n);
struct files *files_free(struct files *f); /* closes what is open; returns NULL */

/* The limit of open files may be too low for all cgroups: then files_pread() reads only so many. */
size_t files_kept(const struct files *f);

/* Both return for how many cgroups every file could be read and understood; the values of the i-th
 * cgroup are in ret[i]. files_pread() opens every file at its first call and keeps it open. */
size_t files_open_read_close(struct files *f, struct signals *ret);
size_t files_pread(struct files *f, struct signals *ret);

#endif
