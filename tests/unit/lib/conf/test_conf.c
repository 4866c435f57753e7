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

#include "conf/conf.h"

struct options {
	char *config, *node;
	bool help, insecure;
	int64_t rows;
	uint64_t tick;
	struct opt_list scrape;
};

#define AT(field) #field, 0, offsetof(struct options, field)
static const struct opt_desc rows[] = {
	{ OPT_STRING, AT(config), "/nonexistent/plimsoll.yaml", 0, 0, "FILE", "" },
	{ OPT_STRING, AT(node), "here", 0, 0, "", "" },
	{ OPT_BOOL, AT(help), "false", 0, 0, "", "" },
	{ OPT_BOOL, AT(insecure), "false", 0, 0, "", "" },
	{ OPT_INT, AT(rows), "10", 1, 100, "", "" },
	{ OPT_DURATION, AT(tick), "1s", 250000000, 60000000000, "", "" },
	{ OPT_LIST, AT(scrape), "default:1", 0, 0, "", "" },
};
static const struct opt_table table = {
	"plimsoll-test", "", "", rows, sizeof(rows) / sizeof(rows[0]), 8,
};

struct fixture {
	char path[64], flag[80], *words[8];
	struct options o;
	struct opt_origins origins;
	struct err e;
	int n;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->path, "/tmp/plimsoll-conf-XXXXXX");
	int fd = mkstemp(f->path);
	snprintf(f->flag, sizeof(f->flag), "--config=%s", f->path);
	*state = f;
	return fd < 0 || close(fd);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unsetenv("PLIMSOLL_NODE");
	unsetenv("PLIMSOLL_CONFIG");
	unlink(f->path);
	opt_done(&table, &f->o);
	free(f);
	return 0;
}

static void write_file(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int resolve(struct fixture *f, const char *first, const char *second)
{
	char *argv[] = { "plimsoll-test", (char *)first, (char *)second, NULL };

	return conf_resolve(&table, &f->o, &f->origins, first ? second ? 3 : 2 : 1, argv, f->words,
			    &f->n, &f->e);
}

/* A file with this text is refused, and the error begins with its name and this place. */
static void refused(struct fixture *f, const char *text, int code, const char *place_and_what)
{
	char what[256];

	write_file(f, text);
	assert_int_equal(resolve(f, f->flag, NULL), code);
	snprintf(what, sizeof(what), "%s:%s", f->path, place_and_what);
	assert_string_equal(f->e.what, what);
	assert_true(f->e.cause[0] && f->e.fix[0]);
	assert_null(f->o.node); /* nothing is left to free */
}

static void all_four_sources(void **state)
{
	struct fixture *f = *state;
	char where[80];

	write_file(f, "node: file\ninsecure: yes\nrows: 7\ntick: 2s\nscrape:\n- a:1\n- b:2\n");
	setenv("PLIMSOLL_NODE", "environment", 1);
	setenv("PLIMSOLL_CONFIG", f->path, 1);
	assert_int_equal(resolve(f, "--rows=9", "word"), 0);
	assert_string_equal(f->o.node, "environment");
	assert_true(f->o.insecure);
	assert_int_equal(f->o.rows, 9);
	assert_int_equal(f->o.tick, 2000000000);
	assert_int_equal(f->o.scrape.n, 2);
	assert_string_equal(f->o.scrape.items[1], "b:2");
	assert_int_equal(f->n, 1);
	assert_string_equal(f->words[0], "word");
	snprintf(where, sizeof(where), "%s:4:7", f->path);
	assert_string_equal(f->origins.where[5], where);
	assert_int_equal(f->origins.of[2], OPT_DEFAULT);
}

static void an_empty_list_is_a_value(void **state)
{
	struct fixture *f = *state;

	write_file(f, "scrape: []\n");
	assert_int_equal(resolve(f, f->flag, NULL), 0);
	assert_int_equal(f->o.scrape.n, 0);
	assert_int_equal(f->origins.of[6], OPT_FILE);
}

static void only_the_default_file_may_be_missing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(resolve(f, NULL, NULL), 0);
	assert_string_equal(f->o.node, "here");
	opt_done(&table, &f->o);
	assert_int_equal(resolve(f, "--config", "/nonexistent/asked.yaml"), -ENOENT);
	assert_string_equal(f->e.what, "/nonexistent/asked.yaml: cannot be read");
	setenv("PLIMSOLL_CONFIG", "/nonexistent/asked.yaml", 1);
	assert_int_equal(resolve(f, NULL, NULL), -ENOENT);
	f->e.what[0] = '\0';
	assert_int_equal(conf_load(&table, &f->o, &f->origins, "/nonexistent/x", false, &f->e), -ENOENT);
	assert_string_equal(f->e.what, "");
}

static void help_comes_out_of_a_broken_configuration(void **state)
{
	struct fixture *f = *state;

	write_file(f, "nonsense\n");
	assert_int_equal(resolve(f, f->flag, "--help"), 0);
	assert_true(f->o.help);
}

static void complaints_name_the_place(void **state)
{
	struct fixture *f = *state;

	refused(f, "node: x\nrosw: 5\n", -ENOENT, "2:1: rosw: unknown option");
	assert_string_equal(f->e.fix, "did you mean rows?");
	refused(f, "rows: many\n", -EINVAL, "1:7: rows: bad value");
	refused(f, "rows: 101\n", -ERANGE, "1:7: rows: bad value");
	assert_string_equal(f->e.fix, "write a whole number, from 1 to 100");
	refused(f, "tick:\n", -EINVAL, "1:6: tick: bad value");
	refused(f, "tick: [1s]\n", -EINVAL, "1:7: tick: bad value");
	refused(f, "tick: {a: 1}\n", -EINVAL, "1:7: tick: bad value");
	refused(f, "scrape:\n- a\n- [b]\n", -EINVAL, "3:3: scrape: bad value");
	refused(f, "scrape: {a: b}\n", -EINVAL, "1:9: scrape: bad value");
	refused(f, "rows: 1\nrows: 2\n", -EINVAL, "2:1: the key \"rows\" stands here again");
	refused(f, "just text\n", -EINVAL, "1:1: no options");
	refused(f, "- rows: 1\n", -EINVAL, "1:1: no options");
	refused(f, "rows: 1\n---\nrows: 2\n", -EINVAL, "3:1: a second document");
}

/* What comes later in the order of sources does not hide an error in front. */
static void a_stronger_source_does_not_hide_errors(void **state)
{
	struct fixture *f = *state;

	write_file(f, "rows: many\n");
	assert_int_equal(resolve(f, f->flag, "--rows=5"), -EINVAL);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(all_four_sources),
		CASE(an_empty_list_is_a_value),
		CASE(only_the_default_file_may_be_missing),
		CASE(help_comes_out_of_a_broken_configuration),
		CASE(complaints_name_the_place),
		CASE(a_stronger_source_does_not_hide_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
