/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/trial.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "aggregator/hpa_control.h"
#include "base/clock.h"
#include "base/mem.h"
#include "decide/decide.h"
#include "decide/saturation.h"

#define S	 CLOCK_NS_PER_S
#define PAST_S	 1000000u /* how long everything has been there when a trace begins */
#define RING_S	 4096u	  /* > any window, 2^n */
#define TOOK_S	 8u	  /* the longest window of durations: the store's RECENT_WINDOW_MAX_NS */
#define TOOK_RING_S 16u	  /* that, and for as long as a sample is fresh */
#define SAMPLE_AGE_NS (20 * CLOCK_NS_PER_MS)

struct run {
	const struct manifest *manifest;
	struct policy policy;
	struct plant plant;
	struct view view;
	struct view_replica *replica;
	uint32_t named;             /* replicas that have their name */
	const char *container;      /* HPA: the one whose request is known */
	double used[RING_S];        /* sum of what a serving replica used, milli x s, up to each second */
	uint32_t second_took[TOOK_RING_S][HIST_BUCKETS]; /* of a serving replica, in each of the newest seconds, */
	uint32_t took[TOOK_S + 1][HIST_BUCKETS];         /* and in so many of them */
	uint32_t heard_s;           /* the last second that was not silent */
	double heard_milli;         /* mean then */
	struct decide_state state;
	struct hpa_control *hpa;
	int direction;              /* of the last change */
	uint32_t changed_s;
	uint32_t miss_began;        /* UINT32_MAX: none is open */
	uint64_t reaction_sum_s;
	struct trial *t;
};

/* What its Deployment says of a container counts before the annotation for every other, as it does live. */
static const struct hpa_request *known_request(const struct hpa_manifest *m)
{
	const struct hpa_request *any = NULL;

	for (size_t i = 0; i < m->requests.n; i++) {
		const struct hpa_request *r = &m->requests.item[i];

		if (!r->cpu_known || r->cpu_milli <= 0)
			continue;
		if (*r->container)
			return r;
		any = r;
	}
	return any;
}

uint64_t trial_request_milli(const struct manifest *m)
{
	const struct hpa_request *r = m->hpa ? known_request(m->hpa) : NULL;

	if (!m->hpa)
		return m->policy.cpu_request_milli;
	return r ? (uint64_t)r->cpu_milli : 0;
}

bool trial_needs_request(const struct manifest *m)
{
	for (size_t i = 0; m->hpa && i < m->hpa->spec->n; i++)
		if (m->hpa->spec->metric[i].target == HPA_UTILIZATION)
			return true;
	return false;
}

/* --- what the decider sees */

static double mean_milli(const struct run *r, uint32_t s, uint32_t since)
{
	uint32_t window = (uint32_t)(r->policy.window_ns / S), from = s >= window ? s - window : 0;

	from = from < since ? since : from;
	return s > from ? (r->used[s % RING_S] - r->used[from % RING_S]) / (s - from) : 0;
}

static void name_replicas(struct run *r)
{
	for (; r->named < r->plant.n; r->named++) {
		struct view_replica *v = &r->replica[r->named];

		snprintf(v->name, sizeof(v->name), "replica-%u", r->named);
		if (!r->manifest->hpa)
			continue;
		v->ns = r->manifest->hpa->ns;
		v->pod = v->name;
		v->container = r->container;
	}
}

/* What would be measured of a second in which each that serves ran for `use_milli`, and waited for its share. */
static uint32_t measured_wait_permille(const struct plant *p)
{
	uint64_t ran_ns = (uint64_t)(p->use_milli * (S / 1000.0)), wanted_ns;

	if (p->wait_permille >= SATURATION_FULL)
		return SATURATION_FULL;
	wanted_ns = ran_ns * SATURATION_FULL / (SATURATION_FULL - p->wait_permille);
	return saturation_wait_permille(wanted_ns - ran_ns, wanted_ns, S);
}

static uint32_t took_window(const struct run *r)
{
	uint32_t s = (uint32_t)(r->policy.window_ns / S);

	return s < TOOK_S ? s : TOOK_S;
}

