/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded chance (xorshift64*): the same seed gives the same numbers on every machine. */
#ifndef SAFETY_CHANCE_H
#define SAFETY_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

static inline struct chance chance_of(uint64_t seed)
{
	return (struct chance){(seed + 1) * 0x9e3779b97f4a7c15ull};
}

static inline uint64_t chance_next(struct chance *c)
{
	c->state ^= c->state >> 12;
	c->state ^= c->state << 25;
	c->state ^= c->state >> 27;
	return c->state * 0x2545f4914f6cdd1dull;
}

static inline uint64_t chance_in(struct chance *c, uint64_t least, uint64_t most)
{
	return least + (chance_next(c) >> 11) % (most - least + 1);
}

static inline bool chance_one_in(struct chance *c, uint64_t n)
{
	return chance_in(c, 1, n) == 1;
}

#endif
