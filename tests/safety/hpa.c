/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes' HorizontalPodAutoscaler (decide/hpa_*.h, bit for bit) in the same world: every 15 s, with the
 * same target, bounds and stabilization and its own default rates. It is told what a metrics API would say of
 * what happened to the nodes: no value for what is cut off or absent, 0 for zeroes, the last value for what is
 * frozen or late (it does not look at their age), an enormous one for huge, and an error for what is no number.
 */
#include <stdio.h>
#include <string.h>

#include "decide/hpa_step.h"
#include "safety/run.h"

#define SYNC_S 15u
#define ROOM   64

struct side {
	struct run run;
	char name[WORLD_PODS][16];
	struct hpa_amount use[WORLD_PODS];
	struct hpa_container used[WORLD_PODS];
	struct hpa_pod pod[WORLD_PODS];
	struct hpa_pod_sample sample[WORLD_PODS];
	int64_t kept_milli[WORLD_PODS * 64]; /* by pod: the last honest value */
	uint32_t kept_s[WORLD_PODS * 64];
	struct hpa_log_entry room[3][ROOM];
	struct hpa_state state;
	struct hpa_outcome out;
};

static const struct hpa_amount request = {"cpu", 500, 0};
static const struct hpa_container asking = {HPA_PLAIN, "app", 1, &request};

static void describe(struct side *x, uint32_t i)
{
	const struct plant_pod *p = &x->run.plant.pod[i];
	int64_t born_ms = p->born_s * 1000ll;
	int64_t ready_ms = born_ms + x->run.world->startup_s * 1000ll;

	snprintf(x->name[i], sizeof(x->name[i]), "pod-%u", p->number);
	x->pod[i] = (struct hpa_pod){.name = x->name[i], .phase = HPA_RUNNING, .started = true,
				     .start_ms = born_ms, .n_containers = 1,
				     .container = &asking, .ready_since_ms = ready_ms};
}

/* False: there is no value. */
static bool value_of(struct side *x, uint32_t i, uint32_t s, int64_t *ret_milli, uint32_t *ret_s)
{
	const struct plant_pod *p = &x->run.plant.pod[i];
	const struct fault *f = world_fault(x->run.world, p->node, s);
	uint32_t slot = p->number % (WORLD_PODS * 64);

	*ret_s = s;
	*ret_milli = p->use_milli;
	switch (f ? f->kind : FAULTS) {
	case FAULT_LOST:
	case FAULT_RESTART:
	case FAULT_ABSENT:
	case FAULT_CLOCK_BACK:
		return false;
	case FAULT_ZERO:
	case FAULT_ROWS_ZERO:
		*ret_milli = 0;
		return true;
	case FAULT_HUGE:
		*ret_milli = (int64_t)1 << 40;
		return true;
	case FAULT_FROZEN:
	case FAULT_LATE:
		*ret_milli = x->kept_milli[slot];
		*ret_s = x->kept_s[slot];
		return *ret_s > 0;
	default:
		x->kept_milli[slot] = *ret_milli;
		x->kept_s[slot] = s;
		return true;
	}
}

static bool any_not_a_number(const struct side *x, uint32_t s)
{
	for (uint32_t n = 0; n < x->run.world->nodes; n++) {
		const struct fault *f = world_fault(x->run.world, n, s);

		if (f && f->kind == FAULT_NOT_A_NUMBER)
			return true;
	}
	return false;
}

static void gather(struct side *x, uint32_t s, struct hpa_answer *ret)
{
	*ret = (struct hpa_answer){.sample = x->sample};
	if (any_not_a_number(x, s)) {
		ret->error = "the value is no number";
		return;
	}
	for (uint32_t i = 0; i < x->run.plant.n; i++) {
		uint32_t at;
		int64_t milli;

		describe(x, i);
		x->pod[i].ready = (int64_t)s * 1000 >= x->pod[i].ready_since_ms ? HPA_READY_TRUE : HPA_READY_FALSE;
		if (x->pod[i].ready == HPA_READY_FALSE)
			x->pod[i].ready_since_ms = x->pod[i].start_ms;
		if (!value_of(x, i, s, &milli, &at))
			continue;
		x->use[i] = (struct hpa_amount){"cpu", milli, 0};
		x->used[i] = (struct hpa_container){HPA_PLAIN, "app", 1, &x->use[i]};
		x->sample[ret->n++] = (struct hpa_pod_sample){.pod = x->name[i], .timestamp_ms = at * 1000ll,
							      .window_ms = SYNC_S * 1000, .n_containers = 1,
							      .container = &x->used[i]};
	}
}

static void evaluate(struct side *x, uint32_t s)
{
	static const struct hpa_config config = {.tolerance = 0.1, .cpu_initialization_ms = 300000,
						 .initial_readiness_ms = 30000,
						 .downscale_stabilization_ms = 300000};
	static const struct hpa_policy up[] = {{HPA_POLICY_PODS, 4, 15}, {HPA_POLICY_PERCENT, 100, 15}};
	static const struct hpa_policy down[] = {{HPA_POLICY_PERCENT, 100, 15}};
	const struct policy *p = &x->run.world->policy;
	struct hpa_behavior b = {
		.up = {true, (int32_t)(p->up_stabilization_ns / 1000000000), HPA_SELECT_MAX, 2, up, false, 0},
		.down = {true, (int32_t)(p->down_stabilization_ns / 1000000000), HPA_SELECT_MAX, 1, down, false, 0}};
	struct hpa_metric cpu = {.source = HPA_RESOURCE, .name = "cpu",
				 .utilization = (int32_t)p->metric[0].target_percent};
	struct hpa_spec spec = {.ns = "ns", .target_kind = "Deployment", .target_name = "web",
				.min = (int32_t)p->min_replicas, .max = (int32_t)p->max_replicas, .n = 1,
				.metric = &cpu, .behavior = &b};
	struct hpa_answer answer;
	int32_t n = (int32_t)x->run.plant.n;

	gather(x, s, &answer);
	struct hpa_input in = {.now_ms = s * 1000ll, .scale = {n, n}, .selector = "app=web",
			       .n_pods = x->run.plant.n, .pod = x->pod, .answer = &answer};
	hpa_step(&spec, &config, &in, &x->state, &x->out);
	x->run.result.evaluations++;
	if (!x->out.rescale)
		return;
	run_act(&x->run, (uint32_t)n, (uint32_t)x->out.to, s, "hpa");
	hpa_step_done(&spec, &config, in.now_ms, NULL, &x->state, &x->out);
}

void run_hpa(const struct world *w, FILE *tell, struct run_result *ret)
{
	static struct side x;

	memset(&x, 0, offsetof(struct side, out));
	x.state.memory = (struct hpa_memory){{.entry = x.room[0], .room = ROOM},
					     {.entry = x.room[1], .room = ROOM},
					     {.entry = x.room[2], .room = ROOM}};
	run_begin(w, "hpa", tell, &x.run);
	for (uint32_t s = w->period_s; s <= WORLD_SECONDS; s += w->period_s) {
		run_second(&x.run, s);
		if (s % SYNC_S == 0 && !world_pause(w, s))
			evaluate(&x, s);
	}
	*ret = x.run.result;
}
