/* SPDX-License-Identifier: Apache-2.0 */
/* On-CPU time and run-queue wait against cpu.stat and schedstat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>

#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "truth.h"
#include "watch.h"

#define SLOTS     4096 /* others may be making cgroups, too */
#define WORK_MS   2000
#define CPU_PART  0.005
#define WAIT_PART 0.01
#define ALL_PART  0.002
/* A kernel may hide the switch away from a task that is not to be traced: the arrival after it is unseen,
 * and that wait is in the next one. The kernel in turn counts no arrival of a task that was preempted
 * on its way to sleep. */
#define SWITCH_PART 0.02
#define PASSES	    500
#define BEFORE_MS   30
#define HELD_UP_MS  500
#define REAL_TIME_US "900000" /* of a second */
#define EDGE_NS   (2 * CLOCK_NS_PER_MS) /* a few switches around the reading */

static struct own_cgroups own;
static char one[OWN_PATH + 8], other[OWN_PATH + 8];
static struct watch w;

static int open_watch(void **state)
{
	(void)state;
	watch_open(&w, SLOTS);
	watch_pass(&w);
	return 0;
}

static int close_watch(void **state)
{
	(void)state;
	watch_close(&w);
	return 0;
}

/* Both truths and ours, while the crew sleeps. */
struct moment {
	struct signals ours;
	struct crew_times theirs;
	uint64_t cpu_stat_ns, stolen_ns;
};

static struct moment moment_of(const struct crew *c, const char *path)
{
	struct moment m;

	watch_pass(&w);
	m.ours = watch_read(&w, path);
	assert_int_equal(m.ours.missing & SIGNAL_NO_CPU, 0);
	m.theirs = crew_times(c);
	m.cpu_stat_ns = truth_cpu_ns(&own, path);
	m.stolen_ns = truth_stolen_ns();
	return m;
}

static uint64_t histogram_sum(const struct signals *now, const struct signals *then)
{
	return watch_times(now, SIGNAL_HIST_RUNQ_WAIT, 0, UINT64_MAX) -
	       watch_times(then, SIGNAL_HIST_RUNQ_WAIT, 0, UINT64_MAX);
}

static void compare(const struct moment *a, const struct moment *b)
{
	uint64_t on_cpu = b->ours.cpu_ns - a->ours.cpu_ns;
	uint64_t wait = b->ours.runq_wait_ns - a->ours.runq_wait_ns;
	uint64_t switches = b->ours.switches - a->ours.switches;
	uint64_t edge = EDGE_NS + truth_stolen_since_ns(a->stolen_ns);

	assert_near(on_cpu, b->cpu_stat_ns - a->cpu_stat_ns, CPU_PART, edge);
	assert_near(on_cpu, b->theirs.on_cpu_ns - a->theirs.on_cpu_ns, CPU_PART, edge);
	assert_near(wait, b->theirs.wait_ns - a->theirs.wait_ns, WAIT_PART, EDGE_NS);
	assert_near(switches, b->theirs.arrivals - a->theirs.arrivals, SWITCH_PART, 1);
	assert_int_equal(histogram_sum(&b->ours, &a->ours), switches);
}

/* Two in this cgroup and one in another share a CPU: each waits two thirds of the time. */
static void pinned_tasks_are_told_apart(void **state)
{
	struct crew mine, rival;
	struct moment a, b, c, d;

	(void)state;
	crew_start(&mine, &own, one, 2, 0);
	crew_start(&rival, &own, other, 1, 0);
	a = moment_of(&mine, one);
	c = moment_of(&rival, other);
	crew_go(&rival);
	crew_work(&mine, WORK_MS);
	crew_halt(&rival);
	b = moment_of(&mine, one);
	d = moment_of(&rival, other);
	compare(&a, &b);
	compare(&c, &d);
	assert_true(b.theirs.wait_ns - a.theirs.wait_ns > WORK_MS * CLOCK_NS_PER_MS / 2);
	crew_end(&mine);
	crew_end(&rival);
}

static void free_tasks_are_counted_wherever_they_run(void **state)
{
	struct crew mine;
	struct moment a, b;

	(void)state;
	crew_start(&mine, &own, one, 4, ANY_CPU);
	a = moment_of(&mine, one);
	crew_work(&mine, WORK_MS);
	b = moment_of(&mine, one);
	compare(&a, &b);
	assert_true(b.theirs.wait_ns > a.theirs.wait_ns);
	crew_end(&mine);
}

/* A task that is moved while it is queued has waited on two run queues. */
static void waits_survive_migration(void **state)
{
	struct crew mine;
	struct moment a, b;

	(void)state;
	crew_start(&mine, &own, one, 3, 0);
	a = moment_of(&mine, one);
	crew_go(&mine);
	for (int step = 0; step < WORK_MS / 5; step++) {
		crew_pin(mine.pid[step % 3], step / 3 % 2);
		crew_pause(5);
	}
	crew_halt(&mine);
	b = moment_of(&mine, one);
	compare(&a, &b);
	crew_end(&mine);
}

