/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that is suspended, and one whose wall clock is set. In a suspend CLOCK_BOOTTIME goes on, by which all is
 * judged, and nothing else: what runs has no CPU time for it, and the CPUs were idle.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/time.h>

#include "agent/node.h"
#include "base/obj.h"
#include "bpf/crew.h"
#include "bpf/scene.h"
#include "bpf/truth.h"
#include "guest.h"

#define ALARM	  "/sys/class/rtc/rtc0/wakealarm"
#define SLEEP	  "+4" /* seconds of the machine's own clock, in whole ones */
#define SLEPT_MS  2000 /* at least */
#define BEFORE_MS 300
#define CPUS	  2
#define HOUR_S	  3600
#define EDGE_NS	  (20 * CLOCK_NS_PER_MS)

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH];
static struct scene scene = {&own, &w, {{"worker", path}}};
static struct node_sleep slept;

struct moment {
	struct signals ours;
	struct node_reading node;
	uint64_t at_ns, stood_ns; /* with and without suspend */
};

static struct moment look(void)
{
	struct moment m = {.stood_ns = clock_monotonic_ns()};

	watch_pass(&w);
	m.ours = watch_read(&w, path);
	m.at_ns = w.at.ns;
	node_read("/proc", &m.node);
	(void)node_add_sleep(&slept, clock_suspended_ns(), &m.node);
	return m;
}

static void suspend(void)
{
	must(guest_write(ALARM, "0") && guest_write(ALARM, SLEEP));
	must(guest_write("/sys/power/state", "mem"));
}

static void a_suspended_machine_is_idle(void **state)
{
	struct crew c;
	struct moment a, b;
	uint64_t elapsed, awake, cpu, idle;

	(void)state;
	crew_start(&c, &own, path, 1, 0);
	crew_go(&c);
	crew_pause(BEFORE_MS);
	a = look();
	suspend();
	b = look();
	elapsed = b.at_ns - a.at_ns;
	awake = clock_monotonic_ns() - a.stood_ns;
	cpu = b.ours.cpu_ns - a.ours.cpu_ns;
	idle = b.node.cpu_idle_ns - a.node.cpu_idle_ns;
	print_message("  %.3f s passed, %.3f s awake, the task ran %.3f s, the CPUs idled %.3f s\n",
		      (double)elapsed / 1e9, (double)awake / 1e9, (double)cpu / 1e9, (double)idle / 1e9);
	assert_true(elapsed >= awake + SLEPT_MS * CLOCK_NS_PER_MS); /* else this showed nothing */
	assert_true(cpu <= awake + EDGE_NS);
	assert_true(idle + EDGE_NS >= CPUS * (elapsed - awake));
	assert_true(idle <= CPUS * elapsed + EDGE_NS);
	crew_end(&c);
}

static void counters_go_on_after_a_suspend(void **state)
{
	struct crew c;
	struct crew_times before, after;
	struct moment a, b;

	(void)state;
	suspend();
	crew_start(&c, &own, path, 1, 1);
	a = look();
	before = crew_times(&c);
	crew_work(&c, BEFORE_MS);
	b = look();
	after = crew_times(&c);
	assert_near(b.ours.cpu_ns - a.ours.cpu_ns, after.on_cpu_ns - before.on_cpu_ns, 0.05, EDGE_NS);
	assert_true(b.ours.runq_wait_ns - a.ours.runq_wait_ns <= after.wait_ns - before.wait_ns + EDGE_NS);
	crew_end(&c);
}

static void set_wall_clock(long by_s)
{
	struct timeval now;

	must(gettimeofday(&now, NULL) == 0);
	now.tv_sec += by_s;
	must(settimeofday(&now, NULL) == 0);
}

/* Forth and back: neither shows. */
static void a_wall_clock_that_is_set_shows_nowhere(void **state)
{
	static const long by_s[] = {HOUR_S, -2 * HOUR_S, HOUR_S};
	struct crew c;

	(void)state;
	crew_start(&c, &own, path, 1, 0);
	crew_go(&c);
	for (int i = 0; i < 3; i++) {
		struct moment a = look(), b;

		set_wall_clock(by_s[i]);
		crew_pause(BEFORE_MS);
		b = look();
		assert_true(b.at_ns - a.at_ns < HOUR_S / 2 * CLOCK_NS_PER_S);
		assert_true(b.ours.cpu_ns > a.ours.cpu_ns);
		assert_true(b.ours.cpu_ns - a.ours.cpu_ns <= clock_monotonic_ns() - a.stood_ns + EDGE_NS);
		assert_true(b.node.cpu_idle_ns - a.node.cpu_idle_ns <=
			    CPUS * (clock_monotonic_ns() - a.stood_ns) + EDGE_NS);
	}
	crew_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_suspended_machine_is_idle, &scene),
		SCENE_TEST(counters_go_on_after_a_suspend, &scene),
		SCENE_TEST(a_wall_clock_that_is_set_shows_nowhere, &scene),
	};

	guest_only();
	scene_split(&scene);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
