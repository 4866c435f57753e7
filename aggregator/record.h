/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision's record: everything decide_step() was given and what it answered, as one JSON object, so
 * that anyone can recompute it, today or with a later version. `record_parse` reads only what it knows;
 * keys of a newer version are left alone. Numbers are integers in the unit of their name; null stands
 * for "never" (UINT64_MAX). Pure: no clock, no I/O, any thread.
 */
#ifndef AGGREGATOR_RECORD_H
#define AGGREGATOR_RECORD_H

#include "base/err.h"
#include "base/scope.h"
#include "decide/decide.h"

#define RECORD_REPLICAS 100000 /* more than any view; a file that claims more is refused */
#define RECORD_HOLD	"hold/" /* before a workload's name: the record of its newest hold, not of a decision */

struct record {
	struct policy policy;
	struct view view;            /* its replicas are the record's own */
	uint32_t current;
	struct decide_state state;   /* before the step */
	struct verdict verdict;
	void *json;                  /* what the texts of the view are part of */
};

/* Compact JSON, the caller's; NULL: no memory. Names that are not UTF-8 get a "?" for a wrong byte. */
char *record_json(const struct policy *p, const struct view *v, uint32_t current,
		  const struct decide_state *before, const struct verdict *d);
/* -EBADMSG: no JSON; -EINVAL: no record, a value is missing or out of its range (*e says which). */
int record_parse(const char *json, struct record **ret, struct err *e);
struct record *record_free(struct record *r); /* NULL is fine; returns NULL */
/* Decides again; true: the verdict is the recorded one in every field. */
bool record_replay(const struct record *r, struct verdict *ret);

scope_define(struct record, record_free)

#endif
