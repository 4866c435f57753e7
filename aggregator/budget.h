/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet's budget: how many replicas all policies of one aggregator together may add in any 60 s (I9). What was
 * ordered counts from then on for a minute, whatever comes of it: a step down frees nothing earlier.
 *
 * Whoever wants more than there is waits for a turn. The policy that has waited longest is asked first and finds all
 * there is; what those before it still want is kept for them, also while it is not their moment to decide. Who gets a
 * part goes to the end. So each gets its share, however large the others' steps are. Pure values: no clock, no I/O.
 */
#ifndef AGGREGATOR_BUDGET_H
#define AGGREGATOR_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#define BUDGET_NS     (60 * 1000000000ull)
/* An addition counts until the end of the part of time that it fell into is 60 s ago. */
#define BUDGET_PART_NS 1000000000ull
#define BUDGET_PARTS  (BUDGET_NS / BUDGET_PART_NS + 1)

struct budget { /* zero it, set a_minute */
	uint32_t a_minute; /* 0: no bound */
	uint64_t part[BUDGET_PARTS];  /* number of the part of time … */
	uint64_t added[BUDGET_PARTS]; /* … and what was added in it */
	uint64_t kept; /* for those that come before the next one in this round */
};

struct budget_turn { /* a policy's; zeroed at first */
	uint32_t place;    /* before others that have waited as long: the owner's to set */
	uint64_t since_ns; /* it waits; 0: it does not */
	uint32_t lacks;    /* what it did not get */
	uint32_t paid_to;  /* an order that failed: up to here its replicas were counted, … */
	uint64_t paid_ns;  /* … then, which holds for a minute */
};

/* Puts those that wait first, the longest before the others. */
void budget_line_up(struct budget_turn **line, size_t n);
void budget_round(struct budget *b); /* all are looked at anew, in that order */
/* Replicas that it may add to `from` now. */
uint32_t budget_room(const struct budget *b, const struct budget_turn *t, uint64_t now_ns, uint32_t from);
/* It was decided: what it adds is ordered now, `lacks` is what it wanted beyond the room. Neither: it is content. */
void budget_note(struct budget *b, struct budget_turn *t, uint64_t now_ns, uint32_t from, uint32_t to, uint32_t lacks);
/* On to the next: what this one lacks is kept for it. */
void budget_pass(struct budget *b, const struct budget_turn *t);
void budget_add(struct budget *b, uint64_t now_ns, uint32_t replicas); /* ordered then */
/* The order came to nothing, or may have: asking for the same again costs nothing while it counts. */
void budget_failed(struct budget_turn *t, uint32_t to);

#endif
