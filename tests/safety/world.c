/* SPDX-License-Identifier: Apache-2.0 */
#include "safety/world.h"

#include <stdio.h>
#include <string.h>

#define SECOND	    1000000000ull
#define LONGEST_S   600u /* of a fault */
#define NOISE       30u  /* permille */
#define KNOWN_S	    90u /* of work that was seen, so that a fall from it can be */
#define APART_S	    120u /* between faults that may not meet */
#define BACK_S	    50u  /* a hand that lets go does so while the order still stands */
#define TRIES	    8u   /* to find a place for a hand */

static void draw_policy(struct chance *c, struct world *w)
{
	struct policy *p = &w->policy;

	*p = (struct policy){.name = "safety", .enforce = true, .min_replicas = 1, .tolerance_permille = 100};
	p->max_replicas = (uint32_t)chance_in(c, 6, WORLD_PODS);
	p->cpu_request_milli = 500;
	p->window_ns = chance_in(c, 2, 10) * SECOND;
	p->fresh_ns = 3 * SECOND; /* the store knows who samples less often */
	p->down_stabilization_ns = (chance_one_in(c, 2) ? 300 : chance_in(c, 0, 120)) * SECOND;
	p->up_stabilization_ns = (chance_one_in(c, 4) ? chance_in(c, 1, 60) : 0) * SECOND;
	p->up_period_ns = 15 * SECOND;
	p->down_period_ns = 60 * SECOND;
	p->down_permille = 100;
	p->min_coverage_permille = 900;
	p->young_ns = w->startup_s * SECOND + p->window_ns;
	p->n_metrics = 1;
	p->metric[0] = (struct policy_metric){POLICY_CPU, (uint32_t)chance_in(c, 40, 90)};
}

/* Levels that the load goes to, at once or gradually, and stays at. */
static void draw_demand(struct chance *c, struct world *w)
{
	uint32_t most = w->policy.max_replicas * 450, level = (uint32_t)chance_in(c, 100, most), s = 0;

	while (s < WORLD_SECONDS) {
		uint32_t stay = (uint32_t)chance_in(c, 60, 900), begin = level;
		uint32_t next = (uint32_t)chance_in(c, chance_one_in(c, 8) ? 0 : 100, most);
		uint32_t way = chance_one_in(c, 2) ? 1 : (uint32_t)chance_in(c, 10, 300);

		for (uint32_t i = 0; i < way + stay && s < WORLD_SECONDS; i++, s++) {
			uint32_t at = i < way ? i + 1 : way;

			level = (uint32_t)((int64_t)begin + ((int64_t)next - begin) * at / way);
			w->demand_milli[s] =
				(uint32_t)(level * chance_in(c, 1000 - NOISE, 1000 + NOISE) / 1000);
		}
	}
}

static uint32_t draw_nodes(struct chance *c, uint32_t n)
{
	uint32_t all = (1u << n) - 1;

	switch (chance_in(c, 0, 3)) {
	case 0:
		return all;
	case 1:
		return 1u << chance_in(c, 0, n - 1);
	default:
		return (uint32_t)chance_in(c, 1, all);
	}
}

/* Short ones are as likely as long ones: each length from 1 s to 10 min by its logarithm. */
static uint32_t draw_length(struct chance *c)
{
	uint32_t most = 1u << chance_in(c, 0, 10);

	most = (uint32_t)chance_in(c, most / 2 + 1, most);
	return most < LONGEST_S ? most : LONGEST_S;
}

static bool cuts_off(enum fault_kind k)
{
	return k == FAULT_LOST || k == FAULT_RESTART || k == FAULT_CLOCK_BACK || k == FAULT_PAUSED;
}

/* Nobody can know then what somebody else has set. */
static bool hides_replicas(enum fault_kind k)
{
	return cuts_off(k) || k == FAULT_ZERO || k == FAULT_FROZEN || k == FAULT_HUGE || k == FAULT_NOT_A_NUMBER ||
	       k == FAULT_LATE;
}

static bool may_not_meet(enum fault_kind a, enum fault_kind b)
{
	if (a == FAULT_FOREIGN)
		return b == FAULT_FOREIGN || hides_replicas(b);
	if (a == FAULT_RESTART && b == FAULT_ROWS_ZERO)
		return true; /* rows that read 0 from the beginning of a run are idle, for all that can be told */
	return cuts_off(a) && cuts_off(b); /* one after the other they would pass STORE_SILENT_KEEP_NS */
}

/* When all that it did is over: a row that was first named in a second that is refused is not named again before the
 * next keyframe. */
static uint32_t over_s(const struct world *w, const struct fault *o)
{
	return o->ends_s + APART_S + (o->kind == FAULT_CLOCK_BACK ? WORLD_KEYFRAME * w->period_s : 0);
}

static void part(const struct world *w, struct fault *f)
{
	for (const struct fault *o = w->fault; o < f; o++) {
		bool meet = o->begins_s <= f->ends_s + APART_S && f->begins_s <= over_s(w, o);

		if (meet && (may_not_meet(o->kind, f->kind) || may_not_meet(f->kind, o->kind)))
			f->nodes &= ~o->nodes;
	}
}