/* A kernel may give real time to groups, and then has to be asked for some. */
static void ask_for_real_time(const char *path)
{
	char file[HIERARCHY_PATH + OWN_PATH + 64];
	scoped(fclosep) FILE *f = NULL;

	snprintf(file, sizeof(file), "%s%s/cpu.rt_runtime_us", own.at.mount[PLIMSOLL_CPU], path);
	f = fopen(file, "r+e");
	if (f)
		must(fputs(REAL_TIME_US, f) >= 0 && fflush(f) == 0);
}

static void run_before_all_others(pid_t pid)
{
	ask_for_real_time(own.top);
	ask_for_real_time(one);
	must(sched_setscheduler(pid, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}) == 0);
}

static void run_as_all_others(pid_t pid)
{
	must(sched_setscheduler(pid, SCHED_OTHER, &(struct sched_param){0}) == 0);
}

/* It may hold its CPU for as long as it likes, so no switch tells us who it is. */
static void a_task_that_ran_before_us_is_charged_from_our_start(void **state)
{
	uint64_t earliest, start, least, most, ours, stolen = truth_stolen_ns();
	struct crew mine;

	(void)state;
	crew_start(&mine, &own, one, 1, 1);
	run_before_all_others(mine.pid[0]);
	crew_go(&mine);
	crew_pause(BEFORE_MS);
	earliest = crew_clock_ns(&mine, 0);
	watch_open(&w, SLOTS);
	start = crew_clock_ns(&mine, 0);
	crew_pause(BEFORE_MS);
	least = crew_clock_ns(&mine, 0) - start;
	watch_pass(&w);
	ours = watch_read(&w, one).cpu_ns;
	most = crew_clock_ns(&mine, 0) - earliest + truth_stolen_since_ns(stolen);
	print_message("  %" PRIu64 " us in %" PRIu64 " legs, must be %" PRIu64 " to %" PRIu64 "\n", ours / 1000,
		      watch_read(&w, one).switches, least / 1000, most / 1000);
	assert_true(ours + EDGE_NS >= least && ours <= most + EDGE_NS);
	run_as_all_others(mine.pid[0]);
	crew_halt(&mine);
	crew_end(&mine);
}

/* What is seen at passes while the task runs. */
struct watch_log {
	struct signals last;
	uint64_t unseen;  /* arrivals hidden from us up to the last pass … */
	uint64_t settled; /* … and up to the last one in whose leg we had surely seen the task arrive */
	unsigned passes, unswitched, too_little, hidden;
};

/* `too_little` after an arrival that was hidden, and only the kernel counted, is no fault. */
static void judge(struct watch_log *log, const struct signals *r, uint64_t unseen, bool too_little)
{
	bool same_leg = log->passes && r->switches == log->last.switches && unseen == log->unseen;

	if (same_leg && r->cpu_ns > log->last.cpu_ns) {
		log->unswitched++; /* folding alone can have added that */
		log->settled = unseen;
	}
	log->hidden += too_little && unseen != log->settled;
	log->too_little += too_little && unseen == log->settled;
	log->unseen = unseen;
	log->last = *r;
	log->passes++;
}

/* The task's own clock right before and after the pass brackets what we say. */
static void look(struct watch_log *log, const struct crew *c, const struct moment *a)
{
	uint64_t least = crew_clock_ns(c, 0) - a->theirs.on_cpu_ns, most, ours;
	struct signals r;

	watch_pass(&w);
	r = watch_read(&w, one);
	most = crew_fresh_ns(&c->board->cpu_ns[0]) - a->theirs.on_cpu_ns + truth_stolen_since_ns(a->stolen_ns);
	ours = r.cpu_ns - a->ours.cpu_ns;
	if (ours > most + EDGE_NS)
		fail_msg("%" PRIu64 " is more than %" PRIu64, ours, most);
	judge(log, &r, crew_times(c).arrivals - a->theirs.arrivals - (r.switches - a->ours.switches),
	      ours + EDGE_NS < least);
}

static void a_running_task_is_charged_up_to_the_pass(void **state)
{
	struct watch_log log = {.passes = 0};
	struct crew mine;
	struct moment a;

	(void)state;
	crew_start(&mine, &own, one, 1, 1);
	a = moment_of(&mine, one);
	crew_go(&mine);
	while (crew_clock_ns(&mine, 0) <= a.theirs.on_cpu_ns)
		crew_pause(1);
	while (log.passes < PASSES || (!log.unswitched && log.passes < 20 * PASSES)) {
		look(&log, &mine, &a);
		crew_pause(1);
	}
	crew_halt(&mine);
	crew_end(&mine);
	print_message("  %u passes, %u without a switch, %u after a hidden one, %u with too little\n", log.passes,
		      log.unswitched, log.hidden, log.too_little);
	assert_true(log.unswitched > 0);
	assert_true(log.too_little < log.passes / 50); /* the CPU was taken from the pass itself */
}

