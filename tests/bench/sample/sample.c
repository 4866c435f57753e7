/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-sample: CPU time of one sample of one cgroup, ours against readers of the cgroup files. Ours
 * is what the agent does each second before it encodes: probe_pass(), then sample_take() over all
 * cgroups of the machine. In each round the three take one turn each, in rotating order, as cold as a
 * second's pause would leave them. `bench-sample quick` only proves that it runs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "agent/probe/probe.h"
#include "agent/sample.h"
#include "base/mem.h"
#include "bench/spread.h"
#include "files.h"
#include "own_cgroups.h"
#include "run_stats.h"

#define MAX_ROUNDS  31
#define SLOTS       8192
#define NAP_NS      (100 * CLOCK_NS_PER_MS) /* of an active cgroup's process */
#define TOUCH_BYTES 16384                   /* what it takes and gives back at each wake-up */
#define WATCH_S     2                       /* how long the hook itself is measured */

enum { OURS, OPEN, KEPT, SIDES };

struct bench {
	struct own_cgroups own;
	char **path;
	size_t n;
	pid_t *active; /* NULL: the cgroups are idle */
	struct probe *probe;
	struct sample *sample;
	struct files *files;
	struct signals *values; /* of the readers */
	double ns[SIDES][MAX_ROUNDS]; /* a sample, by round */
};

_Noreturn static void fail(const char *what, const struct err *e)
{
	if (e)
		err_print(e, "bench-sample", stderr);
	else
		fprintf(stderr, "bench-sample: %s\n", what);
	exit(1);
}

/* The cgroups */

_Noreturn static void wake_a_little(const void *none)
{
	(void)none;
	for (;;) {
		char *p = mmap(NULL, TOUCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED)
			_exit(1);
		memset(p, 1, TOUCH_BYTES);
		munmap(p, TOUCH_BYTES);
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
	}
}

static void make_cgroups(struct bench *b, size_t n, bool active)
{
	b->n = n;
	b->path = mem_array(NULL, n, sizeof(*b->path));
	b->values = mem_array(NULL, n, sizeof(*b->values));
	b->active = active ? mem_array(NULL, n, sizeof(*b->active)) : NULL;
	for (size_t i = 0; i < n; i++) {
		b->path[i] = mem_printf("%s/%04zu", b->own.top, i);
		own_make(&b->own, b->path[i]);
		if (active)
			b->active[i] = own_spawn(&b->own, b->path[i], wake_a_little, NULL);
	}
}

static void remove_cgroups(struct bench *b)
{
	for (size_t i = 0; b->active && i < b->n; i++)
		own_end(b->active[i]);
	for (size_t i = 0; i < b->n; i++) {
		own_remove(&b->own, b->path[i]);
		free(b->path[i]);
	}
	free(b->path);
	free(b->values);
	free(b->active);
}

/* The three sides */

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void sample_once(struct bench *b)
{
	clock_boot_t at;
	struct err e;

	if (probe_pass(b->probe, &at, &e) < 0)
		fail(NULL, &e);
	sample_take(b->sample, at);
}

static bool is_mine(const struct bench *b, const struct sample_row *r)
{
	size_t top = strlen(b->own.top);

	return strncmp(r->cgroup, b->own.top, top) == 0 && r->cgroup[top] == '/';
}

#define NEEDED (SIGNAL_NO_CPU | SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET | SIGNAL_NO_PSI)

/* Complete rows of our cgroups in the last sample. */
static size_t count_rows(const struct bench *b)
{
	size_t n, good = 0;
	struct sample_row *const *rows = sample_rows(b->sample, &n);

	for (size_t i = 0; i < n; i++)
		good += is_mine(b, rows[i]) && !rows[i]->ended && !(rows[i]->now.missing & NEEDED);
	return good;
}

/* One sample of every cgroup; returns nanoseconds of CPU time a cgroup. */
static double turn(struct bench *b, int side)
{
	size_t good = 0, wanted = side == KEPT ? files_kept(b->files) : b->n;
	uint64_t began = cpu_ns(), took;

	if (side == OURS)
		sample_once(b);
	else
		good = side == OPEN ? files_open_read_close(b->files, b->values) :
				      files_pread(b->files, b->values);
	took = cpu_ns() - began;
	if (side == OURS)
		good = count_rows(b);
	if (good == wanted)
		return (double)took / (double)wanted;
	fprintf(stderr, "bench-sample: %zu complete samples of %zu cgroups\n", good, wanted);
	exit(1);
}

