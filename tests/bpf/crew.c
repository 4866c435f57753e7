/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"

#define PATIENCE_MS 60000
#define SPINS	    20000 /* until it is worth sleeping */
#define FRESH_MS    1000  /* a task that runs writes its clock by then */

struct order {
	const struct crew *crew;
	int task, cpu;
};

void crew_pause(unsigned ms)
{
	nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000 * CLOCK_NS_PER_MS)}, NULL);
}

void crew_pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(pid, sizeof(set), &set) == 0);
}

static uint64_t own_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void work(const void *data)
{
	const struct order *o = data;
	struct crew_board *board = o->crew->board;
	char byte;

	if (o->cpu != ANY_CPU)
		crew_pin(0, o->cpu);
	while (read(o->crew->go[0], &byte, 1) == 1)
		while (!__atomic_load_n(&board->halt, __ATOMIC_RELAXED))
			__atomic_store_n(&board->cpu_ns[o->task], own_clock_ns(), __ATOMIC_RELAXED);
}

void crew_start(struct crew *c, const struct own_cgroups *o, const char *path, int n, int cpu)
{
	must(n <= CREW_MAX && pipe(c->go) == 0);
	c->board = mmap(NULL, sizeof(*c->board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(c->board != MAP_FAILED);
	for (c->n = 0; c->n < n; c->n++)
		c->pid[c->n] = own_spawn(o, path, work, &(struct order){c, c->n, cpu});
	crew_halt(c);
}

void crew_go(struct crew *c)
{
	__atomic_store_n(&c->board->halt, false, __ATOMIC_RELAXED);
	for (int i = 0; i < c->n; i++)
		must(write(c->go[1], "g", 1) == 1);
}

bool crew_is_asleep(pid_t pid)
{
	char path[64], state = 0;
	scoped(fclosep) FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	return f && fscanf(f, "%*d (%*[^)]) %c", &state) == 1 && state == 'S';
}

void crew_halt(struct crew *c)
{
	__atomic_store_n(&c->board->halt, true, __ATOMIC_RELAXED);
	for (int i = 0; i < c->n; i++) {
		unsigned ms = 0;

		while (!crew_is_asleep(c->pid[i]) && ms++ < PATIENCE_MS)
			crew_pause(1);
		must(ms < PATIENCE_MS);
	}
}

void crew_work(struct crew *c, unsigned ms)
{
	crew_go(c);
	crew_pause(ms);
	crew_halt(c);
}

void crew_end(struct crew *c)
{
	while (c->n)
		own_end(c->pid[--c->n]);
	close(c->go[0]);
	close(c->go[1]);
	munmap(c->board, sizeof(*c->board));
}

uint64_t crew_clock_ns(const struct crew *c, int task)
{
	return __atomic_load_n(&c->board->cpu_ns[task], __ATOMIC_RELAXED);
}

static uint64_t next_value(const uint64_t *clock)
{
	uint64_t was = __atomic_load_n(clock, __ATOMIC_RELAXED), now = was;

	for (unsigned i = 0; now == was && i < SPINS + FRESH_MS; i++) {
		if (i >= SPINS)
			crew_pause(1);
		now = __atomic_load_n(clock, __ATOMIC_RELAXED);
	}
	return now;
}

/* The first that comes may have been read before we asked, and then waited for a CPU, or for a CPU's CPU. */
uint64_t crew_fresh_ns(const uint64_t *clock)
{
	(void)next_value(clock);
	return next_value(clock);
}

struct crew_times crew_times(const struct crew *c)
{
	struct crew_times sum = {0}, one;
	char path[64];

	for (int i = 0; i < c->n; i++) {
		scoped(fclosep) FILE *f = NULL;

		snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)c->pid[i]);
		f = fopen(path, "re");
		must(f && fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64, &one.on_cpu_ns, &one.wait_ns,
				 &one.arrivals) == 3);
		sum.on_cpu_ns += one.on_cpu_ns;
		sum.wait_ns += one.wait_ns;
		sum.arrivals += one.arrivals;
	}
	return sum;
}
