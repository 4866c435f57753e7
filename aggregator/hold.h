/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest hold of a workload: a verdict that changes nothing though something asked for a change, or nobody could
 * be asked. It has a record like a decision's, which anyone can recompute, and is in memory alone: a hold that still
 * holds after a restart is seen again with the next look.
 *
 * One a workload. While its reason stays the same its looks are counted, and its record is made anew each HOLD_RENEW_NS
 * at most: it is far dearer than the look. It is as large as its workload, so all of them together have no more
 * replicas than the store has rows. Plain data, zeroed at first.
 */
#ifndef AGGREGATOR_HOLD_H
#define AGGREGATOR_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "aggregator/store/decisions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "decide/verdict.h"
#include "decide/view.h"

#define HOLD_RENEW_NS (10 * CLOCK_NS_PER_S)

struct hold {
	struct decision x; /* as it was with the look that the record is of; id 0 */
	char *record;      /* NULL: there was no hold yet */
	enum verdict_reason reason;
	uint64_t after;    /* id of the workload's decision before it; 0: none */
	uint64_t since_unix_ns, last_unix_ns; /* first and newest look with this reason */
	uint64_t looks;
	bool is_over;      /* the looks after the last one were no holds */
};

/* A look that ended so. True: give its record to hold_keep(). */
bool hold_note(struct hold *h, const struct verdict *d, const struct view *v, uint64_t after);
void hold_keep(struct hold *h, const struct decision *x, char *record); /* takes the record over */
void hold_end(struct hold *h); /* a look that was no hold */
void hold_done(struct hold *h);
/* What is told of a decision gets a line about the hold that came after it, if that still holds. */
void hold_mention(const struct hold *h, const struct decision *x, struct buf *to);
/* As a decision whose outcome says since when and how often; false: there was none. */
bool hold_decision(const struct hold *h, struct decision *ret);

#endif
