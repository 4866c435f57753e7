/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a simulated day takes: one workload of up to 20 replicas, a decision a second (ScalingPolicy) or every 15 s
 * (HorizontalPodAutoscaler), in turns. CPU time of one thread.
 *
 *	bench-simulate [quick]
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/spread.h"
#include "simulate/trial.h"

#define ROUNDS 21

static const char *const policy[] = {
	"apiVersion: plimsoll.io/v1alpha1\nkind: ScalingPolicy\nmetadata: {name: a}\nspec:\n"
	"  target: {cgroup: \"/a/*\", cpuRequest: 500m}\n  maxReplicas: 20\n  metrics:\n    - type: Resource\n"
	"      resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}\n"
	"  actuator: {none: {}}\n",
	"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n"
	"  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}\n  maxReplicas: 20\n  metrics:\n"
	"    - type: Resource\n      resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}\n"
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
	"spec: {template: {spec: {containers: [{name: c, resources: {requests: {cpu: 500m}}}]}}}\n"};

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double one(const struct manifest *m, const struct trace *t, struct trial *ret)
{
	const struct plant_model model = {.capacity_milli = 500, .startup_s = 10, .slo = 5};
	double begin = cpu_ms();

	trial_run(m, t, &model, NULL, NULL, ret);
	return cpu_ms() - begin;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 && !strcmp(argv[1], "quick") ? 1 : ROUNDS;
	struct manifests all[2] = {0};
	struct trial last;
	uint32_t least = 0, most = 0;
	double ms[2][ROUNDS];
	struct trace day;
	struct err e;

	for (int i = 0; i < 2; i++)
		if (manifests_parse("policy.yaml", policy[i], strlen(policy[i]), &all[i], &e) < 0) {
			err_print(&e, "bench-simulate", stderr);
			return 1;
		}
	trace_shape("daily", 6400, &day);
	for (int r = -1; r < rounds; r++) /* the first one pages in and is not counted */
		for (int i = 0; i < 2; i++) {
			double took = one(&all[i].item[0], &day, &last);

			if (r >= 0)
				ms[i][r] = took;
			least = last.least;
			most = last.most;
			trial_done(&last);
		}
	printf("A simulated day of one workload of %u to %u replicas, %d rounds in turns.\n\n", least, most,
	       rounds);
	printf("| policy | ms of CPU, median (least–most) |\n|---|---|\n");
	for (int i = 0; i < 2; i++) {
		struct spread s = spread_of(ms[i], rounds);

		printf("| %s | %.1f (%.1f–%.1f) |\n", i ? "HorizontalPodAutoscaler, every 15 s" : "ScalingPolicy, every second",
		       s.median, s.low, s.high);
		manifests_done(&all[i]);
	}
	trace_done(&day);
	return 0;
}
