/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two thousand cgroups, with a slot for each and with far fewer slots: what a task runs in each of them, one after
 * the other, is all there, in the cgroups' own counters or in the overflow, and it is counted what is missing. So is
 * what a cgroup ran before it got its slot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "crew.h"
#include "scene.h"
#include "truth.h"

#define MANY	 2000
#define ENOUGH	 8192 /* directories are given a slot each at first */
#define SOME	 2048 /* half of them in stock */
#define FEW	 512
#define PART	 0.001
#define EDGE_NS	 CLOCK_NS_PER_MS

static struct own_cgroups own;
static struct watch w;

/* What became of the cgroups. */
struct fate {
	uint32_t slots, rows, unknown;
	char without_slot[SCENE_PATH]; /* one of those that have only a row */
	char latest[SCENE_PATH];      /* the first whose birth was late */
	uint64_t cpu_ns;	      /* of those with a slot, as we say */
	uint64_t ran_ns;	      /* in them, as the kernel says */
	uint64_t ran_elsewhere_ns;    /* in the others */
	uint64_t stolen_ns;	      /* meanwhile */
};

static struct fate fate;
static uint64_t ran_ns[MANY]; /* in each of them, as the kernel says */
static struct crew worker;
static char lobby[SCENE_PATH]; /* where it waits: on v2 nobody may be where controllers are handed down */

static void for_many(void (*act)(const char *path, int number))
{
	char path[SCENE_PATH];

	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "%s/%04d", own.top, i);
		act(path, i);
	}
}

static void make(const char *path, int number)
{
	(void)number;
	own_make(&own, path);
}

static void take_away(const char *path, int number)
{
	(void)number;
	own_remove(&own, path);
}

static void look_at(const char *path, int number)
{
	const struct probe_cgroup *c = watch_find(&w, path);

	fate.slots += c && c->slot;
	fate.rows += c && !c->slot;
	fate.unknown += !c;
	if (c && c->slot) {
		fate.cpu_ns += watch_read(&w, path).cpu_ns;
		fate.ran_ns += ran_ns[number];
	} else {
		fate.ran_elsewhere_ns += ran_ns[number];
	}
	if (c && !c->slot)
		snprintf(fate.without_slot, sizeof(fate.without_slot), "%s", path);
}

static void assert_it_ran(const char *path, int number)
{
	(void)number;
	assert_true(watch_read(&w, path).cpu_ns > 0);
}

static void hire(void)
{
	snprintf(lobby, sizeof(lobby), "%s/lobby", own.top);
	own_make(&own, lobby);
	crew_start(&worker, &own, lobby, 1, ANY_CPU);
}

static void dismiss(void)
{
	crew_end(&worker);
	own_remove(&own, lobby);
}

/* It sleeps whenever it is moved. How long it runs is the scheduler's affair: seldom alike on a full machine. */
static void work_in(const char *path, int number)
{
	uint64_t before = crew_times(&worker).on_cpu_ns;

	own_move(&own, path, worker.pid[0]);
	crew_go(&worker);
	crew_halt(&worker);
	ran_ns[number] = crew_times(&worker).on_cpu_ns - before;
}

static void work_everywhere(void)
{
	fate = (struct fate){.stolen_ns = truth_stolen_ns()};
	hire();
	for_many(work_in);
	watch_pass(&w);
	for_many(look_at);
	fate.stolen_ns = truth_stolen_since_ns(fate.stolen_ns);
}

static void each_of_two_thousand_is_told_apart(void **state)
{
	(void)state;
	for_many(make);
	watch_pass(&w);
	work_everywhere();
	assert_int_equal(fate.slots, MANY);
	for_many(assert_it_ran);
	assert_near(fate.cpu_ns, fate.ran_ns, PART, EDGE_NS + fate.stolen_ns);
	assert_int_equal(watch_stats(&w).losses.cgroups_unplaced, 0);
	dismiss();
	for_many(take_away);
}

