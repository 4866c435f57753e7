/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own statistics of this process's BPF programs, found by their names among its descriptors.
 * Each run has about 50 ns in it that are the kernel's two readings of the clock; what an empty program is
 * said to take tells how many. Failures end the program.
 */
#ifndef TESTS_RUN_STATS_H
#define TESTS_RUN_STATS_H

#include <stddef.h>
#include <stdint.h>

#define RUN_STATS_NAME 16 /* what the kernel keeps of a program's name, with its NUL */

struct run_stats {
	uint64_t ns, runs; /* while statistics were on, since the program was loaded */
};

struct run_stats_named {
	char name[RUN_STATS_NAME];
	uint32_t id; /* later ones have larger ones */
	struct run_stats stats;
};

int run_stats_start(void); /* a descriptor: close() it and they are off. Status 77 when not permitted. */
struct run_stats run_stats_of(const char *program); /* the newest of that name */
size_t run_stats_all(struct run_stats_named *ret, size_t room); /* every program of this process; returns how many */

#endif
