/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-sched: what programs on sched_switch cost. First a load that does nothing but switch, so that
 * all they touch is in the caches: each round runs it once without any and once with each of the three,
 * in rotating order, and gives a ratio to the run without. Then tasks that seldom wake up, so that
 * nothing is, by the kernel's own measure of the programs. `bench-sched quick` only proves that it runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/probe/probe.h"
#include "bench/spread.h"
#include "empty.skel.h"
#include "load.h"
#include "own_cgroups.h"
#include "run_stats.h"
#include "wakeup.skel.h"

#define MAX_ROUNDS 25
#define TRIPS      40000
#define SLOTS      2048 /* the agent's default with one hierarchy */
#define CPU        0
#define SLEEPERS   200 /* each in a cgroup of its own */
#define NAP_NS     (100 * CLOCK_NS_PER_MS)
#define WATCH_NS   CLOCK_NS_PER_S
#define MAX_COLD   9   /* rounds */

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

/* Programs whose caches are cold */

_Noreturn static void sleep_often(const void *none)
{
	(void)none;
	for (;;)
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

static void start_sleepers(const struct own_cgroups *own, unsigned n)
{
	char path[OWN_PATH + 16];

	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%03u", own->top, i);
		own_make(own, path);
		own_spawn(own, path, sleep_often, NULL);
	}
}

/* What the programs of a side took for a context switch, by the kernel's statistics. */
static double ns_per_switch(int side)
{
	static const char *const switching[SIDES] = {
		[EMPTY] = "empty", [OURS] = "sched_switch", [WAKEUP] = "wakeup_switch"};
	struct run_stats s = run_stats_of(switching[side]);
	double ns = (double)s.ns;

	if (side == WAKEUP)
		ns += (double)(run_stats_of("wakeup").ns + run_stats_of("wakeup_new").ns);
	return s.runs ? ns / (double)s.runs : 0;
}

static double cold_turn(int side)
{
	struct attached a;
	double ns;
	int fd;

	attach(side, &a);
	nanosleep(&(struct timespec){.tv_nsec = 2 * NAP_NS}, NULL); /* histograms are made */
	fd = run_stats_start();
	nanosleep(&(struct timespec){.tv_sec = WATCH_NS / CLOCK_NS_PER_S}, NULL);
	ns = ns_per_switch(side);
	close(fd);
	detach(&a);
	return ns;
}

static void compare_cold(int rounds)
{
	double ns[SIDES][MAX_COLD];
	struct spread s;

	for (int i = 0; i < rounds; i++)
		for (int k = 0; k < SIDES; k++)
			if ((i + k) % SIDES != NONE)
				ns[(i + k) % SIDES][i] = cold_turn((i + k) % SIDES);
	printf("| programs | ns a context switch |\n|---|---|\n");
	for (int side = EMPTY; side < SIDES; side++) {
		s = spread_of(ns[side], rounds);
		printf("| %s | %.0f (%.0f–%.0f) |\n", names[side], s.median, s.low, s.high);
	}
}

static void compare_warm(int rounds, uint64_t trips)
{
	static struct load_time times[SIDES][MAX_ROUNDS];
	bool with_perf = load_has_perf();

	for (int i = 0; i < rounds; i++)
		for (int k = 0; k < SIDES; k++)
			times[(i + k) % SIDES][i] = turn((i + k) % SIDES, with_perf, trips);
	printf("%s on one CPU, two context switches a round trip, %d rounds taking turns: the median "
	       "(least–most) of the ratios to no program, the median of the times of a round trip.\n\n",
	       with_perf ? "`perf bench sched pipe`" : "Pipes to and fro (perf is not installed)", rounds);
	printf("| program | wall time | CPU time | wall ns | CPU ns |\n|---|---|---|---|---|\n");
	for (int side = 0; side < SIDES; side++)
		print_side(side, times, rounds);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "quick") == 0;
	unsigned sleepers = quick ? SLEEPERS / 20 : SLEEPERS;
	struct own_cgroups own;

	own_split(&own);
	compare_warm(quick ? 2 : MAX_ROUNDS, quick ? TRIPS / 20 : TRIPS);
	printf("\n%u cgroups with one task each that wakes up ten times a second, %llu s a turn: the median "
	       "(least–most) of what the kernel says the programs took, about 20 ns of each run being "
	       "the measuring.\n\n",
	       sleepers, WATCH_NS / CLOCK_NS_PER_S);
	start_sleepers(&own, sleepers);
	compare_cold(quick ? 1 : MAX_COLD);
	return 0;
}
