/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/scope.h"
#include "ctl/connect.h"

static void is(const char *text, const char *address)
{
	scoped(freep) char *found = NULL;
	struct err e;

	assert_int_equal(connect_parse(text, &found, &e), 0);
	assert_string_equal(found, address);
}

static void is_refused(const char *text, const char *cause)
{
	scoped(freep) char *found = NULL;
	struct err e;

	assert_int_equal(connect_parse(text, &found, &e), -EINVAL);
	assert_null(found);
	assert_non_null(strstr(e.cause, cause));
	assert_non_null(strstr(e.fix, "--server"));
}

static void test_addresses(void **state)
{
	(void)state;
	is("unix:/run/x.sock", "unix:/run/x.sock");
	is("/run/x.sock", "unix:/run/x.sock");
	is("10.0.0.5:9461", "10.0.0.5:9461");
	is("aggregator.example", "aggregator.example:9461");
	is("[::1]:80", "[::1]:80");
	is("[::1]", "[::1]:9461");
}

static void test_no_addresses(void **state)
{
	(void)state;
	is_refused("", "host is missing");
	is_refused(":9461", "host is missing");
	is_refused("unix:x", "begins with /");
	is_refused("host:", "port");
	is_refused("host:http", "port");
	is_refused("host:0", "port");
	is_refused("host:65536", "port");
	is_refused("::1", "brackets");
	is_refused("https://host:9461", "URL");
	is_refused("host/path", "no /");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_no_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
