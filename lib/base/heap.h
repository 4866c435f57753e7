/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process has from malloc(), and when that goes back to the kernel. malloc() keeps what was freed, and a few
 * bytes that live on pin all that lies below them: after a minute of two thousand containers a process would stay as
 * large as it was then, for good. So whoever has peaks looks once a second, and gives back when one is over.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* Less is kept, for its pages would have to be cleared when they are wanted again, and of a large heap it takes a walk
 * over all that is free; sooner neither, for who comes and goes that fast wants it back at once. */
#define HEAP_FALL_BYTES (1u << 20)
#define HEAP_FALL_PART	16 /* of what was in use, when that makes more */
#define HEAP_EVERY_NS	(10 * CLOCK_NS_PER_S)

struct heap {
	uint64_t most;          /* in use, since it was given back */
	uint64_t given_back_ns; /* when that was; 0: never */
};

void heap_init(void);      /* early in main(): malloc() keeps little by itself */
uint64_t heap_used(void);  /* bytes; what malloc() keeps though it was freed is not in it */
void heap_give_back(void); /* all that is free, by pages */
/* Pure: a peak of `used` is over. Give back now: the next one is told from here. */
bool heap_fell(struct heap *h, uint64_t used, uint64_t now_ns);

#endif
