/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/names/reply.h"
#include "base/buf.h"
#include "base/scope.h"

#define ID     "7fff4ff15fb1b5c91c711cba97697f8a2e5b51483b44b81a5ce073dc41048cff"
#define HEAD   "HTTP/1.0 200 OK\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n\r\n"
#define ONE(x) HEAD "[{\"Id\":\"" ID "\"," x "}]"

static struct names_entry last;

static void tell(const struct names_entry *e, void *data)
{
	last = *e;
	++*(unsigned *)data;
}

static struct reply read_all(const char *text, unsigned expected)
{
	struct reply r = {.told = 0};
	unsigned told = 0;
	struct err e;

	memset(&last, 0, sizeof(last));
	if (reply_read(text, strlen(text), tell, &told, &r, &e) < 0)
		fail_msg("%s", e.what);
	assert_int_equal(told, expected);
	assert_int_equal(r.told, expected);
	return r;
}

static void a_container_has_its_name_and_workload(void **state)
{
	struct reply r;

	(void)state;
	r = read_all(ONE("\"Names\":[\"/proxy/web\",\"/shop-web-1\"],\"Labels\":{\"com.docker.compose.project\":\"shop\","
			 "\"com.docker.compose.service\":\"web\",\"com.docker.compose.oneoff\":\"False\"}"),
		     1);
	assert_string_equal(r.runtime, "docker");
	assert_string_equal(r.version, "20.10.24+dfsg1");
	assert_string_equal(last.id, ID);
	assert_string_equal(last.container, "shop-web-1");
	assert_string_equal(last.workload, "shop/web");
	assert_string_equal(last.pod, "");
	assert_false(last.sandbox);
}

static void not_everything_is_a_replica(void **state)
{
	(void)state;
	read_all(ONE("\"Names\":[\"/web\"]"), 1);
	assert_string_equal(last.workload, "");
	read_all(ONE("\"Names\":[\"/web\"],\"Labels\":{\"com.docker.compose.project\":\"shop\"}"), 1);
	assert_string_equal(last.workload, "");
	read_all(ONE("\"Names\":[\"/run\"],\"Labels\":{\"com.docker.compose.project\":\"shop\","
		     "\"com.docker.compose.service\":\"web\",\"com.docker.compose.oneoff\":\"True\"}"),
		 1);
	assert_string_equal(last.workload, "");
}

static void podman_says_who_it_is(void **state)
{
	struct reply r = read_all("HTTP/1.0 200 OK\r\nserver: Libpod/4.3.1 (linux)\r\nContent-Length: 2\r\n\r\n[]", 0);

	(void)state;
	assert_string_equal(r.runtime, "podman");
	assert_string_equal(r.version, "4.3.1");
	r = read_all("HTTP/1.1 200 OK\r\nServer: who/1\x01\r\n\r\n[]", 0);
	assert_string_equal(r.runtime, "");
	assert_string_equal(r.version, "");
}

static void what_cannot_be_is_left_out_and_counted(void **state)
{
	static const char *const bad[] = {
		"[1]", "[{}]", "[{\"Id\":7}]", "[{\"Id\":\"abc\",\"Names\":[\"/x\"]}]",
		"[{\"Id\":\"" ID "\"}]", "[{\"Id\":\"" ID "\",\"Names\":[]}]", "[{\"Id\":\"" ID "\",\"Names\":[7,\"/a/b\"]}]",
		"[{\"Id\":\"" ID "\",\"Names\":[\"/bell\\u0007\"]}]", "[{\"Id\":\"" ID "\",\"Names\":[\"/\"]}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		scoped(buf_done) struct buf text = {0};

		buf_printf(&text, HEAD "%s", bad[i]);
		assert_int_equal(read_all(buf_text(&text), 0).refused, 1);
	}
}

static void more_than_any_machine_has_are_counted(void **state)
{
	scoped(buf_done) struct buf text = {0};
	struct reply r;

	(void)state;
	buf_printf(&text, HEAD "[");
	for (unsigned i = 0; i < NAMES_MOST + 3; i++)
		buf_printf(&text, "%s{\"Id\":\"%064x\",\"Names\":[\"/n%u\"]}", i ? "," : "", i, i);
	buf_printf(&text, "]");
	r = read_all(buf_text(&text), NAMES_MOST);
	assert_int_equal(r.refused, 3);
}

static void refused(const char *text, const char *why)
{
	struct reply r;
	unsigned told = 0;
	struct err e;

	assert_int_equal(reply_read(text, strlen(text), tell, &told, &r, &e), -EBADMSG);
	assert_int_equal(told, 0);
	if (!strstr(e.what, why))
		fail_msg("said \"%s\", not \"%s\"", e.what, why);
}

static void nonsense_says_what_it_is(void **state)
{
	(void)state;
	refused("", "does not speak HTTP");
	refused("hello\r\n\r\n", "does not speak HTTP");
	refused("HTTP/1.\r\n\r\n[]", "does not speak HTTP");
	refused("HTTP/1.0 200 OK\r\n", "does not speak HTTP");
	refused("HTTP/1.0 404 Not Found\r\n\r\n", "it answers \"HTTP/1.0 404 Not Found\"");
	refused("HTTP/1.0 403 \x1b[2J\r\n\r\n", "it answers \"\"");
	refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", "chunks");
	refused("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n[]", "is cut");
	refused(HEAD, "no list");
	refused(HEAD "{}", "no list");
	refused(HEAD "[{]", "no list");
	refused(HEAD "[] []", "no list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_has_its_name_and_workload),
		cmocka_unit_test(not_everything_is_a_replica),
		cmocka_unit_test(podman_says_who_it_is),
		cmocka_unit_test(what_cannot_be_is_left_out_and_counted),
		cmocka_unit_test(more_than_any_machine_has_are_counted),
		cmocka_unit_test(nonsense_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
