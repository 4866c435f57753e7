/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

_Noreturn static void fail(const char *what)
{
	perror(what);
	exit(1);
}

bool load_has_perf(void)
{
	return system("perf bench sched pipe -l 1 >/dev/null 2>&1") == 0; /* also if only a wrapper is there */
}

static void stay_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		fail("bench-sched: sched_setaffinity");
}

/* perf's own answer, "12.3 usecs/op", on `from`. */
static double wall_of_perf(FILE *from)
{
	char line[256];
	double us = 0;

	while (fgets(line, sizeof(line), from))
		if (strstr(line, "usecs/op"))
			us = strtod(line, NULL);
	return us * CLOCK_NS_PER_US;
}

_Noreturn static void become_perf(int out, uint64_t trips)
{
	char loops[32];

	snprintf(loops, sizeof(loops), "%llu", (unsigned long long)trips);
	dup2(out, STDOUT_FILENO);
	execlp("perf", "perf", "bench", "sched", "pipe", "-l", loops, (char *)NULL);
	fail("bench-sched: perf");
}

static void pass(int from, int to, uint64_t times, bool first)
{
	char byte = 0;

	for (uint64_t i = 0; i < times; i++)
		if ((first && write(to, &byte, 1) != 1) || read(from, &byte, 1) != 1 ||
		    (!first && write(to, &byte, 1) != 1))
			fail("bench-sched: pipe");
}

_Noreturn static void pass_to_and_fro(int out, uint64_t trips)
{
	int there[2], back[2];
	clock_boot_t began;
	FILE *to = fdopen(out, "w");
	pid_t other;

	if (!to || pipe(there) < 0 || pipe(back) < 0 || (other = fork()) < 0)
		fail("bench-sched: fork");
	if (other == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pass(there[0], back[1], trips, false);
		_exit(0);
	}
	began = clock_boot();
	pass(back[0], there[1], trips, true);
	fprintf(to, "%f usecs/op\n", (double)clock_since(clock_boot(), began) / 1e3 / (double)trips);
	fclose(to);
	waitpid(other, NULL, 0);
	_exit(0);
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

struct load_time load_run(bool with_perf, int cpu, uint64_t trips)
{
	struct load_time t;
	struct rusage used;
	int out[2], status;
	pid_t pid;
	FILE *from;

	if (pipe(out) < 0 || (pid = fork()) < 0)
		fail("bench-sched: fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(out[0]);
		stay_on(cpu);
		if (with_perf)
			become_perf(out[1], trips);
		pass_to_and_fro(out[1], trips);
	}
	close(out[1]);
	from = fdopen(out[0], "r");
	t.wall_ns = from ? wall_of_perf(from) : 0;
	if (from)
		fclose(from);
	if (wait4(pid, &status, 0, &used) != pid || status != 0 || t.wall_ns <= 0) {
		fprintf(stderr, "bench-sched: the load failed\n");
		exit(1);
	}
	t.cpu_ns = (seconds_of(used.ru_utime) + seconds_of(used.ru_stime)) * 1e9 / (double)trips;
	return t;
}
