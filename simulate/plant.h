/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would run: replicas that serve after a start-up, carry what they can and leave the rest waiting. One formula
 * each, argued in docs/design/simulation.md. With n replicas that serve, capacity C each, and a load of L:
 *	use of each      u = min(C, (L + backlog / 1 s) / n)
 *	backlog          grows by (L - n C) a second, and shrinks when that is negative; milli-core-seconds
 *	waiting share    u / C: of the time a request is there, what it waits (M/M/1); all of it with a backlog
 *	response time    1 / (1 - u / C) times that of an idle replica (M/M/1), exponential; and what is to be worked off first
 * A second misses the SLO when nothing serves or there is a backlog or the response time is above slo times that.
 */
#ifndef SIMULATE_PLANT_H
#define SIMULATE_PLANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"

struct plant_model {
	uint64_t capacity_milli; /* of a replica, > 0 */
	uint32_t startup_s;
	double slo;              /* times the response time of an idle replica, > 1 */
	uint32_t idle_us;        /* that response time, mean; 0: PLANT_IDLE_US */
};

#define PLANT_IDLE_US 10000u

#define PLANT_REPLICAS 10000u

struct plant {
	struct plant_model model;
	uint32_t n;
	int64_t *born_s;        /* room for PLANT_REPLICAS; in order, the oldest first */
	uint32_t serving;       /* of them: the first ones */
	double backlog_milli_s;
	double use_milli;       /* of each that serves, in the newest second */
	uint32_t wait_permille;
	bool missed;            /* the SLO, in the newest second */
};

/* `replicas` serve from the beginning. */
void plant_begin(const struct plant_model *m, uint32_t replicas, struct plant *ret);
void plant_set(struct plant *p, uint32_t replicas, uint32_t s); /* the youngest go first */
void plant_second(struct plant *p, uint32_t s, uint32_t load_milli);
/* How long the requests took that each replica which serves answered in the newest second; counts by base/hist.h. */
void plant_took(const struct plant *p, uint32_t ret[HIST_BUCKETS]);
void plant_done(struct plant *p);
/* How many replicas keep the SLO at that load. */
uint32_t plant_need(const struct plant_model *m, uint32_t load_milli);

#endif
