/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "vpa.h"

TEST(the_defaults_are_sound)
{
	assert_null(vpa_options_fault(&vpa_options_default));
}

#define REFUSED(field, value, fault) \
	do { \
		struct vpa_options o_ = vpa_options_default; \
		o_.field = value; \
		assert_string_equal(vpa_options_fault(&o_), fault); \
	} while (0)

TEST(impossible_values_are_refused)
{
	REFUSED(of[VPA_CPU].target, 1.01, "CPU target percentile: 0 to 1");
	REFUSED(of[VPA_CPU].lower, NAN, "CPU lower percentile: 0 to 1");
	REFUSED(of[VPA_MEMORY].upper, -0.1, "memory upper percentile: 0 to 1");
	REFUSED(of[VPA_MEMORY].half_life_ns, 0, "memory half-life: above 0, at most 366 days");
	REFUSED(of[VPA_MEMORY].half_life_ns, INT64_MAX / 99, "memory half-life: above 0, at most 366 days");
	REFUSED(of[VPA_CPU].confidence_ns, -DAY, "CPU confidence interval: above 0, at most 366 days");
	REFUSED(of[VPA_CPU].pod_minimum, -1, "CPU minimum of a pod: 0 to 1e14");
	REFUSED(of[VPA_CPU].round_to, 0, "CPU rounding: 1 to 1e14");
	REFUSED(margin, INFINITY, "margin: 0 to 1000");
	REFUSED(memory_interval_ns, 0, "memory interval: above 0, at most 366 days");
	REFUSED(oom_ratio, 0.9, "OOM ratio: 1 to 1000");
	REFUSED(oom_bytes, -1, "OOM bump: 0 to 1e14 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_sound),
		cmocka_unit_test(impossible_values_are_refused),
	};

	return cmocka_run_group_tests_name("decide/vpa_options", tests, NULL, NULL);
}