/* v1 cpuacct alone adds up a machine's CPU time to the nanosecond; v2's root counts ticks. */
static bool machine_cpu_ns(uint64_t *ret)
{
	scoped(fclosep) FILE *f = fopen("/sys/fs/cgroup/cpuacct/cpuacct.usage", "re");

	return f && fscanf(f, "%" SCNu64, ret) == 1;
}

static uint64_t all_cgroups_ns(void)
{
	uint64_t sum = watch_stats(&w).overflow_cpu_ns + w.departed_cpu_ns;
	size_t cursor = 0;
	const char *path;
	void *cgroup;

	while (strmap_next(w.cgroups, &cursor, &path, &cgroup))
		sum += watch_read(&w, path).cpu_ns;
	return sum;
}

/* Nothing is lost or counted twice, whoever ran. Others run all the time, so the kernel is asked before and after each
 * pass. */
static void all_cgroups_make_up_the_machine(void **state)
{
	uint64_t kernel[4], all, unsure, stolen = truth_stolen_ns(), slack;
	struct crew mine;

	(void)state;
	if (!machine_cpu_ns(&kernel[0])) {
		print_message("  no v1 cpuacct hierarchy, whose sum is exact: nothing to compare with\n");
		skip();
	}
	crew_start(&mine, &own, one, 4, ANY_CPU);
	machine_cpu_ns(&kernel[0]);
	watch_pass(&w);
	machine_cpu_ns(&kernel[1]);
	all = all_cgroups_ns();
	unsure = watch_stats(&w).unsure_cpu_ns;
	crew_work(&mine, WORK_MS);
	machine_cpu_ns(&kernel[2]);
	watch_pass(&w);
	machine_cpu_ns(&kernel[3]);
	all = all_cgroups_ns() - all;
	unsure = watch_stats(&w).unsure_cpu_ns - unsure;
	print_message("  all: %" PRIu64 ", the kernel says %" PRIu64 " to %" PRIu64 ", unsure %" PRIu64 "\n", all,
		      kernel[2] - kernel[1], kernel[3] - kernel[0], unsure);
	slack = EDGE_NS + unsure + (uint64_t)(ALL_PART * (double)all);
	assert_true(all + slack >= kernel[2] - kernel[1]);
	assert_true(all <= kernel[3] - kernel[0] + slack + truth_stolen_since_ns(stolen));
	crew_end(&mine);
}

/* What runs while a pass is held up is in its CPU time, and so must be in its time. */
static void a_pass_is_of_when_it_charges_what_runs(void **state)
{
	char late[OWN_PATH + 8];
	struct crew mine;
	clock_boot_t began;
	uint64_t cpu_ns;

	(void)state;
	snprintf(late, sizeof(late), "%s/late", own.top);
	crew_start(&mine, &own, one, 1, 1);
	crew_go(&mine);
	watch_pass(&w);
	began = w.at;
	cpu_ns = watch_read(&w, one).cpu_ns;
	own_make(&own, late);
	w.dawdle_ms = HELD_UP_MS;
	watch_pass(&w);
	w.dawdle_ms = 0;
	cpu_ns = watch_read(&w, one).cpu_ns - cpu_ns;
	print_message("  ran %.3f s in %.3f s\n", (double)cpu_ns / 1e9, (double)clock_since(w.at, began) / 1e9);
	assert_true(cpu_ns < clock_since(w.at, began) + HELD_UP_MS / 2 * CLOCK_NS_PER_MS);
	crew_halt(&mine);
	crew_end(&mine);
}

static void an_idle_cgroup_counts_nothing(void **state)
{
	struct signals before, after;

	(void)state;
	before = watch_read(&w, other);
	crew_pause(200);
	watch_pass(&w);
	after = watch_read(&w, other);
	assert_int_equal(after.cpu_ns, before.cpu_ns);
	assert_int_equal(after.switches, before.switches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pinned_tasks_are_told_apart, open_watch, close_watch),
		cmocka_unit_test_setup_teardown(free_tasks_are_counted_wherever_they_run, open_watch, close_watch),
		cmocka_unit_test_setup_teardown(waits_survive_migration, open_watch, close_watch),
		cmocka_unit_test_setup_teardown(a_running_task_is_charged_up_to_the_pass, open_watch, close_watch),
		cmocka_unit_test_teardown(a_task_that_ran_before_us_is_charged_from_our_start, close_watch),
		cmocka_unit_test_setup_teardown(all_cgroups_make_up_the_machine, open_watch, close_watch),
		cmocka_unit_test_setup_teardown(a_pass_is_of_when_it_charges_what_runs, open_watch, close_watch),
		cmocka_unit_test_setup_teardown(an_idle_cgroup_counts_nothing, open_watch, close_watch),
	};

	own_split(&own);
	snprintf(one, sizeof(one), "%s/one", own.top);
	snprintf(other, sizeof(other), "%s/other", own.top);
	own_make(&own, one);
	own_make(&own, other);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
