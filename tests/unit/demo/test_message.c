/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "demo/message.h"

static void reads_what_it_writes(void **state)
{
	char text[MESSAGE_BYTES];
	struct work w = { .cpu_us = 7 };
	size_t n = message_request(text, (struct work){ 2000, MESSAGE_WORK_MAX });

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(message_read_request(text, i, &w), 0); /* not whole */
	assert_int_equal(w.cpu_us, 7);
	assert_int_equal(message_read_request(text, n, &w), n);
	assert_int_equal(w.cpu_us, 2000);
	assert_int_equal(w.hold_us, MESSAGE_WORK_MAX);
	n = message_answer(text, UINT32_MAX);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(message_read_answer(text, i), 0);
	assert_int_equal(message_read_answer(text, n), n);
	assert_string_equal(text + n - 11, "4294967295\n");
}

static void refuses(const char *request, const char *answer)
{
	struct work w;

	assert_int_equal(message_read_request(request, strlen(request), &w), -EBADMSG);
	assert_int_equal(message_read_answer(answer, strlen(answer)), -EBADMSG);
}

static void refuses_all_else(void **state)
{
	char endless[MESSAGE_BYTES + 1];

	(void)state;
	memset(endless, 'x', MESSAGE_BYTES);
	endless[MESSAGE_BYTES] = '\0';
	refuses(endless, endless);
	refuses("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
	refuses("GET /work?cpu_us=&hold_us=1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n");
	refuses("GET /work?cpu_us=1&hold_us=1000001 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n");
	refuses("GET /work?cpu_us=4294967297&hold_us=1 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(refuses_all_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
