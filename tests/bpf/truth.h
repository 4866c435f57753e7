/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's own files say about a cgroup. Every function ends the test when a file cannot be read. */
#ifndef TESTS_BPF_TRUTH_H
#define TESTS_BPF_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "own_cgroups.h"

struct truth_memory {
	uint64_t usage_bytes, limit_bytes, inactive_file_bytes; /* limit 0: none */
};

struct truth_detail {
	uint64_t anon_bytes, file_bytes, peak_bytes;
	uint64_t slab_bytes, high_bytes, swap_bytes; /* v2 only; high 0: none */
	uint64_t oom_kills, major_faults;
	bool legacy;
};

struct truth_bandwidth {
	uint64_t quota_ns, period_ns, periods, throttled_periods, throttled_ns, weight;
};

struct truth_pressure {
	uint64_t some_ns, full_ns;
};

struct truth_io {
	uint64_t read_bytes, written_bytes, reads, writes;
};

uint64_t truth_cpu_ns(const struct own_cgroups *o, const char *path); /* cpu.stat */
struct truth_memory truth_memory(const struct own_cgroups *o, const char *path);
struct truth_detail truth_detail(const struct own_cgroups *o, const char *path);
struct truth_bandwidth truth_bandwidth(const struct own_cgroups *o, const char *path);
/* Writes into a file of the controller that `hierarchy` stands for, by its v1 or v2 name. */
void truth_set(const struct own_cgroups *o, const char *path, enum plimsoll_hierarchy hierarchy,
	       const char *v1, const char *v1_text, const char *v2, const char *v2_text);
struct truth_pressure truth_pressure(const struct own_cgroups *o, const char *path, const char *resource);
bool truth_io(const struct own_cgroups *o, const char *path, struct truth_io *ret); /* false: v2 has no io controller */
void truth_set_limit(const struct own_cgroups *o, const char *path, uint64_t bytes);
bool truth_set_high(const struct own_cgroups *o, const char *path, uint64_t bytes); /* 0: none. False: v1 has it not */
/* What the hypervisor took from all CPUs: cpu.stat and schedstat leave it out of a task's time, the run queue's clock,
 * which is ours, does not. It is told in ticks: `since` an earlier answer it is one tick more than the difference, or
 * 0 where nothing was ever taken. */
uint64_t truth_stolen_ns(void);
uint64_t truth_stolen_since_ns(uint64_t since);

/* Equal but for `part` (0.01: one per cent) of `theirs`, and `slack`; says both when not. */
#define assert_near(ours, theirs, part, slack) \
	truth_assert_near(#ours, ours, theirs, part, slack, __FILE__, __LINE__)
void truth_assert_near(const char *what, uint64_t ours, uint64_t theirs, double part, uint64_t slack,
		       const char *file, int line);

#endif
