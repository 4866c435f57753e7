/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks that use a CPU when told to and sleep otherwise. While they sleep, every counter about them
 * stands still, so the kernel's word and ours can be read one after the other and still compared.
 */
#ifndef TESTS_BPF_CREW_H
#define TESTS_BPF_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "own_cgroups.h"

#define CREW_MAX 4
#define ANY_CPU  (-1)

struct crew_board {
	bool halt;
	uint64_t cpu_ns[CREW_MAX]; /* a running task's own CPU clock, a few us ago */
};

struct crew {
	pid_t pid[CREW_MAX];
	int n;
	int go[2]; /* a byte for each task to start on */
	struct crew_board *board; /* shared with the tasks */
};

struct crew_times { /* what /proc/PID/schedstat says, added up */
	uint64_t on_cpu_ns, wait_ns, arrivals;
};

/* Asleep in the cgroup `path`, all on one CPU or anywhere. */
void crew_start(struct crew *c, const struct own_cgroups *o, const char *path, int n, int cpu);
void crew_go(struct crew *c);
void crew_halt(struct crew *c); /* returns when all are asleep */
void crew_work(struct crew *c, unsigned ms); /* go, that long, halt */
void crew_end(struct crew *c);

struct crew_times crew_times(const struct crew *c);
uint64_t crew_clock_ns(const struct crew *c, int task); /* as on the board */
uint64_t crew_fresh_ns(const uint64_t *clock); /* of a task that runs: not older than the call */
void crew_pause(unsigned ms); /* of the caller */
void crew_pin(pid_t pid, int cpu); /* 0: the caller */
bool crew_is_asleep(pid_t pid);

#endif
