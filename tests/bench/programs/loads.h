/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads that each make certain kernel programs run, a known number of times: what bench-programs times with the probe
 * and without. They stay in cgroups of their own, on loopback, and in files without a name. Failures end the program.
 */
#ifndef BENCH_PROGRAMS_LOADS_H
#define BENCH_PROGRAMS_LOADS_H

#include "own_cgroups.h"

struct load {
	const char *what; /* one of it, as the table says it */
	unsigned n;       /* in one turn */
	void (*run)(const struct own_cgroups *own, unsigned n);
};

extern const struct load loads[];
extern const unsigned loads_n;

/* Once, before the process that runs them begins. Returns the cgroup for that process. */
const char *loads_open(const struct own_cgroups *own);

#endif
