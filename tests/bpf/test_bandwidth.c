/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU quota, what it throttled, and the weight: exactly what the cpu controller's own files say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "crew.h"
#include "scene.h"
#include "truth.h"

#define BUSY_MS 700

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH], pod[SCENE_PATH], kid[SCENE_PATH];
static struct scene scene = {&own, &w, {{"quota", path}}};

/* Nothing runs in it, so all counters stand still between the two readings. */
static void assert_same(void)
{
	struct truth_bandwidth theirs = truth_bandwidth(&own, path);
	struct signals ours;

	watch_pass(&w);
	ours = watch_read(&w, path);
	assert_int_equal(ours.missing & SIGNAL_NO_BANDWIDTH, 0);
	assert_int_equal(ours.cpu_quota_ns, theirs.quota_ns);
	assert_int_equal(ours.cpu_period_ns, theirs.period_ns);
	assert_int_equal(ours.cpu_periods, theirs.periods);
	assert_int_equal(ours.cpu_throttled_periods, theirs.throttled_periods);
	assert_int_equal(ours.cpu_throttled_ns / 1000, theirs.throttled_ns / 1000); /* v2 says microseconds */
	assert_int_equal(ours.cpu_weight, theirs.weight);
}

static void without_a_quota_there_is_none(void **state)
{
	(void)state;
	assert_same();
	assert_int_equal(watch_read(&w, path).cpu_quota_ns, 0);
}

static void throttling_is_counted_to_the_nanosecond(void **state)
{
	struct crew crew;

	(void)state;
	truth_set(&own, path, PLIMSOLL_CPU, "cpu.cfs_quota_us", "20000", "cpu.max", "20000 100000");
	crew_start(&crew, &own, path, 2, ANY_CPU);
	crew_work(&crew, BUSY_MS);
	crew_pause(250); /* the last period ends */
	assert_same();
	assert_true(truth_bandwidth(&own, path).throttled_periods >= 3); /* else this showed nothing */
	assert_int_equal(watch_read(&w, path).cpu_quota_ns, 20000000);
	crew_end(&crew);
}

static void the_weight_is_the_kernels(void **state)
{
	(void)state;
	truth_set(&own, path, PLIMSOLL_CPU, "cpu.shares", "512", "cpu.weight", "50");
	assert_same();
	assert_int_equal(watch_read(&w, path).cpu_weight, 50);
	truth_set(&own, path, PLIMSOLL_CPU, "cpu.shares", "102", "cpu.weight", "10");
	assert_same();
	assert_int_equal(watch_read(&w, path).cpu_weight, 10);
	truth_set(&own, path, PLIMSOLL_CPU, "cpu.shares", "2", "cpu.weight", "1"); /* the least there is */
	watch_pass(&w);
	assert_int_equal(watch_read(&w, path).cpu_weight, 1);
}

/* A pod's quota, a slice's: it stops whatever is below it. */
static void a_quota_above_stops_it_too(void **state)
{
	struct signals then, now;
	struct truth_bandwidth theirs;
	struct crew crew;

	(void)state;
	own_make(&own, pod);
	own_make(&own, kid);
	truth_set(&own, pod, PLIMSOLL_CPU, "cpu.cfs_quota_us", "20000", "cpu.max", "20000 100000");
	watch_pass(&w);
	then = watch_read(&w, kid);
	crew_start(&crew, &own, kid, 2, ANY_CPU);
	crew_work(&crew, BUSY_MS);
	crew_pause(250);
	watch_pass(&w);
	now = watch_read(&w, kid);
	theirs = truth_bandwidth(&own, pod);
	crew_end(&crew);
	own_remove(&own, pod);
	assert_int_equal((then.missing | now.missing) & SIGNAL_NO_BANDWIDTH, 0);
	assert_true(theirs.throttled_periods >= 3); /* else this showed nothing */
	assert_int_equal(now.cpu_quota_ns, 20000000);
	assert_int_equal(now.cpu_period_ns, 100000000);
	assert_int_equal(then.cpu_throttled_ns, 0);
	assert_int_equal(now.cpu_throttled_ns / 1000, theirs.throttled_ns / 1000);
	assert_int_equal(now.cpu_throttled_periods, theirs.throttled_periods);
}

static void the_tightest_quota_is_the_limit(void **state)
{
	(void)state;
	own_make(&own, pod);
	own_make(&own, kid);
	truth_set(&own, pod, PLIMSOLL_CPU, "cpu.cfs_quota_us", "50000", "cpu.max", "50000 100000");
	truth_set(&own, kid, PLIMSOLL_CPU, "cpu.cfs_period_us", "200000", "cpu.max", "60000 200000");
	truth_set(&own, kid, PLIMSOLL_CPU, "cpu.cfs_quota_us", "60000", "cpu.max", "60000 200000");
	watch_pass(&w);
	assert_int_equal(watch_read(&w, kid).cpu_quota_ns, 60000000); /* 0.3 cores, not 0.5 */
	assert_int_equal(watch_read(&w, kid).cpu_period_ns, 200000000);
	own_remove(&own, pod);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(without_a_quota_there_is_none, &scene),
		SCENE_TEST(throttling_is_counted_to_the_nanosecond, &scene),
		SCENE_TEST(the_weight_is_the_kernels, &scene),
		SCENE_TEST(a_quota_above_stops_it_too, &scene),
		SCENE_TEST(the_tightest_quota_is_the_limit, &scene),
	};

	scene_split(&scene);
	snprintf(pod, sizeof(pod), "%s/pod", own.top);
	snprintf(kid, sizeof(kid), "%s/pod/kid", own.top);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
