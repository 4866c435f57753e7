/* SPDX-License-Identifier: Apache-2.0 */
#include "base/shares.h"

#include <math.h>
#include <string.h>

#define SHARES_A_CORE 1024u
#define WEIGHT_MOST   10000u
#define NOTHING_ASKED 1u /* the weight of 2 shares on every scale */

struct shares_container shares_container(uint64_t weight, uint64_t quota_ns, uint64_t period_ns, const char *qos)
{
	return (struct shares_container){
		.weight = strcmp(qos, "besteffort") == 0 ? NOTHING_ASKED : weight,
		.limit_milli = period_ns ? (uint64_t)((unsigned __int128)quota_ns * 1000 / period_ns) : 0,
		.is_guaranteed = strcmp(qos, "guaranteed") == 0,
	};
}

uint64_t shares_of_milli(uint64_t milli)
{
	uint64_t shares;

	if (milli >= SHARES_MOST)
		return SHARES_MOST;
	shares = milli * SHARES_A_CORE / 1000;
	return shares < SHARES_LEAST ? SHARES_LEAST : shares;
}

/* A tenfold weight for each step of a parabola in log2(shares) that goes through (2, 1), (1024, 100) and the end. */
static uint64_t curved(uint64_t shares)
{
	double l = log2((double)shares);

	return (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

uint64_t shares_weight(enum shares_scale scale, uint64_t shares)
{
	uint64_t weight;

	if (shares <= SHARES_LEAST)
		return scale == SHARES_UNKNOWN ? 0 : NOTHING_ASKED;
	switch (scale) {
	case SHARES_KERNEL:
		weight = (shares * 100 + SHARES_A_CORE / 2) / SHARES_A_CORE;
		return weight ? weight : NOTHING_ASKED;
	case SHARES_LINEAR:
		return 1 + (shares - SHARES_LEAST) * (WEIGHT_MOST - 1) / (SHARES_MOST - SHARES_LEAST);
	case SHARES_CURVED:
		return shares >= SHARES_MOST ? WEIGHT_MOST : curved(shares);
	case SHARES_UNKNOWN:
	case SHARES_SCALES:
		break;
	}
	return 0;
}

/* The fewest shares of that weight or a higher one; SHARES_MOST + 1: none. More shares never weigh less. */
static uint64_t fewest(enum shares_scale scale, uint64_t weight)
{
	uint64_t low = SHARES_LEAST, high = SHARES_MOST + 1;

	while (low < high) {
		uint64_t middle = (low + high) / 2;

		if (shares_weight(scale, middle) >= weight)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The least milli-cores that are so many shares. */
static uint64_t least_milli(uint64_t shares)
{
	return (shares * 1000 + SHARES_A_CORE - 1) / SHARES_A_CORE;
}

static struct shares_request of_weight(enum shares_scale scale, uint64_t weight)
{
	uint64_t low, high;

	if (scale <= SHARES_UNKNOWN || scale >= SHARES_SCALES || weight <= NOTHING_ASKED)
		return (struct shares_request){.known = false};
	low = fewest(scale, weight);
	high = fewest(scale, weight + 1);
	if (low >= high) /* no shares weigh so much */
		return (struct shares_request){.known = false};
	return (struct shares_request){true, least_milli(low), least_milli(high) - 1};
}

/* The limit of a whole pod may be that of a container, which asked for less. */
static bool asked_for_limit(enum shares_scale scale, const struct shares_container *of)
{
	uint64_t shares = shares_of_milli(of->limit_milli);

	if (!of->is_guaranteed || !of->limit_milli)
		return false;
	if (scale == SHARES_UNKNOWN)
		return asked_for_limit(SHARES_LINEAR, of) || asked_for_limit(SHARES_CURVED, of);
	return shares_weight(scale, shares) == of->weight;
}

struct shares_request shares_request(enum shares_scale scale, const struct shares_container *of)
{
	if (asked_for_limit(scale, of))
		return (struct shares_request){true, of->limit_milli, of->limit_milli};
	return of_weight(scale, of->weight);
}

/* --- which formula */

void shares_clue(struct shares_clues *c, const struct shares_container *from)
{
	struct shares_request r = of_weight(SHARES_LINEAR, from->weight);
	bool fits_linear = asked_for_limit(SHARES_LINEAR, from), fits_curved = asked_for_limit(SHARES_CURVED, from);

	if (!r.known)
		return;
	c->linear_milli += r.least_milli;
	c->not_linear |= (fits_curved && !fits_linear) || (from->limit_milli && r.least_milli > from->limit_milli);
	c->not_curved |= fits_linear && !fits_curved;
}

enum shares_scale shares_conclude(const struct shares_clues *c, uint64_t node_milli)
{
	bool not_linear = c->not_linear || c->linear_milli > node_milli;

	if (not_linear == c->not_curved)
		return SHARES_UNKNOWN;
	return not_linear ? SHARES_CURVED : SHARES_LINEAR;
}
