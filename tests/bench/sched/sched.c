/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-sched: what programs on sched_switch cost a load that does nothing but switch. Each round runs
 * the load once without any and once with each of the three, in rotating order, and gives a ratio to
 * the run without. `bench-sched quick` only proves that it runs.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/probe/probe.h"
#include "bench/spread.h"
#include "empty.skel.h"
#include "load.h"
#include "wakeup.skel.h"

#define MAX_ROUNDS 25
#define TRIPS      40000
#define SLOTS      2048 /* the agent's default */
#define CPU        0

enum { NONE, EMPTY, OURS, WAKEUP, SIDES };

static const char *const names[SIDES] = {
	[NONE] = "no program",
	[EMPTY] = "empty `sched_switch` program",
	[OURS] = "ours: on-CPU time, wait and histogram by cgroup",
	[WAKEUP] = "wake-up and switch, hash by pid: histogram of waits by cgroup",
};

struct attached {
	struct probe *probe;
	struct empty_bpf *empty;
	struct wakeup_bpf *wakeup;
};

_Noreturn static void fail(int side, const struct err *e)
{
	if (e)
		err_print(e, "bench-sched", stderr);
	else
		fprintf(stderr, "bench-sched: cannot attach: %s\n", names[side]);
	exit(1);
}

/* The agent's watcher; the load's cgroup is known before the load begins. */
static void ignore(struct probe_cgroup *c, void *data)
{
	(void)c;
	(void)data;
}

static void attach(int side, struct attached *a)
{
	struct probe_options o = {.max_cgroups = SLOTS, .watcher = {ignore, ignore, NULL}};
	struct err e;

	*a = (struct attached){0};
	if (side == OURS && probe_open(&o, &a->probe, &e) < 0)
		fail(side, &e);
	if (side == EMPTY && (!(a->empty = empty_bpf__open_and_load()) || empty_bpf__attach(a->empty) < 0))
		fail(side, NULL);
	if (side == WAKEUP &&
	    (!(a->wakeup = wakeup_bpf__open_and_load()) || wakeup_bpf__attach(a->wakeup) < 0))
		fail(side, NULL);
}

static void detach(struct attached *a)
{
	probe_close(a->probe);
	empty_bpf__destroy(a->empty);
	wakeup_bpf__destroy(a->wakeup);
}

static struct load_time turn(int side, bool with_perf, uint64_t trips)
{
	struct load_time t;
	struct attached a;

	attach(side, &a);
	t = load_run(with_perf, CPU, trips);
	detach(&a);
	return t;
}

static void print_side(int side, const struct load_time times[SIDES][MAX_ROUNDS], int rounds)
{
	double wall[MAX_ROUNDS], cpu[MAX_ROUNDS], wall_ratio[MAX_ROUNDS], cpu_ratio[MAX_ROUNDS];
	struct spread w, c;

	for (int i = 0; i < rounds; i++) {
		wall[i] = times[side][i].wall_ns;
		cpu[i] = times[side][i].cpu_ns;
		wall_ratio[i] = wall[i] / times[NONE][i].wall_ns;
		cpu_ratio[i] = cpu[i] / times[NONE][i].cpu_ns;
	}
	w = spread_of(wall_ratio, rounds);
	c = spread_of(cpu_ratio, rounds);
	printf("| %s | %.3f (%.3f–%.3f) | %.3f (%.3f–%.3f) | %.0f | %.0f |\n", names[side], w.median, w.low,
	       w.high, c.median, c.low, c.high, spread_of(wall, rounds).median,
	       spread_of(cpu, rounds).median);
}

int main(int argc, char **argv)
{
	static struct load_time times[SIDES][MAX_ROUNDS];
	bool quick = argc > 1 && strcmp(argv[1], "quick") == 0, with_perf = load_has_perf();
	int rounds = quick ? 2 : MAX_ROUNDS;

	if (geteuid() != 0) {
		printf("SKIP: needs root\n");
		return 77;
	}
	for (int i = 0; i < rounds; i++)
		for (int k = 0; k < SIDES; k++)
			times[(i + k) % SIDES][i] =
				turn((i + k) % SIDES, with_perf, quick ? TRIPS / 20 : TRIPS);
	printf("%s on one CPU, two context switches a round trip, %d rounds taking turns: the median "
	       "(least–most) of the ratios to no program, the median of the times of a round trip.\n\n",
	       with_perf ? "`perf bench sched pipe`" : "Pipes to and fro (perf is not installed)", rounds);
	printf("| program | wall time | CPU time | wall ns | CPU ns |\n|---|---|---|---|---|\n");
	for (int side = 0; side < SIDES; side++)
		print_side(side, times, rounds);
	return 0;
}
