/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks that are moved to another cgroup: what they ran before counts for the old one, what they run after it for
 * the new one. Truth of a running task is its own CPU clock, right before and right after the move is asked for: what
 * it ran in between may be either's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "actor.h"
#include "base/clock.h"
#include "base/obj.h"
#include "crew.h"
#include "truth.h"
#include "watch.h"

#define SLOTS	   4096
#define PLACES	   6
#define PHASE_MS   100
#define BRIEF_MS   3
#define SUCCESSORS 60
#define HOPS	   200
#define THREADS	   3
#define SEED	   7
#define PART	   0.001
#define EDGE_NS	   (2 * CLOCK_NS_PER_MS) /* the board is a few us old, our clocks are compared once a pass */
#define EXACT_NS   (100 * CLOCK_NS_PER_US) /* cpu.stat counts in us; ways into the first cgroup */
#define FASTEST	   (-20) /* nice: so that it keeps its CPU for long */
#define PLACE_PATH (OWN_PATH + 16)

static struct own_cgroups own;
static char home[OWN_PATH + 8], crowd[OWN_PATH + 8], place[PLACES][PLACE_PATH], part[PLACES][PLACE_PATH];
static struct watch w;

static int open_watch(void **state)
{
	(void)state;
	watch_open(&w, SLOTS);
	own_make(&own, home);
	for (int i = 0; i < PLACES; i++)
		own_make(&own, place[i]);
	watch_pass(&w);
	return 0;
}

static int close_watch(void **state)
{
	(void)state;
	watch_close(&w);
	for (int i = 0; i < PLACES; i++)
		own_remove(&own, place[i]);
	own_remove(&own, home);
	return 0;
}

/* What a cgroup must have counted, at least and at most. */
struct span {
	uint64_t least, most;
};

/* One task on its way through places, by its own clock. */
struct way {
	uint64_t asked_ns, there_ns; /* when it came to where it is now */
	struct span *at;
};

static void enter(struct way *t, struct span *at, uint64_t asked_ns, uint64_t there_ns)
{
	if (t->at) {
		t->at->least += asked_ns - t->there_ns;
		t->at->most += there_ns - t->asked_ns;
	}
	*t = (struct way){asked_ns, there_ns, at};
}

static bool is_within(const char *path, struct span s, uint64_t stolen_ns)
{
	uint64_t ours = watch_read(&w, path).cpu_ns;

	print_message("  %s: %" PRIu64 " us, must be %" PRIu64 " to %" PRIu64 "\n", path, ours / 1000, s.least / 1000,
		      s.most / 1000);
	return ours + EDGE_NS + stolen_ns >= s.least && ours <= s.most + EDGE_NS + stolen_ns;
}

/* All are printed before one fails: what is missing in one place is in another. */
static void assert_all_within(char paths[PLACES][PLACE_PATH], const struct span spans[PLACES], uint64_t stolen_ns)
{
	bool within = true;

	for (int i = 0; i < PLACES; i++)
		within &= is_within(paths[i], spans[i], stolen_ns);
	assert_true(within);
}

static uint64_t counted_in_places(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < PLACES; i++)
		sum += watch_read(&w, place[i]).cpu_ns;
	return sum;
}

/* Nothing runs while it is moved, so the kernel's files are exact for each. */
static void a_sleeping_task_counts_where_it_wakes_up(void **state)
{
	uint64_t began, ours;
	struct crew mine;

	(void)state;
	crew_start(&mine, &own, home, 1, ANY_CPU);
	began = crew_times(&mine).on_cpu_ns;
	for (int i = 0; i < PLACES; i++) {
		own_move(&own, place[i], mine.pid[0]);
		crew_work(&mine, PHASE_MS);
		if (i % 2)
			watch_pass(&w);
	}
	ours = counted_in_places();
	for (int i = 0; i < PLACES; i++)
		assert_near(watch_read(&w, place[i]).cpu_ns, truth_cpu_ns(&own, place[i]), PART, EXACT_NS);
	assert_near(ours, crew_times(&mine).on_cpu_ns - began, PART, EXACT_NS);
	crew_end(&mine);
}

