/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: what the mapped rows and slots say of one cgroup, as its signals. Makes no system call.
 */
#ifndef AGENT_PROBE_READING_H
#define AGENT_PROBE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/probe/probe.h"
#include "plimsoll/slot.h"

struct load;
struct reading_standing;

struct reading {
	const struct load *load;
	struct reading_standing *standing; /* by CPU, as of reading_fold_running() */
	uint64_t page_bytes;
	bool stats_agree; /* the kernel's memory statistics lie where we look for them */
};

void reading_open(struct reading *r, const struct load *l); /* borrows l until reading_close() */
void reading_close(struct reading *r); /* of one that is all zero: does nothing */

/* Once after each pass: tasks that run now are charged up to now, too. */
void reading_fold_running(struct reading *r);
/* Of the last pass. `absent`: groups that nothing measures now. */
void reading_cgroup(const struct reading *r, const struct probe_cgroup *c, uint32_t absent, struct signals *ret);
/* Adds everything that a slot counts up; `data` is a struct reading. */
void reading_add_counts(void *data, uint32_t slot, struct signals *to);
uint64_t reading_overflow_cpu_ns(const struct reading *r); /* of the slot of nobody known */
uint64_t reading_limit(const struct reading *r, uint64_t pages); /* bytes; 0: no limit */
enum plimsoll_hierarchy reading_memory_at(const struct reading *r); /* the hierarchy of the memory controller */

#endif