static void start_ours(struct bench *b)
{
	struct probe_options o = {.max_cgroups = SLOTS};
	struct err e;

	b->sample = sample_new(probe_read);
	o.watcher = sample_watcher(b->sample);
	if (probe_open(&o, &b->probe, &e) < 0)
		fail(NULL, &e);
	sample_attach(b->sample, b->probe);
}

static void stop_ours(struct bench *b)
{
	b->probe = probe_close(b->probe);
	b->sample = sample_free(b->sample);
}

/* The table */

static void print_ratio(struct bench *b, int side, int rounds)
{
	double ratio[MAX_ROUNDS];
	struct spread s;

	for (int i = 0; i < rounds; i++)
		ratio[i] = b->ns[side][i] / b->ns[OURS][i];
	s = spread_of(ratio, rounds);
	printf(" %.1f (%.1f–%.1f) |", s.median, s.low, s.high);
}

static void compare(struct bench *b, int rounds)
{
	for (int side = 0; side < SIDES; side++)
		turn(b, side); /* files are opened, births are taken in */
	for (int i = 0; i < rounds; i++)
		for (int k = 0; k < SIDES; k++)
			b->ns[(i + k) % SIDES][i] = turn(b, (i + k) % SIDES);
	printf("| %zu %s |", b->n, b->active ? "active" : "idle");
	print_ratio(b, OPEN, rounds);
	print_ratio(b, KEPT, rounds);
	for (int side = 0; side < SIDES; side++)
		printf(" %.0f |", spread_of(b->ns[side], rounds).median);
	printf(" %zu x %zu |\n", files_kept(b->files), files_each(b->files));
	fflush(stdout);
}

static uint64_t switches(const struct bench *b)
{
	size_t n;
	struct sample_row *const *rows = sample_rows(b->sample, &n);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += is_mine(b, rows[i]) ? rows[i]->now.switches : 0;
	return sum;
}

/* What the pass leaves out: the scheduler hook that keeps the counters, paid by whoever switches. */
static void print_hook(struct bench *b)
{
	struct run_stats hook;
	uint64_t before;
	double each, ns;
	int fd;

	sample_once(b);
	before = switches(b);
	fd = run_stats_start();
	sleep(WATCH_S);
	sample_once(b);
	hook = run_stats_of("sched_switch");
	close(fd);
	ns = hook.runs ? (double)hook.ns / (double)hook.runs : 0;
	/* A wake-up is two runs of the hook: onto the CPU and off it. */
	each = 2 * (double)(switches(b) - before) / WATCH_S / (double)b->n;
	printf("\nThe hook that counts for them: %.0f ns a switch (about 20 of them the measuring), %.0f "
	       "switches a second in an active cgroup: %.0f ns for a sample a second.\n",
	       ns, each, each * ns);
}

static void run(struct bench *b, size_t n, bool active, int rounds)
{
	make_cgroups(b, n, active);
	b->files = files_new(&b->own, b->path, n);
	start_ours(b);
	compare(b, rounds);
	if (active)
		print_hook(b);
	stop_ours(b);
	b->files = files_free(b->files);
	remove_cgroups(b);
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "quick") == 0;
	int rounds = quick ? 3 : MAX_ROUNDS;
	struct bench b = {0};

	own_split(&b.own);
	printf("CPU time of a sample, %d rounds taking turns: the median (least–most) of the ratios, the "
	       "median of the times.\n\n",
	       rounds);
	printf("| cgroups | open, read, close / ours | kept open / ours | ours ns | open, read, close ns "
	       "| kept open ns | kept open: cgroups x files |\n|---|---|---|---|---|---|---|\n");
	for (size_t n = quick ? 20 : 100; n <= (quick ? 20 : 1000); n *= 10)
		run(&b, n, false, rounds);
	if (!quick)
		run(&b, 5000, false, rounds);
	run(&b, quick ? 10 : 500, true, rounds);
	return 0;
}
