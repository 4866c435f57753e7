/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of decisions of every branch; the numbers in the texts were computed by hand. */
#include "aggregator/hpa_explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/hpa_control.h"
#include "aggregator/hpa_record.h"
#include "aggregator/store/decisions.h"
#include "base/clock.h"
#include "base/mem.h"

#define TEST(name) static void name(void **unused __attribute__((unused)))
#define S	   CLOCK_NS_PER_S
#define PODS	   16
#define NEVER	   UINT64_MAX /* age of a sample that there is not */

#define REF	"\"scaleTargetRef\":{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"web\"}"
#define CPU_60	"{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"target\":{\"type\":\"Utilization\"," \
		"\"averageUtilization\":60}}}"
#define SPEC(more) "{" REF ",\"minReplicas\":2,\"maxReplicas\":20," more "}"

static struct hpa_manifest *manifest;
static struct hpa_control *control;
static struct view_replica replica[PODS];
static char name[PODS][16];
static uint32_t pods;
static uint64_t now_ns;
static struct buf text;

static int done(void **unused)
{
	(void)unused;
	buf_done(&text);
	manifest = hpa_manifest_free(manifest);
	control = hpa_control_free(control);
	return 0;
}

static void begin(const char *spec)
{
	struct err e = {0};

	(void)done(NULL);
	if (hpa_manifest_new("shop", spec, &manifest, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	(void)hpa_manifest_request(manifest, "", 100, 64ll << 20 << 10);
	control = hpa_control_new();
	pods = 0;
	now_ns = 10000 * S;
}

/* So many pods more, that use so much each. */
static void add(uint32_t n, uint64_t milli, uint64_t age_ns, uint64_t sample_age_ns)
{
	for (; n > 0; n--, pods++) {
		snprintf(name[pods], sizeof(name[pods]), "web-%u", pods);
		replica[pods] = (struct view_replica){.ns = "shop", .pod = name[pods], .container = "api", .age_ns = age_ns,
						      .sample_age_ns = sample_age_ns, .cpu_known = sample_age_ns != NEVER,
						      .cpu_milli = milli, .window_ns = 15 * S,
						      .memory_known = true, .memory_bytes = 32 << 20,
						      .runq_known = true, .runq_permille = 450};
	}
}

/* A pass, as it is told. Changes are made when `made`. */
static const char *pass(uint32_t current, bool made)
{
	const struct policy p = {.name = "shop/web", .enforce = true, .window_ns = 15 * S, .fresh_ns = 3 * S};
	const struct view v = {.boottime_ns = now_ns += 15 * S, .replicas = pods, .replica = replica, .nodes = 1};
	const struct decision x = {.id = 7, .workload = "shop/web", .policy = "shop/web", .mode = "Enforce"};
	scoped(freep) char *record = NULL;
	struct err e = {0};

	hpa_control_pass(control, manifest, &p, &v, current, NULL);
	record = hpa_record_json(control, manifest, &p, &v, current, NULL);
	buf_clear(&text);
	if (hpa_explain_decision(&x, record, &text, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	if (control->outcome.rescale && made)
		hpa_control_done(control, manifest, now_ns, NULL);
	if (!strstr(buf_text(&text), "the same outcome again, byte for byte"))
		fail_msg("it does not replay:\n%s", buf_text(&text));
	return buf_text(&text);
}

static void has(const char *said, const char *words)
{
	if (!strstr(said, words))
		fail_msg("\"%s\" is not in\n%s", words, said);
}

/* The word that lists show for the pass before. */
static const char *reason(void)
{
	struct verdict d;

	hpa_control_verdict(control, &(struct view){0}, &d);
	return verdict_word(d.reason);
}

/* 6 pods at 84 of 100m: 6 x 84 / 60 = 8.4, so 9; two pods in 15 s. */
TEST(limited_by_a_policy)
{
	const char *said;

	begin(SPEC("\"metrics\":[" CPU_60 "],\"behavior\":{\"scaleUp\":{\"policies\":[{\"type\":\"Pods\",\"value\":2,"
		   "\"periodSeconds\":30}]}}"));
	add(6, 84, 900 * S, S);
	said = pass(6, true);
	has(said, "cpu 84 % of request over 6 of 6 pods (504m of 600m); target 60 %");
	has(said, "6 x 84 / 60 = 8.40, rounded up: asks for 9");
	has(said, "scaleUp policy Pods 2 per 30 s: 6 + 2 = 8");
	has(said, "6 -> 8, limited to 8 by scaleUp policy Pods 2 per 30 s (ScaleUpLimit");
	add(2, 84, 900 * S, S);
	said = pass(8, true); /* 8 x 84 / 60 = 11.2; the two of 15 s ago count */
	has(said, "8 x 84 / 60 = 11.20, rounded up: asks for 12");
	has(said, "scaleUp policy Pods 2 per 30 s: 8 - 2 added + 0 removed in it = 6, 6 + 2 = 8");
	has(said, "8 -> 8, limited to 8");
}

/* 64 / 60 = 1.0667 */
TEST(within_the_tolerance)
{
	begin(SPEC("\"metrics\":[" CPU_60 "]"));
	add(4, 64, 900 * S, S);
	has(pass(4, true), "1.0667 of the target, within 10 %: asks for 4, as it is set");
}

/* 3 fresh at 30 %, 1 missing at 100 %: (90 + 100) / 400 = 47 %; 4 x 47 / 60 = 3.13, so 4. */
TEST(missing_pods_are_counted_against_shrinking)
{
	const char *said;

	begin(SPEC("\"metrics\":[" CPU_60 "]"));
	add(3, 30, 900 * S, S);
	add(1, 0, 900 * S, NEVER);
	said = pass(5, true);
	has(said, "cpu 30 % of request over 3 of 4 pods (90m of 300m); target 60 %");
	has(said, "1 pod without a fresh sample, counted at 100 % of the request (100m), against the change");
	has(said, "4 x 47 / 60 = 3.13, rounded up: asks for 4");
}

/* 2 at 90 %, 2 missing at nothing: 180 / 400 = 45 %, below 60 %: the other way round. */
TEST(the_direction_turns_round)
{
	const char *said;

	begin(SPEC("\"metrics\":[" CPU_60 "]"));
	add(2, 90, 900 * S, S);
	add(2, 0, 900 * S, 9 * S);
	said = pass(4, true);
	has(said, "2 pods without a fresh sample, counted at nothing, against the change");
	assert_string_equal(reason(), "steady");
	has(said, "4 x 45 / 60 = 3.00: with those counted in, the direction turns round: asks for 4, as it is set");
}

/* 3 at 120 %, one of 5 s at nothing: 360 / 400 = 90 %; 4 x 90 / 60 = 6. */
TEST(young_pods_do_not_speak_for_growing)
{
	const char *said;

	begin(SPEC("\"metrics\":[" CPU_60 "]"));
	add(3, 120, 900 * S, S);
	add(1, 500, 5 * S, S);
	said = pass(4, true);
	has(said, "cpu 120 % of request over 3 of 4 pods (360m of 300m); target 60 %");
	has(said, "1 pod too young for a sample to count, counted at nothing");
	has(said, "4 x 90 / 60 = 6.00, rounded up: asks for 6");
}

/* 1 at 120 %, 2 of 5 s at nothing: 120 / 300 = 40 %, below 60 %;
 * 2 at 30 %, 4 missing at 100 %: 460 / 600 = 76 %. */
TEST(who_keeps_it_from_changing_is_its_reason)
{
	begin(SPEC("\"metrics\":[" CPU_60 "]"));
	add(1, 120, 900 * S, S);
	add(2, 500, 5 * S, S);
	has(pass(3, true), "3 x 40 / 60 = 2.00: with those counted in, the direction turns round: asks for 3");
	assert_string_equal(reason(), "young");
	begin(SPEC("\"metrics\":[" CPU_60 "]"));
	add(2, 30, 900 * S, S);
	add(4, 0, 900 * S, NEVER);
	has(pass(6, true), "6 x 76 / 60 = 7.60: with those counted in, the direction turns round: asks for 6");
	assert_string_equal(reason(), "coverage");
}

/* 124 / 60 is a bit more in binary, and 1 - 0.8 a bit less than 0.2: for Kubernetes, too. */
TEST(the_last_bits_are_shown_where_they_count)
{
	begin(SPEC("\"metrics\":[" CPU_60 "],\"behavior\":{\"scaleDown\":{\"stabilizationWindowSeconds\":0,\"policies\":[{"
		   "\"type\":\"Percent\",\"value\":80,\"periodSeconds\":15}]}}"));
	add(15, 124, 900 * S, S);
	has(pass(15, false), "15 x 124 / 60 = 31.000000000000004, rounded up: asks for 32");
	begin(SPEC("\"metrics\":[" CPU_60 "],\"behavior\":{\"scaleDown\":{\"stabilizationWindowSeconds\":0,\"policies\":[{"
		   "\"type\":\"Percent\",\"value\":80,\"periodSeconds\":15}]}}"));
	add(10, 1, 900 * S, S);
	has(pass(10, false), "scaleDown policy Percent 80 per 15 s: 10 x 0.2 = 1.9999999999999996, rounded down: 1");
}

/* 3 pods of 32Mi on a target of 24Mi: 3 x 32 / 24 = 4. */
TEST(an_average_value)
{
	const char *said;

	begin(SPEC("\"metrics\":[{\"type\":\"Resource\",\"resource\":{\"name\":\"memory\",\"target\":{\"type\":"
		   "\"AverageValue\",\"averageValue\":\"24Mi\"}}}]"));
	add(3, 10, 900 * S, S);
	said = pass(3, true);
	has(said, "memory 32Mi a pod over 3 of 3 pods (96Mi in all); target 24Mi");
	has(said, "3 x 32Mi / 24Mi = 4.00, rounded up: asks for 4");
}

/* 450m on a target of 300m: 4 x 1.5 = 6. The one that cannot be had lets it grow. */
TEST(a_pods_metric_beside_one_that_fails)
{
	const char *said;

	begin(SPEC("\"metrics\":[{\"type\":\"External\",\"external\":{\"metric\":{\"name\":\"lag\"},\"target\":{\"type\":"
		   "\"Value\",\"value\":\"5\"}}},{\"type\":\"Pods\",\"pods\":{\"metric\":{\"name\":\"cpu-runqueue\"},"
		   "\"target\":{\"type\":\"AverageValue\",\"averageValue\":\"300m\"}}}]"));
	add(4, 10, 900 * S, S);
	said = pass(4, true);
	has(said, "not known        external metric lag: could not be had, target 5");
	has(said, "FailedGetExternalMetric: unable to get external metric shop/lag/nil: unable to fetch metrics from");
	has(said, "asked for most   pods metric cpu-runqueue 450m a pod over 4 of 4 pods (1800m in all); target 300m");
	has(said, "4 x 450m / 300m = 6.00, rounded up: asks for 6");
	has(said, "4 -> 6: pods metric cpu-runqueue above target");
}

TEST(above_the_maximum_no_metric_is_asked)
{
	const char *said;

	begin("{" REF ",\"maxReplicas\":4}");
	add(5, 90, 900 * S, S);
	said = pass(5, true);
	has(said, "5 -> 4: Current number of replicas above Spec.MaxReplicas");
	assert_null(strstr(said, "asked for"));
}

/* 8 pods at 10 %: 8 x 10 / 60 = 1.33, so 2; 10 were set 15 s ago, and 25 % may go in a minute: 8 x 0.75 = 6. */
TEST(shrinking_by_per_cent_after_a_window)
{
	const char *said;

	begin(SPEC("\"metrics\":[" CPU_60 "],\"behavior\":{\"scaleDown\":{\"stabilizationWindowSeconds\":20,\"policies\":[{"
		   "\"type\":\"Percent\",\"value\":25,\"periodSeconds\":60}]}}"));
	add(8, 60, 900 * S, S);
	(void)pass(8, true); /* 8 is recommended */
	for (uint32_t i = 0; i < pods; i++)
		replica[i].cpu_milli = 10;
	said = pass(8, true);
	has(said, "8 x 10 / 60 = 1.33, rounded up: asks for 2");
	has(said, "scaleDown 20 s: the most that was asked for in it leaves 8");
	has(said, "8 -> 8, held at 8 by what was asked for in the window; of the metrics alone: All metrics below target");
	said = pass(8, true);
	has(said, "nothing in them holds 2 back");
	has(said, "scaleDown policy Percent 25 per 60 s: 8 x 0.75 = 6.00, rounded down: 6");
	has(said, "8 -> 6, limited to 6 by scaleDown policy Percent 25 per 60 s (ScaleDownLimit");
}

/* 2 pods at 240 %: 2 x 240 / 60 = 8; without a behavior a step goes to max(2 x 2, 4). */
TEST(without_a_behavior)
{
	const char *said;

	begin(SPEC("\"metrics\":[" CPU_60 "]"));
	add(2, 240, 900 * S, S);
	said = pass(2, true);
	has(said, "2 x 240 / 60 = 8.00, rounded up: asks for 8");
	has(said, "without a behavior a step reaches max(2 x 2, 4) = 4");
	has(said, "2 -> 4, limited to 4 (ScaleUpLimit");
}

/* 2 pods at 1 %: it asks for 1, and 2 are the least. */
TEST(the_minimum)
{
	begin("{" REF ",\"minReplicas\":2,\"maxReplicas\":20,\"metrics\":[" CPU_60
	      "],\"behavior\":{\"scaleDown\":{\"stabilizationWindowSeconds\":0}}}");
	add(4, 1, 900 * S, S);
	has(pass(4, true), "4 -> 2, limited to 2 (TooFewReplicas");
}

/* 6 were asked for 15 and 30 s ago; without a behavior that counts for 300 s. */
TEST(a_window_has_so_much_left)
{
	const char *said;

	begin(SPEC("\"metrics\":[" CPU_60 "]"));
	add(6, 60, 900 * S, S);
	(void)pass(6, true);
	(void)pass(6, true);
	pods = 0;
	add(6, 10, 900 * S, S);
	said = pass(6, true);
	has(said, "6 -> 6, held at 6 by what was asked for in the window");
	has(said, "for another      285.0 s, unless what holds it comes again\n");
}

/* The least that was asked for in 100 s, 15 s ago. */
TEST(a_window_of_growth_has_so_much_left)
{
	const char *said;

	begin(SPEC("\"metrics\":[" CPU_60 "],\"behavior\":{\"scaleUp\":{\"stabilizationWindowSeconds\":100}}"));
	add(6, 60, 900 * S, S);
	(void)pass(6, true);
	pods = 0;
	add(6, 90, 900 * S, S);
	said = pass(6, true);
	has(said, "scaleUp 100 s: the least that was asked for in it leaves 6");
	has(said, "for another      85.0 s, unless what holds it comes again\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_has_so_much_left),
		cmocka_unit_test(a_window_of_growth_has_so_much_left),
		cmocka_unit_test(limited_by_a_policy),
		cmocka_unit_test(within_the_tolerance),
		cmocka_unit_test(missing_pods_are_counted_against_shrinking),
		cmocka_unit_test(the_direction_turns_round),
		cmocka_unit_test(young_pods_do_not_speak_for_growing),
		cmocka_unit_test(who_keeps_it_from_changing_is_its_reason),
		cmocka_unit_test(the_last_bits_are_shown_where_they_count),
		cmocka_unit_test(an_average_value),
		cmocka_unit_test(a_pods_metric_beside_one_that_fails),
		cmocka_unit_test(above_the_maximum_no_metric_is_asked),
		cmocka_unit_test(shrinking_by_per_cent_after_a_window),
		cmocka_unit_test(without_a_behavior),
		cmocka_unit_test(the_minimum),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
