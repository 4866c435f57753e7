/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-programs: what every kernel program takes a run, by the kernel's own statistics, and what a load that makes it
 * run loses by it: each round runs every load without the probe, with it, with its part that hears requests, too, and
 * once more for the statistics.
 * The loads are another process's, which stays as small as it is when this one maps the kernel's arrays.
 * `bench-programs quick` only proves that it runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "actor.h"
#include "bench/spread.h"
#include "crew.h"
#include "empty.skel.h"
#include "loads.h"
#include "run_stats.h"
#include "watch.h"

#define MAX_ROUNDS   11
#define MAX_LOADS    16
#define MAX_PROGRAMS 64
#define SLOTS	     2048 /* the agent's default with one hierarchy */
#define PASSES	     20
#define QUICK_PART   20

struct cost {
	double wall_ns, cpu_ns; /* of one */
};

enum { NONE, OURS, REQUESTS, SIDES }; /* OURS: as the agent is by default */

static struct cost costs[SIDES][MAX_LOADS][MAX_ROUNDS];
static struct program {
	struct run_stats_named last;
	uint64_t runs; /* in all rounds */
	double ns[MAX_ROUNDS];
	int rounds; /* in which it ran */
} programs[MAX_PROGRAMS];
static size_t n_programs;

static struct shared { /* with the actor */
	struct own_cgroups own;
	struct cost cost; /* of the last load */
	bool quick;
} *shared;

/* Of this process and of those that it waited for. */
static double cpu_ns(void)
{
	double s = 0;

	for (int i = 0; i < 2; i++) {
		struct rusage u;

		must(getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &u) == 0);
		s += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e9 +
		     (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e3;
	}
	return s;
}

static unsigned times(const struct load *l, bool quick)
{
	unsigned n = quick ? l->n / QUICK_PART : l->n;

	return n ? n : 1;
}

/* By the actor. */
static void run(int order, void *data)
{
	struct shared *s = data;
	const struct load *l = &loads[order];
	unsigned n = times(l, s->quick);
	double cpu = cpu_ns();
	clock_boot_t began = clock_boot();

	l->run(&s->own, n);
	s->cost = (struct cost){(double)clock_since(clock_boot(), began) / n, (cpu_ns() - cpu) / n};
}

static struct actor actor = {.obey = run};

/* As an agent does once a second: births are taken in, and the kernel gets slots for the next ones. */
static void run_all(int side, int round, struct watch *w)
{
	for (unsigned i = 0; i < loads_n; i++) {
		actor_tell(&actor, (int)i);
		if (side < SIDES)
			costs[side][i][round] = shared->cost;
		if (w)
			watch_pass(w);
	}
}

static struct program *program_named(const char *name)
{
	for (size_t i = 0; i < n_programs; i++)
		if (strcmp(programs[i].last.name, name) == 0)
			return &programs[i];
	must(n_programs < MAX_PROGRAMS);
	return &programs[n_programs++];
}

/* Programs are loaded anew each round, so their statistics are of this one. */
static void keep(void)
{
	struct run_stats_named now[MAX_PROGRAMS];
	size_t n = run_stats_all(now, MAX_PROGRAMS);

	for (size_t i = 0; i < n; i++) {
		struct program *p = program_named(now[i].name);

		p->last = now[i];
		p->runs += now[i].stats.runs;
		if (now[i].stats.runs)
			p->ns[p->rounds++] = (double)now[i].stats.ns / (double)now[i].stats.runs;
	}
}

/* From the start on, when what is older than the probe is looked for. */
static void measure_programs(void)
{
	struct empty_bpf *empty = empty_bpf__open_and_load();
	int fd = run_stats_start();
	struct watch w;

	must(empty && empty_bpf__attach(empty) == 0);
	watch_open(&w, SLOTS);
	watch_pass(&w);
	run_all(SIDES, 0, &w);
	for (int i = 0; i < PASSES; i++)
		watch_pass(&w);
	close(fd);
	keep();
	watch_close(&w);
	empty_bpf__destroy(empty);
}

static void run_watched(int side, int round)
{
	struct watch w;

	watch_open_also(&w, SLOTS, side == REQUESTS ? SIGNAL_NO_REQUESTS : 0);
	watch_pass(&w);
	run_all(side, round, &w);
	watch_close(&w);
}

static void round_of(int round)
{
	fprintf(stderr, "bench-programs: round %d\n", round + 1);
	for (int i = 0; i < SIDES; i++) {
		int side = (round + i) % SIDES;

		if (side == NONE)
			run_all(NONE, round, NULL);
		else
			run_watched(side, round);
	}
	measure_programs();
}

static void print_ratios(int side, unsigned load, int rounds)
{
	double wall[MAX_ROUNDS], cpu[MAX_ROUNDS];
	struct spread w, c;

	for (int i = 0; i < rounds; i++) {
		const struct cost *none = &costs[NONE][load][i], *with = &costs[side][load][i];

		wall[i] = with->wall_ns / none->wall_ns;
		cpu[i] = none->cpu_ns > 0 ? with->cpu_ns / none->cpu_ns : 1;
	}
	w = spread_of(wall, rounds);
	c = spread_of(cpu, rounds);
	printf(" %.2f (%.2f–%.2f) | %.2f (%.2f–%.2f) |", w.median, w.low, w.high, c.median, c.low, c.high);
}

static void print_load(unsigned load, int rounds)
{
	double cpu[MAX_ROUNDS];

	for (int i = 0; i < rounds; i++)
		cpu[i] = costs[NONE][load][i].cpu_ns / 1e3;
	printf("| %s | %.2f |", loads[load].what, spread_of(cpu, rounds).median);
	print_ratios(OURS, load, rounds);
	print_ratios(REQUESTS, load, rounds);
	printf("\n");
}

static void print_program(struct program *p)
{
	struct spread s;

	const char *cut = strlen(p->last.name) == RUN_STATS_NAME - 1 ? "…" : "";

	if (!p->rounds) {
		printf("| %s%s | – | 0 |\n", p->last.name, cut);
		return;
	}
	s = spread_of(p->ns, p->rounds);
	printf("| %s%s | %.0f (%.0f–%.0f) | %llu |\n", p->last.name, cut, s.median, s.low, s.high,
	       (unsigned long long)p->runs);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct program *)a)->last.name, ((const struct program *)b)->last.name);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "quick") == 0;
	int rounds = quick ? 1 : MAX_ROUNDS;
	struct own_cgroups own;

	own_split(&own);
	must(loads_n <= MAX_LOADS);
	shared = actor.data = actor_share(sizeof(*shared));
	*shared = (struct shared){.own = own, .quick = quick};
	actor_start(&actor, &own, loads_open(&own));
	crew_pin(actor.pid, 0);
	for (int i = 0; i < rounds; i++)
		round_of(i);
	printf("%d rounds taking turns: the median (least–most) of the ratios to the same round without the probe; without it, us "
	       "of CPU time.\n\n",
	       rounds);
	printf("| one of | CPU us | time | CPU time | time with --requests | CPU time |\n|---|---|---|---|---|---|\n");
	for (unsigned i = 0; i < loads_n; i++)
		print_load(i, rounds);
	printf("\nWhat the kernel says that each program takes a run, its own two readings of the clock included (\"empty\" is "
	       "a program that does nothing), and how often it ran in all rounds.\n\n");
	printf("| program | ns a run | runs |\n|---|---|---|\n");
	qsort(programs, n_programs, sizeof(programs[0]), by_name);
	for (size_t i = 0; i < n_programs; i++)
		print_program(&programs[i]);
	return 0;
}