static void a_running_task_counts_up_to_its_move(void **state)
{
	struct span spans[PLACES] = {0};
	uint64_t stolen = truth_stolen_ns(), began;
	struct way way = {.at = NULL};
	struct crew mine;

	(void)state;
	crew_start(&mine, &own, home, 1, 1);
	must(setpriority(PRIO_PROCESS, (id_t)mine.pid[0], FASTEST) == 0);
	began = crew_times(&mine).on_cpu_ns;
	own_move(&own, place[0], mine.pid[0]);
	enter(&way, &spans[0], began, began);
	crew_go(&mine);
	for (int i = 1; i < PLACES; i++) {
		uint64_t asked;

		crew_pause(PHASE_MS);
		asked = crew_clock_ns(&mine, 0);
		own_move(&own, place[i], mine.pid[0]);
		enter(&way, &spans[i], asked, crew_fresh_ns(&mine.board->cpu_ns[0]));
		watch_pass(&w);
		assert_true(is_within(place[i - 1], spans[i - 1], truth_stolen_since_ns(stolen)));
	}
	crew_halt(&mine);
	enter(&way, NULL, crew_times(&mine).on_cpu_ns, crew_times(&mine).on_cpu_ns);
	watch_pass(&w);
	assert_all_within(place, spans, truth_stolen_since_ns(stolen));
	assert_near(counted_in_places(), crew_times(&mine).on_cpu_ns - began, PART, EXACT_NS);
	crew_end(&mine);
}

/* All of them always run; what they have counted together never falls, and is never more than they ran. */
static void look(const uint64_t *clocks, int n, uint64_t stolen, uint64_t *last)
{
	uint64_t most = 0, ours;

	watch_pass(&w);
	ours = counted_in_places();
	for (int i = 0; i < n; i++)
		most += crew_fresh_ns(&clocks[i]);
	most += EDGE_NS + truth_stolen_since_ns(stolen);
	if (ours + EDGE_NS < *last || ours > most)
		fail_msg("%" PRIu64 " after %" PRIu64 ", and at most %" PRIu64, ours, *last, most);
	*last = ours;
}

static void hop(struct crew *c, struct way *way, struct span *spans)
{
	int task = rand() % c->n, to = rand() % PLACES;
	uint64_t asked = crew_clock_ns(c, task);

	own_move(&own, place[to], c->pid[task]);
	enter(&way[task], &spans[to], asked, crew_fresh_ns(&c->board->cpu_ns[task]));
}

static void tasks_that_move_all_the_time_are_counted_once(void **state)
{
	uint64_t stolen = truth_stolen_ns(), last = 0, began;
	struct span spans[PLACES] = {0};
	struct way way[CREW_MAX] = {0};
	struct crew mine;

	(void)state;
	srand(SEED);
	crew_start(&mine, &own, place[0], CREW_MAX, ANY_CPU);
	watch_pass(&w);
	began = crew_times(&mine).on_cpu_ns - counted_in_places();
	for (int i = 0; i < CREW_MAX; i++)
		way[i].at = &spans[0];
	crew_go(&mine);
	for (int i = 0; i < HOPS; i++) {
		hop(&mine, way, spans);
		crew_pause(1 + (unsigned)i % 4);
		if (i % 4 == 0)
			look(mine.board->cpu_ns, CREW_MAX, stolen, &last);
	}
	crew_halt(&mine);
	watch_pass(&w);
	for (int i = 0; i < CREW_MAX; i++)
		enter(&way[i], NULL, crew_clock_ns(&mine, i), crew_clock_ns(&mine, i));
	assert_all_within(place, spans, truth_stolen_since_ns(stolen));
	assert_near(counted_in_places(), crew_times(&mine).on_cpu_ns - began, PART, EXACT_NS);
	crew_end(&mine);
}

/* One process whose threads never rest until they are told to. */
struct band {
	bool halt;
	pid_t tid[THREADS];
	uint64_t cpu_ns[THREADS];
	bool done[THREADS];
};

static struct band *band;

static void *play(void *data)
{
	size_t me = (size_t)data;
	struct timespec t;

	while (!__atomic_load_n(&band->halt, __ATOMIC_RELAXED)) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		__atomic_store_n(&band->cpu_ns[me], (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&band->tid[me], gettid(), __ATOMIC_RELEASE);
	}
	__atomic_store_n(&band->done[me], true, __ATOMIC_RELEASE);
	while (pause() < 0)
		;
	return NULL;
}

static void play_together(const void *data)
{
	pthread_t thread;

	(void)data;
	for (size_t i = 1; i < THREADS; i++)
		must(pthread_create(&thread, NULL, play, (void *)i) == 0);
	play(NULL);
}

static pid_t band_start(const char *path)
{
	pid_t pid;

	band = actor_share(sizeof(*band));
	pid = own_spawn(&own, path, play_together, NULL);
	for (int i = 0; i < THREADS; i++)
		while (!__atomic_load_n(&band->tid[i], __ATOMIC_ACQUIRE))
			crew_pause(1);
	return pid;
}

static void band_halt(void)
{
	__atomic_store_n(&band->halt, true, __ATOMIC_RELAXED);
	for (int i = 0; i < THREADS; i++)
		while (!__atomic_load_n(&band->done[i], __ATOMIC_ACQUIRE))
			crew_pause(1);
	crew_pause(2); /* to their sleep */
}

static void band_end(pid_t pid)
{
	own_end(pid);
	munmap(band, sizeof(*band));
}

