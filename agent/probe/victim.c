/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/victim.h"

void victim_add(struct plimsoll_victim *to, const struct plimsoll_victim *from)
{
	uint32_t count = to->count + from->count;

	if (from->at_ns > to->at_ns)
		*to = *from;
	to->count = count;
}

struct plimsoll_victim victim_read(const struct plimsoll_victim *shared)
{
	uint64_t at_ns = __atomic_load_n(&shared->at_ns, __ATOMIC_ACQUIRE);
	struct plimsoll_victim v = *(const volatile struct plimsoll_victim *)shared;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!at_ns || at_ns != __atomic_load_n(&shared->at_ns, __ATOMIC_RELAXED))
		return (struct plimsoll_victim){0};
	v.comm[PLIMSOLL_COMM - 1] = '\0';
	return v;
}
