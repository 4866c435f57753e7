/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/metric.h"
#include "base/scope.h"

enum { SAMPLES, BUSY, BALANCE, ODD, N };

static const struct metric_desc rows[N] = {
	[SAMPLES] = { "agent_samples_total", METRIC_COUNTER, "", 1, "Seconds sampled." },
	[BUSY] = { "agent_busy_seconds_total", METRIC_COUNTER, "seconds", 1e9, "CPU time." },
	[BALANCE] = { "agent_balance_bytes", METRIC_GAUGE, "bytes", 1, "May be \"below\" 0\\\n|." },
	[ODD] = { "agent_odd", METRIC_COUNTER, "", 0, "A counter without its tail." },
};
static _Atomic uint64_t values[N];
static const struct metric_table table = { rows, values, N };

static void values_are_scaled(void **state)
{
	(void)state;
	metric_set(&table, BUSY, 0);
	metric_add(&table, BUSY, 1500000000);
	assert_true(metric_shown(&table, BUSY) == 1.5);
	metric_set(&table, BALANCE, (uint64_t)-3);
	assert_true(metric_shown(&table, BALANCE) == -3);
	metric_set(&table, ODD, 5);
	assert_true(metric_shown(&table, ODD) == 5); /* scale 0 does not divide */
}

static void openmetrics_text(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b = { 0 };

	metric_set(&table, SAMPLES, UINT64_MAX);
	metric_set(&table, BUSY, 1500000000);
	metric_set(&table, BALANCE, (uint64_t)-3);
	metric_set(&table, ODD, 5);
	metric_render(&table, &b);
	assert_string_equal(buf_text(&b),
		"# TYPE plimsoll_agent_samples counter\n"
		"# HELP plimsoll_agent_samples Seconds sampled.\n"
		"plimsoll_agent_samples_total 18446744073709551615\n"
		"# TYPE plimsoll_agent_busy_seconds counter\n"
		"# UNIT plimsoll_agent_busy_seconds seconds\n"
		"# HELP plimsoll_agent_busy_seconds CPU time.\n"
		"plimsoll_agent_busy_seconds_total 1.5\n"
		"# TYPE plimsoll_agent_balance_bytes gauge\n"
		"# UNIT plimsoll_agent_balance_bytes bytes\n"
		"# HELP plimsoll_agent_balance_bytes May be \\\"below\\\" 0\\\\\\n|.\n"
		"plimsoll_agent_balance_bytes -3\n"
		"# TYPE plimsoll_agent_odd counter\n"
		"# HELP plimsoll_agent_odd A counter without its tail.\n"
		"plimsoll_agent_odd_total 5\n");
}

static void reference_is_a_table(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b = { 0 };

	metric_reference(&table, &b);
	assert_non_null(strstr(buf_text(&b), "| `plimsoll_agent_busy_seconds_total` | counter | "
					     "seconds | CPU time. |\n"));
	assert_non_null(strstr(buf_text(&b), "0\\ \\|. |\n")); /* neither newline nor bare bar */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_scaled),
		cmocka_unit_test(openmetrics_text),
		cmocka_unit_test(reference_is_a_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
