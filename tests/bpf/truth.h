/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's own files say about a cgroup. Every function ends the test when a file cannot be read. */
#ifndef TESTS_BPF_TRUTH_H
#define TESTS_BPF_TRUTH_H

#include <stdint.h>

#include "own_cgroups.h"

struct truth_memory {
	uint64_t usage_bytes, limit_bytes, inactive_file_bytes; /* limit 0: none */
};

struct truth_pressure {
	uint64_t some_ns, full_ns;
};

uint64_t truth_cpu_ns(const struct own_cgroups *o, const char *path); /* cpu.stat */
struct truth_memory truth_memory(const struct own_cgroups *o, const char *path);
struct truth_pressure truth_pressure(const struct own_cgroups *o, const char *path, const char *resource);
void truth_set_limit(const struct own_cgroups *o, const char *path, uint64_t bytes);
/* What the hypervisor took from all CPUs, and one tick more: cpu.stat and schedstat leave it out of a
 * task's time, the run queue's clock, which is ours, does not. */
uint64_t truth_stolen_ns(void);

/* Equal but for `part` (0.01: one per cent) of `theirs`, and `slack`; says both when not. */
#define assert_near(ours, theirs, part, slack) \
	truth_assert_near(#ours, ours, theirs, part, slack, __FILE__, __LINE__)
void truth_assert_near(const char *what, uint64_t ours, uint64_t theirs, double part, uint64_t slack,
		       const char *file, int line);

#endif
