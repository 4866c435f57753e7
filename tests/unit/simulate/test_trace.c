/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "simulate/trace.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define HEAD "{\"apiVersion\":\"plimsoll.io/v1alpha1\",\"kind\":\"Trace\"}\n"

static int parse(const char *text, struct trace *t, struct err *e)
{
	return trace_parse("load.trace", text, strlen(text), t, e);
}

TEST(values_hold_until_they_change)
{
	struct trace t;
	struct err e;

	assert_int_equal(parse(HEAD "{\"second\":0,\"cpuMilli\":500}\n{\"second\":3,\"cpuMilli\":0,\"silent\":true}\n"
				    "{\"second\":5}", &t, &e), 0);
	assert_int_equal(t.seconds, 5);
	assert_int_equal(t.cpu_milli[2], 500);
	assert_int_equal(t.cpu_milli[3], 0);
	assert_false(t.silent[2]);
	assert_true(t.silent[4]);
	trace_done(&t);
}

/* File, line and key. */
TEST(what_is_wrong_is_said)
{
	static const struct {
		const char *text, *where, *why;
	} bad[] = {
		{"", "load.trace: the trace is empty", "nothing in it"},
		{HEAD, "load.trace: the trace is empty", "no second of load"},
		{HEAD "{\"second\":0,\"cpuMilli\":1}\n", "load.trace: the trace is empty", "no second of load"},
		{"{}", "load.trace:1:", "\"kind\""},
		{"\x01\x02", "load.trace:1: this is no JSON", ""},
		{HEAD "{\"second\":0,\"cpuMilli\":1}\n[1]\n", "load.trace:3", "another JSON value"},
		{"\n" HEAD, "load.trace:1: this line is blank", "each line of a trace is a JSON object"},
		{HEAD "{\"second\":0,\"cpuMilli\":1}\n \t\r\n{\"second\":9}\n", "load.trace:3: this line is blank", ""},
		{HEAD "{\"second\":0,\"cpuMilli\":1,}\n", "load.trace:2: this is no JSON object", "column 26: "},
		{HEAD "{\"second\":0,\"cpuMilli\":9223372036854775808}", "load.trace:2: this is no line",
		 "\"cpuMilli\" is not between 0 and 1000000000"},
		{HEAD "{\"second\":0,\"cpuMilli\":-99999999999999999999}", "load.trace:2: this is no line",
		 "\"cpuMilli\" is not between 0 and 1000000000"},
		{HEAD "{\"second\":0,\"cpuMilli\":1}\n{\"second\":1e1,\"cpuMilli\":1}", "load.trace:3:", "\"second\" is missing or no"},
		{HEAD "{\"second\":99999999999999999999,\"cpuMilli\":1}", "load.trace:2: this is no line",
		 "\"second\" is not between 0 and 2678400"},
		{HEAD "{\"second\":0,\"silent\":99999999999999999999}", "load.trace:2: this is no JSON object", "too big integer"},
		{HEAD "{\"second\":1,\"cpuMilli\":1}", "load.trace:2:", "\"second\" is not 0"},
		{HEAD "{\"second\":0}", "load.trace:2:", "\"cpuMilli\" is missing"},
		{HEAD "{\"second\":0,\"cpuMilli\":-1}", "load.trace:2:", "\"cpuMilli\" is not between 0 and 1000000000"},
		{HEAD "{\"second\":0,\"cpuMilli\":1}\n{\"second\":0}", "load.trace:3:", "\"second\" does not come after"},
		{HEAD "{\"second\":0,\"cpuMilli\":1}\n{\"second\":9000000000}", "load.trace:3:", "\"second\" is not between 0 and 2678400"},
		{HEAD "{\"second\":0,\"cpuMilli\":1,\"cpu\":1}", "load.trace:2:", "\"cpu\" is none of second"},
		{HEAD "{\"second\":0,\"cpuMilli\":1,\"silent\":1}", "load.trace:2:", "neither true nor false"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct trace t;
		struct err e = {0};

		assert_int_equal(parse(bad[i].text, &t, &e), -EINVAL);
		if (!strstr(e.what, bad[i].where) || !strstr(e.cause, bad[i].why))
			fail_msg("%zu: %s: %s", i, e.what, e.cause);
		trace_done(&t);
	}
}

TEST(what_is_written_reads_back_the_same)
{
	for (size_t i = 0; trace_shapes[i]; i++) {
		scoped(buf_done) struct buf text = {0};
		struct trace t, again;

		assert_int_equal(trace_shape(trace_shapes[i], 10000, &t), 0);
		trace_write(&t, &text);
		assert_int_equal(parse(buf_text(&text), &again, NULL), 0);
		assert_int_equal(again.seconds, t.seconds);
		assert_memory_equal(again.cpu_milli, t.cpu_milli, t.seconds * sizeof(*t.cpu_milli));
		assert_memory_equal(again.silent, t.silent, t.seconds * sizeof(*t.silent));
		trace_done(&t);
		trace_done(&again);
	}
}

TEST(shapes_reach_the_most_and_no_more)
{
	for (size_t i = 0; trace_shapes[i]; i++) {
		uint32_t most = 0;
		struct trace t;

		assert_int_equal(trace_shape(trace_shapes[i], 10000, &t), 0);
		for (uint32_t s = 0; s < t.seconds; s++)
			most = t.cpu_milli[s] > most ? t.cpu_milli[s] : most;
		assert_in_range(most, strcmp(trace_shapes[i], "noise") ? 9990 : 6500, 10000);
		trace_done(&t);
	}
	assert_int_equal(trace_shape("flat", 1, &(struct trace){0}), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_hold_until_they_change),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(what_is_written_reads_back_the_same),
		cmocka_unit_test(shapes_reach_the_most_and_no_more),
	};

	return cmocka_run_group_tests_name("simulate/trace", tests, NULL, NULL);
}
