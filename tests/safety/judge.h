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
	WRONG_FIGHT, /* back from what somebody else has set, before it may */
	WRONG_TAKEN, /* what somebody else has set, as its own order */
	WRONGS
};

struct judged {
	enum wrong wrong;
	uint32_t from, to;       /* what there was, what was ordered */
	uint32_t least, most;    /* what would have been right */
	uint32_t seen, replicas; /* measured, of all */
};

struct hand { /* the newest of somebody else */
	uint32_t at_s;        /* 0: there was none */
	uint32_t before, set; /* replicas that ran, and that run since */
	uint32_t ours;        /* what stood as ordered; 0: nothing did */
	bool can_be_seen;     /* orders do not explain so many */
};

/* Does an order of `to`, by who believes that `from` are set, take back what the hand did? (docs/design/safety.md, I8) */
bool judge_fights(const struct world *w, const struct hand *h, uint32_t from, uint32_t to, uint32_t s);
/* What the hand started may not serve yet, nor be seen to: idle, for all that can be told. */
/* Of the order `to` at second s. */
struct judged judge(const struct world *w, const struct plant *p, uint32_t to, uint32_t s);
const char *judge_word(enum wrong w);

#endif