/* What came in the last 1, 2, … seconds that were heard. */
static void add_took(struct run *r)
{
	for (uint32_t k = 1; k <= took_window(r); k++)
		for (uint32_t i = 0; i < HIST_BUCKETS; i++)
			r->took[k][i] = r->took[k - 1][i] +
					(k > r->heard_s ? 0 : r->second_took[(r->heard_s - k) % TOOK_RING_S][i]);
}

static void look_at_requests(struct run *r, uint32_t i, int64_t began, struct view_replica *v)
{
	uint32_t window = took_window(r);
	int64_t served = i < r->plant.serving ? (int64_t)r->heard_s - began : 0;
	uint32_t k = served < 0 ? 0 : served < window ? (uint32_t)served : window;

	v->took = v->cpu_known ? r->took[k] : NULL;
	v->took_ns = (k ? k : window) * S;
}

static void look_at(struct run *r, uint32_t i, uint32_t s, uint32_t wait_permille)
{
	const struct plant *p = &r->plant;
	struct view_replica *v = &r->replica[i];
	int64_t began = p->born_s[i] + (int64_t)p->model.startup_s;
	int64_t age = p->born_s[i] < 0 ? PAST_S + (int64_t)s : (int64_t)s - p->born_s[i];

	v->age_ns = (uint64_t)age * S;
	v->sample_age_ns = (uint64_t)(s - r->heard_s) * S + SAMPLE_AGE_NS;
	v->cpu_known = v->runq_known = v->age_ns > v->sample_age_ns && v->sample_age_ns <= r->policy.fresh_ns;
	v->window_ns = r->policy.window_ns;
	v->cpu_milli = i < p->serving ? (uint64_t)(mean_milli(r, r->heard_s, began > 0 ? (uint32_t)began : 0) + 0.5) : 0;
	v->runq_permille = i < p->serving ? wait_permille : 0;
	if (policy_has(&r->policy, POLICY_LATENCY))
		look_at_requests(r, i, began, v);
}

static void look(struct run *r, uint32_t s)
{
	uint32_t wait_permille = measured_wait_permille(&r->plant);

	name_replicas(r);
	if (policy_has(&r->policy, POLICY_LATENCY))
		add_took(r);
	for (uint32_t i = 0; i < r->plant.n; i++)
		look_at(r, i, s, wait_permille);
	r->view.boottime_ns = (PAST_S + s) * S;
	r->view.wall_unix_ns = s * S;
	r->view.replicas = r->plant.n;
	r->view.replica = r->replica;
	r->view.nodes = r->view.fleet_nodes = 1;
	r->view.nodes_silent = r->view.fleet_silent = (s - r->heard_s) * S > r->policy.fresh_ns;
}

/* --- what it does */

static void note_change(struct run *r, uint32_t to, uint32_t s)
{
	int direction = to > r->plant.n ? 1 : -1;

	*(direction > 0 ? &r->t->ups : &r->t->downs) += 1;
	r->t->flaps += r->direction && direction != r->direction && s - r->changed_s < TRIAL_FLAP_S;
	r->direction = direction;
	r->changed_s = s;
	if (direction < 0 || r->miss_began == UINT32_MAX)
		return;
	r->t->reactions++;
	r->reaction_sum_s += s - r->miss_began;
	if (s - r->miss_began > r->t->reaction_worst_s)
		r->t->reaction_worst_s = s - r->miss_began;
	r->miss_began = UINT32_MAX;
}

static void note_look(struct trial *t, bool blind, const char *why)
{
	t->looks++;
	t->blind += blind;
	if (blind)
		snprintf(t->why_blind, sizeof(t->why_blind), "%.*s", (int)sizeof(t->why_blind) - 1, why);
}

static uint32_t decide_hpa(struct run *r)
{
	hpa_control_pass(r->hpa, r->manifest->hpa, &r->policy, &r->view, r->plant.n, NULL);
	note_look(r->t, r->hpa->outcome.blind, r->hpa->outcome.error);
	if (!r->hpa->outcome.rescale)
		return r->plant.n;
	hpa_control_done(r->hpa, r->manifest->hpa, r->view.boottime_ns, NULL);
	return r->hpa->outcome.to < 0 ? 0 : (uint32_t)r->hpa->outcome.to;
}

