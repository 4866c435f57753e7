/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thousand containers that live 10 to 50 ms each, some 200 a second, while the probe looks once a second with as many
 * slots as it has by itself: each is told as born and gone, and what they counted is what the kernel says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "crew.h"
#include "scene.h"
#include "truth.h"

#define LIVES	    1000
#define AT_ONCE	    8
#define BURN_NS	    (4 * CLOCK_NS_PER_MS)
#define LEAST_MS    10
#define SPREAD_MS   41 /* one more than they differ */
#define PART	    0.01
#define LOOK_EVERY_NS CLOCK_NS_PER_S
#define SEED	    11

static struct own_cgroups own;
static struct watch w;

struct life {
	pid_t pid; /* 0: none */
	char path[SCENE_PATH];
};

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Born in the caller's cgroup; it begins once it was moved, and burns less than it lives. */
_Noreturn static void live(int go, unsigned ms)
{
	uint64_t born;
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	born = clock_ns(CLOCK_MONOTONIC);
	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < BURN_NS)
		;
	while (clock_ns(CLOCK_MONOTONIC) - born < ms * CLOCK_NS_PER_MS)
		crew_pause(1);
	_exit(0);
}

/* Ran nothing between its birth and its sleep that is not counted to where it was born. */
static void begin(struct life *l, int number)
{
	unsigned ms = LEAST_MS + (unsigned)rand() % SPREAD_MS;
	int go[2];

	snprintf(l->path, sizeof(l->path), "%s/%d", own.top, number);
	own_make(&own, l->path);
	must(pipe(go) == 0 && (l->pid = fork()) >= 0);
	if (l->pid == 0) {
		close(go[1]);
		live(go[0], ms);
	}
	while (!crew_is_asleep(l->pid))
		crew_pause(1);
	own_move(&own, l->path, l->pid);
	must(write(go[1], "g", 1) == 1);
	close(go[0]);
	close(go[1]);
}

/* Returns what the kernel says it used. */
static uint64_t end(struct life *l)
{
	uint64_t theirs = truth_cpu_ns(&own, l->path);

	own_remove(&own, l->path);
	l->pid = 0;
	return theirs;
}

static struct life *find(struct life *lives, pid_t pid)
{
	for (int i = 0; i < AT_ONCE; i++)
		if (lives[i].pid == pid)
			return &lives[i];
	return NULL;
}

static void look_now_and_then(uint64_t *last)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (now - *last < LOOK_EVERY_NS)
		return;
	watch_pass(&w);
	*last = now;
}

static void none_of_a_thousand_is_lost(void **state)
{
	uint64_t theirs = 0, looked = clock_ns(CLOCK_MONOTONIC);
	struct life lives[AT_ONCE] = {0}, *l;
	int begun = 0, ended = 0, status;

	(void)state;
	srand(SEED);
	watch_count_below(&w, own.top);
	while (ended < LIVES) {
		look_now_and_then(&looked);
		if (begun < LIVES && (l = find(lives, 0))) {
			begin(l, begun++);
			continue;
		}
		l = find(lives, wait(&status));
		must(l && WIFEXITED(status) && WEXITSTATUS(status) == 0);
		theirs += end(l);
		ended++;
	}
	watch_pass(&w);
	print_message("  %u births, %u deaths, %u never ran, %" PRIu64 " births late\n", w.births, w.deaths,
		      w.departed_idle, watch_stats(&w).losses.births_late);
	assert_int_equal(w.births, LIVES);
	assert_int_equal(w.deaths, LIVES);
	assert_int_equal(w.departed_idle, 0);
	assert_int_equal(watch_stats(&w).losses.births_late, 0);
	assert_near(w.departed_cpu_ns, theirs, PART, 0);
	assert_true(theirs > LIVES * BURN_NS / 2);
}

int main(void)
{
	static struct scene scene = {.own = &own, .watch = &w, .is_usual = true};
	const struct CMUnitTest tests[] = {SCENE_TEST(none_of_a_thousand_is_lost, &scene)};

	scene_split(&scene);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
