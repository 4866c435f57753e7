/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside store/decisions: what was decided, what came of it and which brakes were pulled, in order, until the file has it.
 * Bounded: the oldest decisions go first; pauses stay, for they are few and must hold. Plain memory, pure.
 */
#ifndef AGGREGATOR_STORE_CHANGES_H
#define AGGREGATOR_STORE_CHANGES_H

#include "aggregator/store/decisions.h"

enum change_kind { CHANGE_MADE, CHANGE_OUTCOME, CHANGE_PAUSED, CHANGE_RESUMED };

struct change {
	struct change *next;
	enum change_kind kind;
	struct decision x; /* MADE: all of it, OUTCOME: id and outcome */
	struct pause p;    /* PAUSED: all of it, RESUMED: workload */
	char *record;      /* MADE */
	size_t octets;
};

struct changes { /* changes_begin() it; readers walk it from `first` */
	struct change *first, **end;
	size_t n, octets; /* octets: of their records */
};

void changes_begin(struct changes *l);
/* At the end; what it is about is the caller's to fill in. `record` is copied, or NULL. */
struct change *changes_append(struct changes *l, enum change_kind kind, const char *record);
struct change *changes_made(const struct changes *l, uint64_t id); /* the MADE one; NULL: none waits */
void changes_clear(struct changes *l);
size_t changes_drop_decisions(struct changes *l); /* all of them; how many that were */
size_t changes_limit(struct changes *l);          /* to DECISIONS_WAITING and _OCTETS; how many went */

#endif