static void draw_faults(struct chance *c, struct world *w)
{
	w->n_faults = (uint32_t)chance_in(c, 0, WORLD_FAULTS);
	for (uint32_t i = 0; i < w->n_faults; i++) {
		struct fault *f = &w->fault[i];

		f->kind = (enum fault_kind)chance_in(c, 0, FAULT_FOREIGN - 1);
		f->begins_s = (uint32_t)chance_in(c, 60, WORLD_SECONDS - 1);
		f->ends_s = f->begins_s + draw_length(c);
		f->nodes = draw_nodes(c, w->nodes);
		f->lag_s = (uint32_t)chance_in(c, 2, 60);
		f->random = chance_next(c);
		if (f->kind == FAULT_PAUSED)
			f->nodes = (1u << w->nodes) - 1;
		part(w, f);
	}
}

static struct fault draw_hand(struct chance *c, const struct world *w)
{
	struct fault f = {.kind = FAULT_FOREIGN, .begins_s = (uint32_t)chance_in(c, 60, WORLD_SECONDS - 1)};

	f.ends_s = f.begins_s + (uint32_t)chance_in(c, 1, BACK_S);
	f.nodes = (1u << w->nodes) - 1;
	f.replicas = (uint32_t)chance_in(c, 1, WORLD_PODS);
	f.back = chance_one_in(c, 3);
	return f;
}

/* Last, so that what a seed had before there were hands stays as it was. */
static void draw_hands(struct chance *c, struct world *w)
{
	uint32_t n = (uint32_t)chance_in(c, 0, WORLD_HANDS);

	for (uint32_t tries = n * TRIES; n && tries; tries--) {
		struct fault *f = &w->fault[w->n_faults];

		*f = draw_hand(c, w);
		part(w, f);
		if (!world_strikes_all(w, f))
			continue;
		w->n_faults++;
		n--;
	}
}

/* Requests of half of the worlds are heard, and their policy minds. After all else, so that worlds stay as they were. */
static void draw_latency(struct chance *c, struct world *w)
{
	w->hears = chance_one_in(c, 2);
	if (!w->hears)
		return;
	w->policy.metric[w->policy.n_metrics++] = (struct policy_metric){
		.kind = POLICY_LATENCY, .target_percent = 100, .quantile_percent = 95, .target_us = 50000};
	for (uint64_t n = chance_in(c, 0, WORLD_DEAF); n > 0; n--) {
		struct fault *f = &w->fault[w->n_faults++];

		*f = (struct fault){.kind = (enum fault_kind)chance_in(c, FAULT_UNHEARD, FAULTS - 1)};
		f->begins_s = (uint32_t)chance_in(c, 60, WORLD_SECONDS - 1);
		f->ends_s = f->begins_s + draw_length(c);
		f->nodes = draw_nodes(c, w->nodes);
	}
}

static uint32_t draw_period(struct chance *c)
{
	static const uint32_t periods[] = {1, 5, 5, 5, 15, 15, 15, 15, 15, 15};

	return periods[chance_in(c, 0, sizeof(periods) / sizeof(periods[0]) - 1)];
}

void world_make(uint64_t seed, struct world *w)
{
	struct chance c = chance_of(seed);

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	chance_next(&c);
	w->period_s = draw_period(&c);
	w->nodes = (uint32_t)chance_in(&c, 2, WORLD_NODES);
	w->startup_s = (uint32_t)chance_in(&c, 1, 40);
	w->startup_milli = chance_one_in(&c, 2) ? (uint32_t)chance_in(&c, 0, WORLD_POD_MILLI) : 0;
	draw_policy(&c, w);
	draw_demand(&c, w);
	draw_faults(&c, w);
	draw_hands(&c, w);
	draw_latency(&c, w);
}

const struct fault *world_fault(const struct world *w, uint32_t node, uint32_t s)
{
	for (uint32_t i = 0; i < w->n_faults; i++) {
		const struct fault *f = &w->fault[i];

		if (f->kind != FAULT_PAUSED && f->kind != FAULT_FOREIGN && f->begins_s <= s && s < f->ends_s &&
		    (f->nodes >> node & 1))
			return f;
	}
	return NULL;
}

bool world_strikes_all(const struct world *w, const struct fault *f)
{
	return f->nodes == (1u << w->nodes) - 1;
}

bool world_hides(const struct world *w, const struct fault *f, int32_t born_s)
{
	return born_s + (int64_t)(w->startup_s + KNOWN_S) < f->begins_s;
}

const struct fault *world_pause(const struct world *w, uint32_t s)
{
	for (uint32_t i = 0; i < w->n_faults; i++)
		if (w->fault[i].kind == FAULT_PAUSED && world_strikes_all(w, &w->fault[i]) && w->fault[i].begins_s <= s &&
		    s < w->fault[i].ends_s)
			return &w->fault[i];
	return NULL;
}

const char *world_fault_word(enum fault_kind k)
{
	static const char *const words[] = {
#define X(ID, what) #ID,
		FAULTS_X(X)
#undef X
	};

	return words[k];
}
