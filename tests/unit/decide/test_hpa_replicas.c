/* SPDX-License-Identifier: Apache-2.0 */
/* The branches of one proposal, each with numbers small enough to follow; the vectors have the rest. */
#include "decide/hpa_replicas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "decide/hpa_error.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define PODS 10

static const char *const names[PODS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
static struct hpa_pod pods[PODS];
static struct hpa_pod_sample samples[PODS];

/* `n` running pods, of which the first `measured` have a sample of `each`. */
static struct hpa_proposal average(int64_t target, int32_t n, size_t measured, int64_t each)
{
	struct hpa_metric m = {.source = HPA_PODS, .target = HPA_AVERAGE_VALUE, .name = "qps", .milli = target};
	struct hpa_answer a = {.n = measured, .sample = samples};
	struct hpa_proposal p;

	for (size_t i = 0; i < PODS; i++) {
		pods[i] = (struct hpa_pod){.name = names[i], .phase = HPA_RUNNING};
		samples[i] = (struct hpa_pod_sample){.pod = names[i], .milli = each, .timestamp_ms = 7};
	}
	hpa_replicas(&m, &(struct hpa_scale){n, n}, &(struct hpa_tolerance){0.1, 0.1},
		     &(struct hpa_timing){0}, pods, (size_t)n, &a, &p);
	return p;
}

static struct hpa_proposal external(enum hpa_target target, struct hpa_scale scale, size_t n,
				    const struct hpa_value *value)
{
	struct hpa_metric m = {.source = HPA_EXTERNAL, .target = target, .name = "lag", .milli = 1000};
	struct hpa_answer a = {.n = n, .value = value};
	struct hpa_proposal p;

	hpa_replicas(&m, &scale, &(struct hpa_tolerance){0.1, 0.1}, &(struct hpa_timing){0}, pods, 0, &a, &p);
	return p;
}

static void gives(struct hpa_proposal p, enum hpa_branch branch, int32_t replicas)
{
	assert_int_equal(p.failure, HPA_NO_FAILURE);
	assert_int_equal(p.branch, branch);
	assert_int_equal(p.replicas, replicas);
}

TEST(pods_ask_for_the_ceiling_of_the_ratio)
{
	gives(average(100, 4, 4, 110), HPA_BRANCH_TOLERATED, 4);
	gives(average(100, 4, 4, 111), HPA_BRANCH_RATIO, 5); /* 4 x 1.11 */
	gives(average(100, 4, 4, 50), HPA_BRANCH_RATIO, 2);
	assert_int_equal(average(100, 4, 4, 50).timestamp_ms, 7);
}

TEST(missing_pods_are_filled_in_against_the_direction)
{
	gives(average(100, 4, 3, 200), HPA_BRANCH_FILLED, 6);    /* (600 + 0) / 4 = 1.5 */
	gives(average(100, 4, 3, 20), HPA_BRANCH_FILLED, 2);     /* (60 + 100) / 4 = 0.4 */
	gives(average(100, 4, 2, 150), HPA_BRANCH_TURNED, 4);    /* up, but filled in 0.75 */
	gives(average(100, 4, 3, 130), HPA_BRANCH_TOLERATED, 4); /* filled in 0.97 */
	gives(average(100, 4, 3, 100), HPA_BRANCH_TOLERATED, 4); /* exactly 1: nothing is filled in */
}

TEST(from_zero_the_total_decides)
{
	gives(external(HPA_VALUE, (struct hpa_scale){0, 0}, 1, &(struct hpa_value){0, 2500}),
	      HPA_BRANCH_TOTAL, 3);
	assert_int_equal(external(HPA_VALUE, (struct hpa_scale){2, 2}, 1, &(struct hpa_value){0, 2500}).failure,
			 HPA_NO_PODS);
	assert_false(external(HPA_AVERAGE_VALUE, (struct hpa_scale){0, 0}, 1, &(struct hpa_value){0, 1})
			     .usage_known);
}

TEST(sums_beyond_int64_are_the_most)
{
	struct hpa_value huge[] = {{0, INT64_MAX}, {0, 1}}, negative = {0, -1};

	gives(external(HPA_AVERAGE_VALUE, (struct hpa_scale){2, 2}, 2, huge), HPA_BRANCH_TOTAL, INT32_MAX);
	assert_int_equal(external(HPA_AVERAGE_VALUE, (struct hpa_scale){2, 2}, 2, huge).usage_milli, INT64_MAX);
	/* as Kubernetes has it: from zero no bound is kept, and amd64 makes it the least integer */
	gives(external(HPA_VALUE, (struct hpa_scale){0, 0}, 2, huge), HPA_BRANCH_TOTAL, INT32_MIN);
	gives(external(HPA_AVERAGE_VALUE, (struct hpa_scale){2, 2}, 1, &negative), HPA_BRANCH_TOTAL,
	      INT32_MAX); /* as Kubernetes has it: a negative sum counts as one that overflowed */
}

static void says(const struct hpa_metric *m, const struct hpa_answer *a, const char *words)
{
	char text[HPA_ERROR_TEXT];
	struct hpa_proposal p;

	hpa_replicas(m, &(struct hpa_scale){1, 1}, &(struct hpa_tolerance){0}, &(struct hpa_timing){0}, pods, 0,
		     a, &p);
	hpa_error_text(m, "ns", a, &p, text, sizeof(text));
	assert_string_equal(text, words);
}

TEST(failures_have_the_words_of_kubernetes)
{
	struct hpa_metric lag = {.source = HPA_EXTERNAL, .name = "lag", .selector = "nil"}, cpu = {.name = "cpu"};
	struct hpa_answer failed = {.error = "no"}, none = {0}, one = {.n = 1, .sample = samples};

	says(&lag, &failed, "unable to get external metric ns/lag/nil: unable to fetch metrics from external "
			    "metrics API: no");
	says(&cpu, &none, "unable to get metrics for resource cpu: no metrics returned from resource metrics API");
	says(&cpu, &one, "no pods returned by selector while calculating replica count");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_ask_for_the_ceiling_of_the_ratio),
		cmocka_unit_test(missing_pods_are_filled_in_against_the_direction),
		cmocka_unit_test(from_zero_the_total_decides),
		cmocka_unit_test(sums_beyond_int64_are_the_most),
		cmocka_unit_test(failures_have_the_words_of_kubernetes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
