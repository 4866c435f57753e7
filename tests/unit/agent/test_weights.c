/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/weights.h"

#define CPUS	  4
#define PERIOD_NS 100000000ull

static struct sample_row row[2];
static struct sample_row *const rows[] = {&row[0], &row[1]};

/* The second is a container of half a core, which its runtime made 59 of; the first asked for nothing. */
static int setup(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		row[i] = (struct sample_row){.kind = IDENTITY_POD_CONTAINER, .qos = i ? "guaranteed" : "burstable"};
	row[0].now.cpu_weight = 1;
	row[1].now.cpu_weight = 59;
	row[1].now.cpu_quota_ns = PERIOD_NS / 2;
	row[1].now.cpu_period_ns = PERIOD_NS;
	return 0;
}

static enum shares_scale scale(void)
{
	return weights_scale(rows, 2, false, CPUS);
}

static void containers_of_pods_tell(void **state)
{
	(void)state;
	assert_int_equal(scale(), SHARES_CURVED);
	row[1].now.cpu_weight = 20;
	assert_int_equal(scale(), SHARES_LINEAR);
	row[1].now.cpu_weight = 19; /* of neither */
	assert_int_equal(scale(), SHARES_UNKNOWN);
}

static void others_do_not(void **state)
{
	(void)state;
	row[1].kind = IDENTITY_CONTAINER;
	assert_int_equal(scale(), SHARES_UNKNOWN);
	row[1].kind = IDENTITY_POD_CONTAINER;
	row[1].ended = true;
	assert_int_equal(scale(), SHARES_UNKNOWN);
	row[1].ended = false;
	row[1].now.missing = SIGNAL_NO_BANDWIDTH;
	assert_int_equal(scale(), SHARES_UNKNOWN);
}

static void the_kernels_own_need_no_clue(void **state)
{
	(void)state;
	assert_int_equal(weights_scale(rows, 0, true, CPUS), SHARES_KERNEL);
}

/* 59 is more than 1.4 cores by the old formula. */
static void requests_fit_into_the_node(void **state)
{
	(void)state;
	row[1].qos = "burstable";
	row[1].now.cpu_quota_ns = 0;
	assert_int_equal(scale(), SHARES_UNKNOWN);
	assert_int_equal(weights_scale(rows, 2, false, 1), SHARES_CURVED);
	assert_int_equal(weights_scale(rows, 2, false, 0), SHARES_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(containers_of_pods_tell, setup),
		cmocka_unit_test_setup(others_do_not, setup),
		cmocka_unit_test_setup(the_kernels_own_need_no_clue, setup),
		cmocka_unit_test_setup(requests_fit_into_the_node, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
