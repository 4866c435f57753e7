/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it takes to decide on a whole fleet once: WORKLOADS of 15 pods, by Kubernetes' HPA bit for bit
 * (hpa_step) and by our own decider (decide_step), in turns. CPU time of one thread; every workload is out
 * of tolerance, so that no short cut is taken.
 *
 *	bench-decide [quick]
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench/spread.h"
#include "decide/decide.h"
#include "decide/hpa_step.h"

#define PODS	 15
#define ROOM	 32 /* of a log: more than a window of 5 minutes holds at 15 s */
#define ROUNDS	 21
#define PERIOD_S 15

struct workload {
	char name[PODS][64];
	struct hpa_amount use[PODS];
	struct hpa_container used[PODS];
	struct hpa_pod pod[PODS];
	struct hpa_pod_sample sample[PODS];
	struct view_replica replica[PODS];
	struct hpa_log_entry room[3][ROOM];
	struct hpa_state hpa;
	struct decide_state native;
};

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fill(struct workload *w, size_t number)
{
	static const struct hpa_amount request = {"cpu", 100, 0};
	static const struct hpa_container asking = {HPA_PLAIN, "app", 1, &request};

	for (size_t i = 0; i < PODS; i++) {
		int64_t milli = 70 + (int64_t)((number + i) % 37);

		snprintf(w->name[i], sizeof(w->name[i]), "web-%zu-7d9f8b6c5d-%02zu", number, i);
		w->use[i] = (struct hpa_amount){"cpu", milli, 0};
		w->used[i] = (struct hpa_container){HPA_PLAIN, "app", 1, &w->use[i]};
		w->pod[i] = (struct hpa_pod){.name = w->name[i], .phase = HPA_RUNNING, .started = true,
					     .start_ms = -1000000, .ready = HPA_READY_TRUE,
					     .ready_since_ms = -900000, .n_containers = 1, .container = &asking};
		w->sample[i] = (struct hpa_pod_sample){.pod = w->name[i], .timestamp_ms = -5000,
						       .window_ms = 15000, .n_containers = 1,
						       .container = &w->used[i]};
		w->replica[i] = (struct view_replica){.age_ns = 3600 * CLOCK_NS_PER_S, .cpu_known = true, .cpu_milli = (uint64_t)milli};
		memcpy(w->replica[i].name, w->name[i], sizeof(w->name[i]));
	}
	w->hpa.memory = (struct hpa_memory){{.entry = w->room[0], .room = ROOM},
					    {.entry = w->room[1], .room = ROOM},
					    {.entry = w->room[2], .room = ROOM}};
}

/* Returns how many changes it wants, so that nothing is optimized away. */
static size_t all_hpa(struct workload *w, size_t n, int64_t now_ms)
{
	static const struct hpa_policy up[] = {{HPA_POLICY_PODS, 4, 15}, {HPA_POLICY_PERCENT, 100, 15}};
	static const struct hpa_behavior b = {.up = {.n = 2, .policy = up}, .down = {.n = 1, .policy = up + 1}};
	static const struct hpa_metric cpu = {.source = HPA_RESOURCE, .name = "cpu", .utilization = 60};
	static const struct hpa_spec spec = {.ns = "ns", .target_kind = "Deployment", .target_name = "web",
					     .min = 1, .max = 50, .n = 1, .metric = &cpu, .behavior = &b};
	static const struct hpa_config config = {.tolerance = 0.1, .downscale_stabilization_ms = 300000};
	static struct hpa_outcome out;
	size_t changes = 0;

	for (size_t i = 0; i < n; i++) {
		struct hpa_answer a = {.n = PODS, .sample = w[i].sample};
		struct hpa_input in = {.now_ms = now_ms, .scale = {PODS, PODS}, .selector = "app=web",
				       .n_pods = PODS, .pod = w[i].pod, .answer = &a};

		hpa_step(&spec, &config, &in, &w[i].hpa, &out);
		changes += out.rescale;
		if (out.rescale)
			hpa_step_done(&spec, &config, now_ms, NULL, &w[i].hpa, &out);
	}
	return changes;
}

static size_t all_native(struct workload *w, size_t n, int64_t now_ms)
{
	static const struct policy p = {.min_replicas = 1, .max_replicas = 50, .cpu_request_milli = 100,
					.tolerance_permille = 100, .fresh_ns = 3 * CLOCK_NS_PER_S,
					.down_stabilization_ns = 300 * CLOCK_NS_PER_S,
					.up_period_ns = 15 * CLOCK_NS_PER_S,
					.down_period_ns = 60 * CLOCK_NS_PER_S, .down_permille = 100,
					.young_ns = 10 * CLOCK_NS_PER_S, .min_coverage_permille = 900,
					.n_metrics = 1,
					.metric = {{POLICY_CPU, 60}}};
	size_t changes = 0;

	for (size_t i = 0; i < n; i++) {
		struct view v = {.boottime_ns = (uint64_t)now_ms * CLOCK_NS_PER_MS, .replicas = PODS,
				 .replica = w[i].replica};
		struct verdict d;

		decide_step(&p, &v, PODS, &w[i].native, &d);
		changes += d.to != PODS;
	}
	return changes;
}

static void print(const char *side, double *ms, int rounds, size_t n, size_t changes)
{
	struct spread s = spread_of(ms, rounds);

	printf("| %s | %.1f (%.1f–%.1f) | %.2f | %zu |\n", side, s.median, s.low, s.high,
	       s.median * 1e3 / (double)n, changes);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && !strcmp(argv[1], "quick");
	size_t n = quick ? 500 : 10000, changes[2] = {0};
	int rounds = quick ? 3 : ROUNDS;
	struct workload *w = mem_array(NULL, n, sizeof(*w));
	double ms[2][ROUNDS];

	memset(w, 0, n * sizeof(*w));
	for (size_t i = 0; i < n; i++)
		fill(&w[i], i);
	for (int r = -1; r < rounds; r++) { /* the first one pages in and is not counted */
		int64_t now_ms = (r + 1) * PERIOD_S * 1000ll;
		double start = cpu_ms(), middle, end;

		changes[0] = all_hpa(w, n, now_ms);
		middle = cpu_ms();
		changes[1] = all_native(w, n, now_ms);
		end = cpu_ms();
		if (r >= 0) {
			ms[0][r] = middle - start;
			ms[1][r] = end - middle;
		}
	}
	printf("One decision on each of %zu workloads of %d pods, %d rounds in turns.\n\n", n, PODS, rounds);
	printf("| decider | ms of CPU for all, median (least–most) | us a workload | changes |\n|---|---|---|---|\n");
	print("hpa_step, Kubernetes' HPA", ms[0], rounds, n, changes[0]);
	print("decide_step, our own", ms[1], rounds, n, changes[1]);
	free(w);
	return changes[0] && changes[1] ? 0 : 1; /* nobody who wants nothing was measured */
}
