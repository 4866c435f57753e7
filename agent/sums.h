/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the sample: a row's values, added up of its cgroups' each second. Counters never fall, whichever cgroup ends: what
 * it counted stays. No allocation unless a cgroup ends.
 */
#ifndef AGENT_SUMS_H
#define AGENT_SUMS_H

#include "agent/sample.h"

struct sums {
	struct sample_row out;     /* first: rows are handed out as this */
	struct signals *base; /* summed counters of its cgroups that ended; NULL: none did */
	struct signals *last; /* what its own cgroup said at its end; NULL: it lives */
	uint64_t ran_before; /* runs of earlier cgroups of this path */
	uint64_t runs;       /* of its own cgroup */
	uint64_t attempt;    /* what its runtime says, if … */
	bool attempt_known;
	bool told;         /* was in the rows of a second */
	bool buried;       /* and its end was too */
	bool holds_others; /* other rows are below it */
};

void sums_start(struct sums *r); /* of a second: sums begin anew, and an ended row keeps what its gauges were last */
void sums_add(struct sums *r, const struct signals *from, bool own); /* one of its cgroups; `own`: not one below that */
void sums_finish(struct sums *r); /* of the second, when all are added */
void sums_fold(struct sums *r, const struct signals *reading, bool own); /* the last that a cgroup of it said */
void sums_free(struct sums *r); /* what it has besides `out` */

/* Restarts: */
bool sums_is_pods(const struct sums *r); /* only its runtime knows how often it began */
uint64_t sums_runs(const struct sums *r);
void sums_tell_attempt(struct sums *r, const struct sample_names *n); /* what its runtime says */

#endif
