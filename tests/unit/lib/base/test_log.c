/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"

static char line[8192];
static FILE *file;
static int terminal;

/* From here to captured() stderr goes into a file. */
static void capture(void)
{
	file = tmpfile();
	terminal = dup(STDERR_FILENO);
	assert_true(file && terminal >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
}

static const char *captured(void)
{
	dup2(terminal, STDERR_FILENO);
	close(terminal);
	rewind(file);
	line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
	fclose(file);
	return line;
}

static void text_lines(void **state)
{
	(void)state;
	log_init("ship", LOG_INFO, false);
	capture();
	log_debug("unseen");
	log_warn("%d \"pods\"", 7);
	const char *text = captured();
	assert_int_equal(strcspn(text, " "), strlen("12:00:01.123Z"));
	assert_string_equal(strchr(text, ' '), " warn  ship: 7 \"pods\"\n");
}

static void json_lines(void **state)
{
	(void)state;
	log_init("ship", LOG_DEBUG, true);
	capture();
	log_debug("\"a\\b\"\n\t\x01\x7f" "\xc2\x85 \xe2\x98\x83 \xff.");
	const char *text = captured();
	assert_memory_equal(text, "{\"time\":\"20", 11);
	assert_non_null(strstr(text, "Z\",\"level\":\"debug\",\"program\":\"ship\",\"message\":\""
				     "\\\"a\\\\b\\\"\\u000a\\u0009\\u0001\\u007f\\u0085 \xe2\x98\x83 "
				     "\xef\xbf\xbd.\"}\n"));
}

/* What a peer sends cannot make a second line, nor reach the terminal. */
static void nobody_forges_lines(void **state)
{
	(void)state;
	log_init("ship", LOG_INFO, false);
	capture();
	log_info("bad name %s", "x\n12:00:00.000Z error ship: all is lost\x1b[2J");
	const char *text = captured();
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strchr(text, '\x1b'));
}

static void long_messages_stay_one_line(void **state)
{
	(void)state;
	static char huge[5000];

	for (int json = 0; json <= 1; json++) {
		memset(huge, json ? '"' : '\x02', sizeof(huge) - 1);
		log_init("ship", LOG_INFO, json);
		capture();
		log_info("%s", huge);
		const char *text = captured();
		size_t n = strlen(text);
		assert_in_range(n, 1000, 4000);
		assert_ptr_equal(strchr(text, '\n'), text + n - 1);
		if (json)
			assert_string_equal(text + n - 3, "\"}\n");
	}
}

static void errors_in_one_line(void **state)
{
	(void)state;
	struct err e;

	log_init("ship", LOG_INFO, false);
	err_set(&e, -ENOENT, "no cgroup");
	capture();
	log_err(LOG_WARN, &e, "skipping this pod");
	assert_non_null(strstr(captured(), "no cgroup (No such file or directory), skipping this pod\n"));
	err_fix(&e, "mount it");
	capture();
	log_err(LOG_WARN, &e, NULL);
	assert_non_null(strstr(captured(), "no cgroup (No such file or directory); mount it\n"));
}

static void limits_count_what_they_skip(void **state)
{
	(void)state;
	struct log_limit l = { 0 };
	clock_boot_t now = { 5 };
	uint64_t skipped = 99;

	assert_true(log_limit_pass(&l, now, &skipped));
	assert_int_equal(skipped, 0);
	for (int i = 0; i < 7; i++)
		assert_false(log_limit_pass(&l, now, &skipped));
	now.ns += LOG_LIMIT_NS;
	assert_true(log_limit_pass(&l, now, &skipped));
	assert_int_equal(skipped, 7);
	capture();
	struct log_limit m = { 0 };
	atomic_store(&m.skipped, 3);
	log_write_limited(&m, LOG_INFO, "refused");
	log_write_limited(&m, LOG_INFO, "refused");
	const char *text = captured();
	assert_non_null(strstr(text, "refused (and 3 more like it)\n"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void levels(void **state)
{
	(void)state;
	enum log_level level = LOG_DEBUG;

	assert_int_equal(log_level_parse("error", &level), 0);
	assert_int_equal(level, LOG_ERROR);
	assert_int_equal(log_level_parse("Error", &level), -EINVAL);
	assert_int_equal(log_level_parse("", &level), -EINVAL);
	assert_int_equal(level, LOG_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_lines),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(nobody_forges_lines),
		cmocka_unit_test(long_messages_stay_one_line),
		cmocka_unit_test(errors_in_one_line),
		cmocka_unit_test(limits_count_what_they_skip),
		cmocka_unit_test(levels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
