/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ten thousand cgroups are made and removed, as many between two passes as if it took a minute: each is told as born
 * and gone, what ran is all counted, and nothing of them is left: no memory, no file, no slot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "scene.h"
#include "truth.h"

#define CGROUPS	      10000
#define WARM_UP	      2000 /* of them */
#define AT_ONCE	      16
#define SLOTS	      4096
#define FEW	      512
#define TOGETHER      50
#define ROUNDS	      40
#define WORKS_IN_EACH 20 /* th of them a task runs */
#define A_SECOND      (CGROUPS / 60)
#define KEPT_BYTES    (64 << 10) /* by malloc, of 8,000 cgroups: less than ten bytes each */
#define PART	      0.001
#define EDGE_NS	      CLOCK_NS_PER_MS

static struct own_cgroups own;
static struct watch w;
static char home[SCENE_PATH]; /* where tasks are that do not work: v2 wants none beside cgroups that are made */

/* What this process holds. */
struct holding {
	size_t bytes;
	unsigned files;
};

static struct holding holding(void)
{
	struct holding h = {.bytes = mallinfo2().uordblks};
	DIR *d = opendir("/proc/self/fd");

	must(d != NULL);
	while (readdir(d))
		h.files++;
	closedir(d);
	return h;
}

static const char *path_of(int number)
{
	static char path[SCENE_PATH];

	snprintf(path, sizeof(path), "%s/%d", own.top, number);
	return path;
}

static void work_in(struct crew *c, int number)
{
	own_move(&own, path_of(number), c->pid[0]);
	crew_go(c);
	crew_pause(1);
	crew_halt(c);
	own_move(&own, home, c->pid[0]);
}

/* Each lives while the next AT_ONCE are made. */
static void come_and_go(struct crew *c, int first, int end)
{
	for (int i = first; i < end + AT_ONCE; i++) {
		if (i < end)
			own_make(&own, path_of(i));
		if (i < end && i % WORKS_IN_EACH == 0)
			work_in(c, i);
		if (i >= first + AT_ONCE)
			own_remove(&own, path_of(i - AT_ONCE));
		if (i % A_SECOND == 0)
			watch_pass(&w);
	}
	watch_pass(&w);
}

static void ten_thousand_leave_nothing_behind(void **state)
{
	struct holding before, after;
	struct crew mine;
	uint64_t began, stolen = truth_stolen_ns();

	(void)state;
	crew_start(&mine, &own, home, 1, ANY_CPU);
	watch_pass(&w);
	watch_count_below(&w, own.top);
	began = crew_times(&mine).on_cpu_ns;
	come_and_go(&mine, 0, WARM_UP);
	before = holding();
	come_and_go(&mine, WARM_UP, CGROUPS);
	after = holding();
	print_message("  %u births, %u deaths, %u without a run, %" PRIu64 " late; %zu bytes in %u files, then %zu in %u\n",
		      w.births, w.deaths, w.departed_idle, watch_stats(&w).losses.births_late, before.bytes,
		      before.files, after.bytes, after.files);
	assert_int_equal(w.births, CGROUPS);
	assert_int_equal(w.deaths, CGROUPS);
	assert_int_equal(w.departed_idle, CGROUPS - CGROUPS / WORKS_IN_EACH);
	assert_int_equal(watch_stats(&w).losses.births_late, 0);
	assert_int_equal(watch_stats(&w).losses.cgroups_unplaced, 0);
	assert_near(w.departed_cpu_ns, crew_times(&mine).on_cpu_ns - began, PART,
		    EDGE_NS + truth_stolen_since_ns(stolen));
	assert_int_equal(after.files, before.files);
	assert_true(after.bytes <= before.bytes + KEPT_BYTES);
	crew_end(&mine);
}

/* If one in a hundred did not come back, they would be used up. */
static void slots_come_back(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < TOGETHER; i++)
			own_make(&own, path_of(i));
		watch_pass(&w);
		for (int i = 0; i < TOGETHER; i++)
			assert_int_not_equal(watch_find(&w, path_of(i))->slot, 0);
		for (int i = 0; i < TOGETHER; i++)
			own_remove(&own, path_of(i));
		watch_pass(&w);
		watch_pass(&w); /* freed rows rest for one pass */
	}
	assert_int_equal(watch_stats(&w).losses.births_late, 0);
}

int main(void)
{
	static struct scene scene = {.own = &own, .watch = &w, .slots = SLOTS, .cgroup = {{"home", home}}};
	static struct scene few = {.own = &own, .watch = &w, .slots = FEW};
	const struct CMUnitTest tests[] = {
		SCENE_TEST(ten_thousand_leave_nothing_behind, &scene),
		SCENE_TEST(slots_come_back, &few),
	};

	scene_split(&scene);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
