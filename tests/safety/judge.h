/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a wrong-way action is (docs/design/safety.md has it in words). Judged against the truth of the world, of
 * which the decider knows only what it is told.
 */
#ifndef SAFETY_JUDGE_H
#define SAFETY_JUDGE_H

#include "safety/plant.h"

enum wrong {
	RIGHT,
	WRONG_DOWN,  /* fewer than any moment of the last time asked for */
	WRONG_UP,    /* more than any did */
	WRONG_BLIND, /* fewer, while over 10 % of the replicas were not measured */
	WRONGS
};

struct judged {
	enum wrong wrong;
	uint32_t from, to;       /* what there was, what was ordered */
	uint32_t least, most;    /* what would have been right */
	uint32_t seen, replicas; /* measured, of all */
};

/* Of the order `to` at second s. */
struct judged judge(const struct world *w, const struct plant *p, uint32_t to, uint32_t s);
const char *judge_word(enum wrong w);

#endif
