/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "demo/scale_request.h"

#define HEAD "{\"apiVersion\":\"plimsoll.io/v1alpha1\",\"kind\":\"ScaleRequest\",\"workload\":\"demo\","

static void reads_what_the_actuator_writes(void **state)
{
	const char *text = HEAD "\"from\":1,\"to\":4,\"reason\":\"metric\",\"decision\":\"d-7\"}";
	struct scale_request r;

	(void)state;
	assert_int_equal(scale_request_parse(text, strlen(text), &r, NULL), 0);
	assert_string_equal(r.workload, "demo");
	assert_string_equal(r.decision, "d-7");
	assert_int_equal(r.to, 4);
}

static void refuses_what_it_cannot_mean(void **state)
{
	static const struct {
		const char *text, *cause;
	} cases[] = {
		{ "", "end of file" },
		{ "[1]", "apiVersion" },
		{ "{\"apiVersion\":\"plimsoll.io/v2\",\"kind\":\"ScaleRequest\"}", "apiVersion" },
		{ "{\"apiVersion\":\"plimsoll.io/v1alpha1\",\"kind\":\"Pod\"}", "kind" },
		{ HEAD "\"from\":1}", "\"to\"" },
		{ HEAD "\"to\":-1}", "\"to\"" },
		{ HEAD "\"to\":10001}", "\"to\"" },
		{ HEAD "\"to\":2.5}", "\"to\"" },
		{ HEAD "\"to\":\"4\"}", "\"to\"" },
		{ HEAD "\"to\":4,\"decision\":7}", "decision" },
		{ HEAD "\"to\":4,\"to\":5}", "duplicate" },
		{ HEAD "\"to\":4}}", "end of file expected" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scale_request r = { .to = 77 };
		struct err e;

		assert_int_equal(scale_request_parse(cases[i].text, strlen(cases[i].text), &r, &e),
				 -EINVAL);
		if (!strstr(e.cause, cases[i].cause))
			fail_msg("%s: the cause is \"%s\"", cases[i].text, e.cause);
		assert_int_equal(r.to, 77);
	}
}

static void refuses_what_is_too_long(void **state)
{
	static char text[SCALE_REQUEST_BYTES + 1];
	struct err e;

	(void)state;
	memset(text, ' ', sizeof(text));
	assert_int_equal(scale_request_parse(text, sizeof(text), NULL, &e), -EINVAL);
	assert_non_null(strstr(e.cause, "4096"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_the_actuator_writes),
		cmocka_unit_test(refuses_what_it_cannot_mean),
		cmocka_unit_test(refuses_what_is_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
