/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU that goes offline and comes back. The kernel does not show its last switch, so what ran there last, a task of
 * the root, must not be charged for as long as the CPU is away.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/obj.h"
#include "bpf/crew.h"
#include "bpf/scene.h"
#include "bpf/truth.h"
#include "guest.h"

#define SWITCH	"/sys/devices/system/cpu/cpu1/online"
#define AWAY_MS 2000
#define WORK_MS 500
#define PART	0.05
#define EDGE_NS (5 * CLOCK_NS_PER_MS)

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH];
static struct scene scene = {&own, &w, {{"worker", path}}};

struct moment {
	uint64_t root_ns, at_ns;
};

static struct moment look(void)
{
	watch_pass(&w);
	return (struct moment){watch_read(&w, "/").cpu_ns, w.at.ns};
}

static void nobody_is_charged_for_a_cpu_that_is_away(void **state)
{
	struct moment before, after, back;

	(void)state;
	must(guest_write(SWITCH, "0"));
	before = look();
	crew_pause(AWAY_MS);
	after = look();
	must(guest_write(SWITCH, "1"));
	back = look();
	print_message("  the root ran %" PRIu64 " of %" PRIu64 " ms\n",
		      (uint64_t)((after.root_ns - before.root_ns) / CLOCK_NS_PER_MS),
		      (uint64_t)((after.at_ns - before.at_ns) / CLOCK_NS_PER_MS));
	assert_true(after.root_ns - before.root_ns < (after.at_ns - before.at_ns) / 2);
	assert_true(back.root_ns >= after.root_ns && back.root_ns - after.root_ns <= 2 * (back.at_ns - after.at_ns));
}

static void a_cpu_that_came_back_is_counted(void **state)
{
	struct crew c;
	struct signals then, now;
	struct crew_times before, after;

	(void)state;
	must(guest_write(SWITCH, "0") && guest_write(SWITCH, "1"));
	crew_start(&c, &own, path, 1, 1);
	watch_pass(&w);
	then = watch_read(&w, path);
	before = crew_times(&c);
	crew_work(&c, WORK_MS);
	watch_pass(&w);
	now = watch_read(&w, path);
	after = crew_times(&c);
	assert_near(now.cpu_ns - then.cpu_ns, after.on_cpu_ns - before.on_cpu_ns, PART, EDGE_NS);
	crew_end(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(nobody_is_charged_for_a_cpu_that_is_away, &scene),
		SCENE_TEST(a_cpu_that_came_back_is_counted, &scene),
	};

	guest_only();
	scene_split(&scene);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