static uint32_t decide(struct run *r, uint32_t s)
{
	struct verdict d;

	if (r->hpa && s % TRIAL_HPA_PERIOD_S)
		return r->plant.n;
	look(r, s);
	if (r->hpa)
		return decide_hpa(r);
	decide_step(&r->policy, &r->view, r->plant.n, &r->state, &d);
	note_look(r->t, d.reason == VERDICT_BLIND, verdict_meaning(d.reason));
	return d.to;
}

/* --- the seconds */

static void note_second(struct run *r, uint32_t s, uint32_t load_milli)
{
	const struct plant *p = &r->plant;
	uint32_t need = plant_need(&p->model, load_milli);
	struct trial *t = r->t;

	t->point[s] = (struct trial_point){(uint16_t)p->n, (uint16_t)p->serving, (uint16_t)need, p->missed};
	t->replica_s += p->n;
	t->missed_s += p->missed;
	t->need_s += need;
	t->excess_s += p->n > need ? p->n - need : 0;
	t->lack_s += p->serving < need ? need - p->serving : 0;
	t->least = p->n < t->least ? p->n : t->least;
	t->most = p->n > t->most ? p->n : t->most;
	if (!p->missed)
		r->miss_began = UINT32_MAX;
	else if (r->miss_began == UINT32_MAX && (!s || !t->point[s - 1].missed))
		r->miss_began = s;
}

static void second(struct run *r, const struct trace *trace, uint32_t s)
{
	uint32_t to;

	plant_second(&r->plant, s, trace->cpu_milli[s]);
	if (policy_has(&r->policy, POLICY_LATENCY))
		plant_took(&r->plant, r->second_took[s % TOOK_RING_S]);
	r->used[(s + 1) % RING_S] = r->used[s % RING_S] + r->plant.use_milli;
	if (!trace->silent[s])
		r->heard_s = s + 1;
	note_second(r, s, trace->cpu_milli[s]);
	to = decide(r, s + 1);
	if (to == r->plant.n)
		return;
	note_change(r, to, s + 1);
	plant_set(&r->plant, to, s + 1);
}

static uint32_t clamped(const struct policy *p, uint32_t n)
{
	if (n < p->min_replicas)
		return p->min_replicas;
	return n > p->max_replicas ? p->max_replicas : n;
}

static void begin(const struct manifest *m, const struct trace *trace, const struct plant_model *model,
		  struct trial *ret, struct run *r)
{
	r->manifest = m;
	r->policy = m->policy;
	r->policy.enforce = true;
	r->miss_began = UINT32_MAX;
	r->t = ret;
	if (m->hpa) {
		r->hpa = hpa_control_new();
		r->container = known_request(m->hpa) ? known_request(m->hpa)->container : NULL;
		r->policy.window_ns = TRIAL_HPA_PERIOD_S * S;
	}
	plant_begin(model, clamped(&r->policy, plant_need(model, trace->cpu_milli[0])), &r->plant);
	r->replica = mem_zero(PLANT_REPLICAS * sizeof(*r->replica));
	*ret = (struct trial){.seconds = trace->seconds, .least = UINT32_MAX,
			      .point = mem_array(NULL, trace->seconds, sizeof(*ret->point))};
}

void trial_run(const struct manifest *m, const struct trace *t, const struct plant_model *model,
	       void (*progress)(uint32_t percent, void *data), void *data, struct trial *ret)
{
	struct run *r = mem_new(struct run);
	uint32_t every = t->seconds / 100 + 1;

	begin(m, t, model, ret, r);
	for (uint32_t s = 0; s < t->seconds; s++) {
		second(r, t, s);
		if (progress && s % every == 0)
			progress((uint32_t)(100ull * s / t->seconds), data);
	}
	if (ret->reactions)
		ret->reaction_mean_ms = (uint32_t)(r->reaction_sum_s * 1000 / ret->reactions);
	hpa_control_free(r->hpa);
	plant_done(&r->plant);
	free(r->replica);
	free(r);
}

void trial_done(struct trial *t)
{
	free(t->point);
	*t = (struct trial){0};
}
