/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-start: what the agent's start takes, up to the first complete sample of every cgroup (probe_open(), probe_pass()
 * and sample_take(), as agent.c does them), against one reading of the same cgroups' files; and loading the
 * kernel programs as one object against loading each file of bpf/ by itself. Each turn is a process of its own, so
 * nothing is warm but the kernel. `bench-start quick` only proves that it runs; `bench-start once` is one start with the
 * cgroups that there are, for two builds to take turns.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/probe/probe.h"
#include "agent/sample.h"
#include "base/mem.h"
#include "bench/spread.h"
#include "own_cgroups.h"
#include "sample/files.h"

#define MAX_ROUNDS 15
#define SLOTS	   4096 /* the agent's default with several hierarchies */

struct took {
	double wall_ms, cpu_ms;
};

struct bench {
	struct own_cgroups own;
	char **path;
	size_t n;
};

_Noreturn static void fail(const char *what, const struct err *e)
{
	if (e)
		err_print(e, "bench-start", stderr);
	else
		fprintf(stderr, "bench-start: %s\n", what);
	exit(1);
}

static double ms_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* What is timed; each ends its process with what it holds */

static void start_agent(struct bench *b)
{
	struct probe_options o = {};
	struct sample *s = sample_new(probe_read);
	struct probe *p;
	clock_boot_t at;
	struct err e;

	o.watcher = sample_watcher(s);
	if (probe_open(&o, &p, &e) < 0)
		fail(NULL, &e);
	sample_attach(s, p);
	if (probe_pass(p, &at, &e) < 0)
		fail(NULL, &e);
	sample_take(s, at);
	if (sample_live(s) < b->n)
		fail("the first sample lacks cgroups", NULL);
}

static void read_files(struct bench *b)
{
	struct signals *values = mem_array(NULL, b->n, sizeof(*values));
	struct files *f = files_new(&b->own, b->path, b->n);

	if (files_open_read_close(f, values) != b->n)
		fail("files of a cgroup cannot be read", NULL);
}

/* The arrays as large as the agent has them. */
static void set_sizes(struct bpf_object *o)
{
	static const struct {
		const char *name;
		unsigned entries;
	} sizes[] = {{"slots", 2 * SLOTS}, {"traffic", 2 * SLOTS}, {"tallies", SLOTS}, {"rows", 2 * SLOTS}, {"table", 8 * SLOTS}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bpf_map *m = bpf_object__find_map_by_name(o, sizes[i].name);

		if (m)
			bpf_map__set_max_entries(m, sizes[i].entries);
	}
}

static void load_file(const char *name)
{
	char path[512];
	struct bpf_object *o;

	snprintf(path, sizeof(path), "%s/%s.o", BPF_OBJECTS, name);
	o = bpf_object__open(path);
	if (!o)
		fail("an object cannot be opened", NULL);
	set_sizes(o);
	if (bpf_object__load(o) < 0)
		fail("an object cannot be loaded", NULL);
}

static void load_one(struct bench *b)
{
	(void)b;
	load_file("programs.linked");
}

static void load_each(struct bench *b)
{
	static const char *const files[] = {BPF_FILES};

	(void)b;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		load_file(files[i]);
}

/* Turns */

static struct took turn(struct bench *b, void (*what)(struct bench *b))
{
	struct took t;
	int ends[2], status;
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		fail("no process for a turn", NULL);
	if (pid == 0) {
		double wall = ms_of(CLOCK_MONOTONIC), cpu = ms_of(CLOCK_PROCESS_CPUTIME_ID);

		what(b);
		t = (struct took){ms_of(CLOCK_MONOTONIC) - wall, ms_of(CLOCK_PROCESS_CPUTIME_ID) - cpu};
		_exit(write(ends[1], &t, sizeof(t)) != sizeof(t));
	}
	close(ends[1]);
	if (read(ends[0], &t, sizeof(t)) != sizeof(t) || waitpid(pid, &status, 0) < 0 || status)
		fail("a turn failed", NULL);
	close(ends[0]);
	return t;
}

static void print_spread(double *values, int n, int digits)
{
	struct spread s = spread_of(values, n);

	printf(" %.*f (%.*f–%.*f) |", digits, s.median, digits, s.low, digits, s.high);
}

/* Both in turns, changing who is first. */
static void compare(struct bench *b, void (*ours)(struct bench *b), void (*theirs)(struct bench *b), int rounds)
{
	double wall[2][MAX_ROUNDS], cpu[2][MAX_ROUNDS], ratio[MAX_ROUNDS];

	for (int i = 0; i < rounds; i++) {
		for (int k = 0; k < 2; k++) {
			int side = (i + k) % 2;
			struct took t = turn(b, side ? theirs : ours);

			wall[side][i] = t.wall_ms;
			cpu[side][i] = t.cpu_ms;
		}
		ratio[i] = cpu[1][i] / cpu[0][i];
	}
	print_spread(wall[0], rounds, 1);
	print_spread(cpu[0], rounds, 1);
	print_spread(wall[1], rounds, 1);
	print_spread(cpu[1], rounds, 1);
	print_spread(ratio, rounds, 2);
	putchar('\n');
	fflush(stdout);
}

static void make_cgroups(struct bench *b, size_t n)
{
	b->path = mem_array(b->path, n, sizeof(*b->path));
	for (; b->n < n; b->n++) {
		b->path[b->n] = mem_printf("%s/%04zu", b->own.top, b->n);
		own_make(&b->own, b->path[b->n]);
	}
}

static int print_one(void)
{
	struct bench b = {0};
	struct took t = turn(&b, start_agent);

	return printf("%.1f ms, CPU time %.1f ms\n", t.wall_ms, t.cpu_ms) < 0;
}

int main(int argc, char **argv)
{
	bool quick = argc > 1 && strcmp(argv[1], "quick") == 0;
	static const size_t sizes[] = {10, 110, 1000};
	int rounds = quick ? 2 : MAX_ROUNDS;
	struct bench b = {0};

	if (argc > 1 && strcmp(argv[1], "once") == 0)
		return print_one();
	own_split(&b.own);
	printf("Milliseconds, %d rounds taking turns: median (least–most).\n\n"
	       "| cgroups | start to first sample | its CPU time | files of these cgroups read once | its CPU time | CPU time, theirs to ours |\n"
	       "|---|---|---|---|---|---|\n", rounds);
	for (size_t i = 0; i < (quick ? 1 : sizeof(sizes) / sizeof(sizes[0])); i++) {
		make_cgroups(&b, sizes[i]);
		printf("| %zu |", b.n);
		compare(&b, start_agent, read_files, rounds);
	}
	printf("\n| kernel programs | as one object | its CPU time | file by file | its CPU time | CPU time, theirs to ours |\n"
	       "|---|---|---|---|---|---|\n| loading |");
	compare(&b, load_one, load_each, rounds);
	for (size_t i = 0; i < b.n; i++) {
		own_remove(&b.own, b.path[i]);
		free(b.path[i]);
	}
	free(b.path);
	return 0;
}