static uint64_t thread_clock(int i)
{
	return __atomic_load_n(&band->cpu_ns[i], __ATOMIC_RELAXED);
}

/* The kernel tells of the leader alone. */
static void all_threads_of_a_process_move(void **state)
{
	struct span spans[PLACES] = {0}, before = {0};
	uint64_t stolen = truth_stolen_ns();
	struct way way[THREADS] = {0};
	pid_t pid = band_start(home);
	bool within;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		way[i].at = &before;
	for (int to = 0; to < PLACES; to++) {
		uint64_t asked[THREADS];

		for (int i = 0; i < THREADS; i++)
			asked[i] = thread_clock(i);
		own_move(&own, place[to], pid);
		for (int i = 0; i < THREADS; i++)
			enter(&way[i], &spans[to], asked[i], crew_fresh_ns(&band->cpu_ns[i]));
		crew_pause(PHASE_MS);
		watch_pass(&w);
	}
	band_halt();
	for (int i = 0; i < THREADS; i++)
		enter(&way[i], NULL, thread_clock(i), thread_clock(i));
	watch_pass(&w);
	within = is_within(home, before, truth_stolen_since_ns(stolen));
	assert_all_within(place, spans, truth_stolen_since_ns(stolen));
	assert_true(within);
	band_end(pid);
}

/* Each thread of a process in a cgroup of its own. */
static void a_thread_moves_alone(void **state)
{
	struct span spans[PLACES] = {0}, before = {0};
	uint64_t stolen = truth_stolen_ns();
	struct way way[THREADS] = {0};
	pid_t pid;

	(void)state;
	own_make(&own, crowd);
	for (int i = 0; i < PLACES; i++)
		own_make_threaded(&own, part[i]);
	watch_pass(&w);
	pid = band_start(crowd);
	for (int i = 0; i < THREADS; i++)
		way[i].at = &before;
	for (int step = 0; step < 2 * PLACES; step++) {
		int i = step % THREADS, to = (step + step / THREADS) % PLACES;
		uint64_t asked = thread_clock(i);

		own_move_thread(&own, part[to], band->tid[i]);
		enter(&way[i], &spans[to], asked, thread_clock(i));
		crew_pause(PHASE_MS / 2);
		watch_pass(&w);
	}
	band_halt();
	for (int i = 0; i < THREADS; i++)
		enter(&way[i], NULL, thread_clock(i), thread_clock(i));
	watch_pass(&w);
	assert_all_within(part, spans, truth_stolen_since_ns(stolen));
	band_end(pid);
	for (int i = 0; i < PLACES; i++)
		own_remove(&own, part[i]);
	own_remove(&own, crowd);
}

/* The kernel may put the new one's css_set where the old one's was, while the task that moves sleeps. */
static void a_successor_of_the_same_name_is_not_mistaken(void **state)
{
	uint64_t began, ran;
	struct crew mine;

	(void)state;
	crew_start(&mine, &own, home, 1, ANY_CPU);
	began = crew_times(&mine).on_cpu_ns;
	watch_count_below(&w, own.top);
	w.mourned = place[0];
	for (int i = 0; i < SUCCESSORS; i++) {
		own_move(&own, place[0], mine.pid[0]);
		ran = truth_cpu_ns(&own, place[0]);
		crew_work(&mine, BRIEF_MS);
		ran = truth_cpu_ns(&own, place[0]) - ran;
		own_move(&own, home, mine.pid[0]);
		own_remove(&own, place[0]);
		own_make(&own, place[0]);
		if (i % 2)
			continue; /* two successors between two passes */
		watch_pass(&w);
		if (w.last.cpu_ns + EXACT_NS < ran)
			fail_msg("round %d: %" PRIu64 ", the kernel says %" PRIu64, i, w.last.cpu_ns, ran);
	}
	watch_pass(&w);
	assert_near(w.departed_cpu_ns, crew_times(&mine).on_cpu_ns - began, PART, EXACT_NS);
	assert_int_equal(watch_stats(&w).losses.births_late, 0);
	crew_end(&mine);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_watch, close_watch)
	const struct CMUnitTest tests[] = {
		TEST(a_sleeping_task_counts_where_it_wakes_up),
		TEST(a_running_task_counts_up_to_its_move),
		TEST(tasks_that_move_all_the_time_are_counted_once),
		TEST(all_threads_of_a_process_move),
		TEST(a_thread_moves_alone),
		TEST(a_successor_of_the_same_name_is_not_mistaken),
	};

	own_split(&own);
	snprintf(home, sizeof(home), "%s/home", own.top);
	snprintf(crowd, sizeof(crowd), "%s/crowd", own.top);
	for (int i = 0; i < PLACES; i++) {
		snprintf(place[i], sizeof(place[i]), "%s/%d", own.top, i);
		snprintf(part[i], sizeof(part[i]), "%s/%d", crowd, i);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
