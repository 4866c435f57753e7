/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Simulated hours full of faults: our decider with the real store under it, and Kubernetes' HPA in the same
 * worlds. Prints what both did; fails when ours did anything that is wrong, with the seed of the hour.
 *
 *	bench-safety [--hours N] [--first SEED] [--jobs N]	N hours (1,000,000), one a seed
 *	bench-safety --seed SEED				that hour, with every action
 *	… --without GUARD					as if that guard did not exist (decide/guard.h)
 *
 * How far it is stands on stderr. Ctrl-C ends it after the hours under way and prints what they came to.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "decide/guard.h"
#include "safety/run.h"

unsigned guard_off; /* all on */

#define JOBS_MOST     64
#define FAILURES_TOLD 10
#define LOOK_US       200000 /* between two looks whether all jobs ended */
#define TELL_NS       (60 * CLOCK_NS_PER_S) /* between two lines of progress where nobody watches */

struct total {
	uint64_t hours, failed;
	struct run_result ours, hpa;
};

static void one_hour(uint64_t seed, FILE *tell, struct total *t)
{
	static struct world w;
	struct run_result ours, hpa;

	world_make(seed, &w);
	run_plimsoll(&w, tell, &ours);
	run_hpa(&w, tell, &hpa);
	run_add(&t->ours, &ours);
	run_add(&t->hpa, &hpa);
	t->hours++;
	if (!run_wrong(&ours))
		return;
	if (t->failed++ < FAILURES_TOLD)
		fprintf(stderr, "safety: a wrong-way action in an hour; repeat it: build/bin/bench-safety --seed %" PRIu64 "\n",
			seed);
}

static void print(const char *side, const struct run_result *r, uint64_t hours)
{
	printf("| %s | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " | %" PRIu64
	       " | %" PRIu64 " | %.2f | %.2f |\n",
	       side, r->evaluations, r->ups, r->downs, r->wrong[WRONG_DOWN], r->wrong[WRONG_UP], r->wrong[WRONG_BLIND],
	       r->wrong[WRONG_FIGHT] + r->wrong[WRONG_TAKEN], (double)r->replica_s / 3600 / (double)hours,
	       (double)r->short_s / (double)hours);
}

static void report(const struct total *t, double seconds)
{
	printf("%" PRIu64 " simulated hours in %.1f s\n\n", t->hours, seconds);
	printf("| decider | evaluations | ups | downs | wrong downs | wrong ups | blind downs | against a "
	       "hand | replicas, mean | s an hour with too few |\n|---|---|---|---|---|---|---|---|---|---|\n");
	print("plimsoll", &t->ours, t->hours);
	print("Kubernetes' HPA", &t->hpa, t->hours);
}

static volatile sig_atomic_t interrupted;

static void interrupt(int signum)
{
	(void)signum;
	interrupted = 1;
}

/* Every jobs-th hour, from `first` on. */
static void hours(uint64_t first, uint64_t n, unsigned job, unsigned jobs, struct total *to)
{
	for (uint64_t i = job; i < n && !interrupted; i += jobs)
		one_hour(first + i, NULL, to);
}

static uint64_t hours_done(const struct total *of, unsigned jobs)
{
	uint64_t done = 0;

	for (unsigned j = 0; j < jobs; j++)
		done += ((const volatile struct total *)&of[j])->hours;
	return done;
}

static void progress(const struct total *of, unsigned jobs, uint64_t n, clock_boot_t *told)
{
	bool watched = isatty(STDERR_FILENO);

	if (!watched && clock_since(clock_boot(), *told) < TELL_NS)
		return;
	fprintf(stderr, watched ? "\rsafety: %" PRIu64 " of %" PRIu64 " hours " : "safety: %" PRIu64 " of %" PRIu64 " hours\n",
		hours_done(of, jobs), n);
	*told = clock_boot();
}

/* Until no job is left. How many of them failed. */
static unsigned watch(const struct total *of, unsigned jobs, uint64_t n)
{
	clock_boot_t told = clock_boot();
	unsigned failed = 0;

	for (unsigned left = jobs; left;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0) {
			failed += status != 0;
			left--;
			continue;
		}
		usleep(LOOK_US);
		progress(of, jobs, n, &told);
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return failed;
}

/* The jobs count in memory that they share with us, each in a place of its own. */
static int spread(uint64_t first, uint64_t n, unsigned jobs, struct total *ret)
{
	struct total *of = mmap(NULL, jobs * sizeof(*of), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned failed;

	if (of == MAP_FAILED)
		return -errno;
	for (unsigned j = 0; j < jobs; j++) {
		pid_t pid = fork();

		if (pid < 0)
			return -errno;
		if (pid == 0) {
			hours(first, n, j, jobs, &of[j]);
			_exit(0);
		}
	}
	failed = watch(of, jobs, n);
	for (unsigned j = 0; j < jobs; j++) {
		ret->hours += of[j].hours;
		ret->failed += of[j].failed;
		run_add(&ret->ours, &of[j].ours);
		run_add(&ret->hpa, &of[j].hpa);
	}
	return failed ? -ECHILD : 0;
}

/* False: there is no such guard. */
static bool take_away(const char *name)
{
#define X(ID, invariant, against) \
	if (!strcmp(name, #ID)) { \
		guard_off |= 1u << GUARD_##ID; \
		return true; \
	}
	GUARDS_X(X)
#undef X
	fprintf(stderr, "safety: there is no guard %s\n", name);
	return false;
}

/* False: that is no number, and said. */
static bool number(const char *text, uint64_t *ret)
{
	char *end;

	*ret = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end)
		return true;
	fprintf(stderr, "safety: \"%s\" is no number\n", text);
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"hours", 1, NULL, 'h'}, {"first", 1, NULL, 'f'},
						{"jobs", 1, NULL, 'j'},	 {"seed", 1, NULL, 's'},
						{"without", 1, NULL, 'w'},
						{NULL, 0, NULL, 0}};
	uint64_t n = 1000000, first = 0, jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	bool only = false;
	struct total t = {0};
	clock_boot_t begin = clock_boot();

	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (o == '?')
			fputs("safety: the beginning of tests/safety/safety.c says what there is\n", stderr);
		if (o == '?' || (o == 'w' && !take_away(optarg)))
			return 2;
		if (o != 'w' && !number(optarg, o == 'j' ? &jobs : o == 'h' ? &n : &first))
			return 2;
		only = only || o == 's';
	}
	signal(SIGINT, interrupt);
	jobs = jobs < 1 ? 1 : jobs > JOBS_MOST ? JOBS_MOST : jobs;
	if (!only && !n) {
		fputs("safety: no hour is nothing to look at\n", stderr);
		return 2;
	}
	if (only) {
		one_hour(first, stdout, &t);
	} else if (spread(first, n, (unsigned)jobs, &t) < 0) {
		fputs("safety: a job died or could not begin; its last words, if any, stand above\n", stderr);
		return 2;
	}
	report(&t, (double)clock_since(clock_boot(), begin) / 1e9);
	return t.failed ? 1 : 0;
}
