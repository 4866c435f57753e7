/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/sql.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static char folder[64], path[96];
static struct sqlite3 *db;

static int begin(void **unused)
{
	(void)unused;
	db = NULL;
	strcpy(folder, "/tmp/plimsoll-sql.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/x.db", folder);
	return 0;
}

static int end(void **unused)
{
	char command[96];

	(void)unused;
	db = sql_close(db);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void open_it(void)
{
	assert_int_equal(sql_open(path, &db), 0);
	assert_int_equal(sql_run(db, "CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT, b BLOB)"), 0);
}

static void what_is_bound_is_read_again(void **unused)
{
	struct sqlite3_stmt *s = NULL;
	char text[3];
	size_t size;

	(void)unused;
	open_it();
	assert_int_equal(sql_prepare(db, "INSERT INTO t VALUES (?, ?, ?)", &s), 0);
	sql_bind_number(s, 1, INT64_MAX);
	sql_bind_text(s, 2, "abc");
	sql_bind_bytes(s, 3, "\0x", 2);
	assert_int_equal(sql_step(s), 0);
	s = sql_done(s);
	assert_int_equal(sql_run(db, "INSERT INTO t VALUES (1, NULL, NULL)"), 0);
	assert_int_equal(sql_prepare(db, "SELECT * FROM t ORDER BY n DESC", &s), 0);
	assert_int_equal(sql_next(s), 1);
	assert_int_equal(sql_number(s, 0), INT64_MAX);
	assert_string_equal(sql_text(s, 1), "abc");
	sql_copy_text(s, 1, text, sizeof(text));
	assert_string_equal(text, "ab");
	assert_memory_equal(sql_bytes(s, 2, &size), "\0x", 2);
	assert_int_equal(size, 2);
	assert_int_equal(sql_next(s), 1);
	assert_null(sql_text(s, 1));
	sql_copy_text(s, 1, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(sql_next(s), 0);
	sql_done(s);
}

static void a_transaction_is_open_until_it_ends(void **unused)
{
	uint64_t n = 0;

	(void)unused;
	open_it();
	assert_false(sql_is_open(db));
	assert_int_equal(sql_run(db, "BEGIN; INSERT INTO t VALUES (7, '', '')"), 0);
	assert_true(sql_is_open(db));
	assert_int_equal(sql_run(db, "ROLLBACK"), 0);
	assert_false(sql_is_open(db));
	assert_int_equal(sql_ask(db, "SELECT COUNT(*) FROM t", &n), 0);
	assert_int_equal(n, 0);
}

static void a_copy_has_everything(void **unused)
{
	scoped(freep) char *other = mem_printf("%s.copy", path);
	struct sqlite3 *to = NULL;
	uint64_t n = 0;

	(void)unused;
	open_it();
	assert_int_equal(sql_run(db, "INSERT INTO t VALUES (7, '', '')"), 0);
	assert_int_equal(sql_open(other, &to), 0);
	assert_int_equal(sql_copy(to, db), 0);
	assert_int_equal(sql_ask(to, "SELECT n FROM t", &n), 0);
	assert_int_equal(n, 7);
	sql_close(to);
}

/* What callers tell apart: each fails as it does in life. */
static void failures_are_told_apart(void **unused)
{
	struct sqlite3 *other = NULL;
	FILE *f;

	(void)unused;
	assert_int_equal(sql_open(folder, &db), -ENOENT);
	assert_string_not_equal(sql_why(db), "");
	db = sql_close(db);
	open_it();
	assert_int_equal(sql_run(db, "this is none"), -EIO);
	assert_non_null(strstr(sql_why(db), "syntax error"));
	assert_int_equal(sql_open(path, &other), 0);
	assert_int_equal(sql_run(other, "BEGIN EXCLUSIVE"), 0);
	assert_int_equal(sql_run(db, "DELETE FROM t"), -EBUSY);
	sql_close(other);
	assert_int_equal(sql_run(db, "PRAGMA max_page_count=2; INSERT INTO t VALUES (1, '', zeroblob(100000))"), -ENOSPC);
	assert_int_equal(sql_run(db, "PRAGMA query_only=1; INSERT INTO t VALUES (2, '', '')"), -EROFS);
	db = sql_close(db);
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "%01000d", 0);
	fclose(f);
	assert_int_equal(sql_open(path, &db), 0); /* nothing is read yet */
	assert_int_equal(sql_run(db, "SELECT * FROM sqlite_schema"), -EBADMSG);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		test(what_is_bound_is_read_again),
		test(a_transaction_is_open_until_it_ends),
		test(a_copy_has_everything),
		test(failures_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
