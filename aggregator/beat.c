/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/beat.h"

void beat_begin(struct beat *b, uint64_t tick_ns, uint64_t now_ns)
{
	*b = (struct beat){.tick_ns = tick_ns, .next_ns = now_ns + tick_ns};
}

bool beat_second(struct beat *b, uint64_t now_ns)
{
	uint64_t due_ns = now_ns + BEAT_GATHER_NS;

	if (b->gathering)
		return false;
	b->gathering = true;
	b->next_ns = b->last_ns && due_ns < b->last_ns + BEAT_LEAST_NS ? b->last_ns + BEAT_LEAST_NS : due_ns;
	return true;
}

/* Where seconds come, the next one is due after a tick: it goes first. */
void beat_decided(struct beat *b, uint64_t now_ns)
{
	b->last_ns = now_ns;
	b->next_ns = now_ns + b->tick_ns + (b->gathering ? BEAT_LEAST_NS : 0);
	b->gathering = false;
}

uint64_t beat_wait(const struct beat *b, uint64_t now_ns)
{
	return b->next_ns > now_ns ? b->next_ns - now_ns : 0;
}