static void what_has_no_slot_is_in_the_overflow_and_counted(void **state)
{
	uint64_t before, overflow;
	struct signals r;

	(void)state;
	assert_int_equal(watch_stats(&w).losses.slots_full, 0);
	assert_int_equal(watch_stats(&w).losses.births_late, 0);
	for_many(make);
	watch_pass(&w);
	before = watch_stats(&w).overflow_cpu_ns;
	work_everywhere();
	overflow = watch_stats(&w).overflow_cpu_ns - before;
	print_message("  %u with a slot, %u with a row, %u with neither; %" PRIu64 " late\n", fate.slots, fate.rows,
		      fate.unknown, watch_stats(&w).losses.births_late);
	assert_true(fate.slots > 0 && fate.slots < FEW);
	assert_true(fate.rows >= FEW / 2 && fate.unknown > 0);
	assert_near(fate.cpu_ns, fate.ran_ns, PART, EDGE_NS + fate.stolen_ns);
	/* Others of the machine may have no slot either. */
	assert_true(fate.ran_elsewhere_ns > 0 && overflow + EDGE_NS >= fate.ran_elsewhere_ns);
	assert_true(watch_stats(&w).losses.slots_full >= fate.rows + fate.unknown);
	assert_true(watch_stats(&w).losses.births_late >= fate.rows + fate.unknown);

	r = watch_read(&w, fate.without_slot);
	assert_true(r.missing & SIGNAL_NO_CPU);
	assert_int_equal(r.missing & (SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET), 0);
	dismiss();

	for_many(take_away);
	watch_pass(&w);
	watch_pass(&w); /* freed rows rest for one pass */
	assert_true(watch_stats(&w).losses.slots_full < FEW / 8); /* others were born meanwhile, at most */
}

/* More births than the kernel can have slots for: the pass gives the last of them one, too late for what it ran. */
static void make_until_late(const char *path, int number)
{
	if (watch_stats(&w).losses.births_late)
		return;
	make(path, number);
	snprintf(fate.latest, sizeof(fate.latest), "%s", path);
}

static void what_a_late_birth_ran_is_missing_and_not_nothing(void **state)
{
	uint32_t counts = SIGNAL_NO_CPU | SIGNAL_NO_IO | SIGNAL_NO_NET | SIGNAL_NO_RECLAIM;
	uint64_t before;

	(void)state;
	fate = (struct fate){.stolen_ns = truth_stolen_ns()};
	for_many(make_until_late);
	hire();
	work_in(fate.latest, 0);
	assert_true(ran_ns[0] > 0);
	watch_pass(&w);
	assert_int_not_equal(watch_find(&w, fate.latest)->slot, 0);
	assert_int_equal(watch_read(&w, fate.latest).missing & counts, counts);
	assert_int_equal(watch_read(&w, fate.latest).missing & SIGNAL_NO_MEMORY, 0);

	before = watch_read(&w, fate.latest).cpu_ns;
	work_in(fate.latest, 0);
	watch_pass(&w);
	assert_int_equal(watch_read(&w, fate.latest).missing & counts, 0);
	assert_near(watch_read(&w, fate.latest).cpu_ns - before, ran_ns[0], PART,
		    EDGE_NS + truth_stolen_since_ns(fate.stolen_ns));
	dismiss();
	for_many(take_away);
}

int main(void)
{
	static struct scene enough = {.own = &own, .watch = &w, .slots = ENOUGH};
	static struct scene some = {.own = &own, .watch = &w, .slots = SOME};
	static struct scene few = {.own = &own, .watch = &w, .slots = FEW};
	const struct CMUnitTest tests[] = {
		SCENE_TEST(each_of_two_thousand_is_told_apart, &enough),
		SCENE_TEST(what_has_no_slot_is_in_the_overflow_and_counted, &few),
		SCENE_TEST(what_a_late_birth_ran_is_missing_and_not_nothing, &some),
	};

	scene_split(&enough);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
