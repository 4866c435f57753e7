/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load of bench-sched: two tasks on one CPU that pass a byte to and fro through pipes, so that each
 * round trip is two context switches and the CPU never idles. `perf bench sched pipe`, or the same in
 * this program where perf is not installed.
 */
#ifndef BENCH_SCHED_LOAD_H
#define BENCH_SCHED_LOAD_H

#include <stdbool.h>
#include <stdint.h>

struct load_time { /* of one round trip */
	double wall_ns;
	double cpu_ns; /* of both tasks: what other programs on that CPU take does not count */
};

bool load_has_perf(void);
/* On CPU `cpu`, blocks until done. Ends the program when the load fails. */
struct load_time load_run(bool with_perf, int cpu, uint64_t trips);

#endif
