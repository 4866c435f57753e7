/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of bench-sample: what of the same values stands in cgroup files, 16 a cgroup on a hybrid machine, 15 on
 * one of pure v2. No file tells of the run queue, of a histogram, or of one cgroup's network: of those it reads nothing.
 */
#ifndef BENCH_SAMPLE_FILES_H
#define BENCH_SAMPLE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/sample.h"
#include "own_cgroups.h"

#define FILES_MOST 18

struct files;
struct files *files_new(const struct own_cgroups *o, char *const *paths, size_t n);
struct files *files_free(struct files *f); /* closes what is open; returns NULL */

size_t files_each(const struct files *f); /* how many a cgroup */

/* The limit of open files may be too low for all cgroups: then files_pread() reads only so many. */
size_t files_kept(const struct files *f);

/* Both return for how many cgroups every file could be read and understood; the values of the i-th
 * cgroup are in ret[i]. files_pread() opens every file at its first call and keeps it open. */
size_t files_open_read_close(struct files *f, struct signals *ret);
size_t files_pread(struct files *f, struct signals *ret);

#endif
