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

#include "base/opt.h"
#include "base/scope.h"

struct options {
	char *tls_dir, *level;
	bool help, color;
	int64_t cgroups;
	uint64_t interval, buffer;
	struct opt_list scrape;
};

#define AT(field) #field, 0, offsetof(struct options, field)
#define LETTER(field, letter) #field, letter, offsetof(struct options, field)
static const struct opt_desc rows[] = {
	{ OPT_STRING, LETTER(tls_dir, 't'), "/etc/tls", 0, 0, "DIR", "Where certificates live." },
	{ OPT_CHOICE, AT(level), "info", 0, 0, "debug|info|warn", "Least level to log." },
	{ OPT_BOOL, LETTER(help, 'h'), "false", 0, 0, "", "Show this text." },
	{ OPT_BOOL, LETTER(color, 'c'), "true", 0, 0, "", "Use colours." },
	{ OPT_INT, LETTER(cgroups, 'm'), "2048", 64, 65536, "", "Most cgroups to watch." },
	{ OPT_DURATION, AT(interval), "1s", 250000000, 60000000000, "",
	  "Time between samples. This prose is long enough to need more than one line of the help, "
	  "as prose often is." },
	{ OPT_BYTES, AT(buffer), "64Ki", 1, 1ll << 30, "", "Bytes kept." },
	{ OPT_LIST, LETTER(scrape, 's'), "", 0, 0, "ADDRESS", "Agents to read." },
};
static const struct opt_table table = {
	"plimsoll-test", "tests options", "First paragraph.\n\n.Second -- paragraph\\.", rows,
	sizeof(rows) / sizeof(rows[0]), 8,
};

struct fixture {
	struct options o;
	struct opt_origins origins;
	struct err e;
	char *words[16];
	int n;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	return opt_init(&table, &f->o, &f->origins);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	opt_done(&table, &f->o);
	opt_done(&table, &f->o); /* twice is fine */
	free(f);
	return 0;
}

#define FLAGS(f, ...) \
	flags(f, (char *[]){ "plimsoll-test", __VA_ARGS__, NULL })
static int flags(struct fixture *f, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return opt_flags(&table, &f->o, &f->origins, argc, argv, f->words, &f->n, &f->e);
}

static void defaults(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(f->o.tls_dir, "/etc/tls");
	assert_string_equal(f->o.level, "info");
	assert_false(f->o.help);
	assert_true(f->o.color);
	assert_int_equal(f->o.cgroups, 2048);
	assert_int_equal(f->o.interval, 1000000000);
	assert_int_equal(f->o.buffer, 65536);
	assert_int_equal(f->o.scrape.n, 0);
	assert_string_equal(f->origins.where[0], "default");
}

static void a_broken_default_is_found(void **state)
{
	(void)state;
	const struct opt_desc bad[] = {
		{ OPT_STRING, AT(tls_dir), "x", 0, 0, "", "" },
		{ OPT_INT, AT(cgroups), "63", 64, 65536, "", "" },
	};
	const struct opt_table t = { "p", "s", "", bad, 2, 8 };
	struct options o;
	struct opt_origins origins;

	assert_int_equal(opt_init(&t, &o, &origins), -EINVAL);
	assert_null(o.tls_dir);
}

static void all_ways_to_write_flags(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(FLAGS(f, "one", "--tls-dir", "/a", "--level=warn", "-hm", "100", "--no-color",
			       "-", "-sa:1", "--scrape=b:2, c:3", "-s", "d:4", "--interval=1.5s",
			       "--", "--buffer", "-x"), 0);
	assert_string_equal(f->o.tls_dir, "/a");
	assert_string_equal(f->o.level, "warn");
	assert_true(f->o.help);
	assert_false(f->o.color);
	assert_int_equal(f->o.cgroups, 100);
	assert_int_equal(f->o.interval, 1500000000);
	assert_int_equal(f->o.scrape.n, 4);
	assert_string_equal(f->o.scrape.items[2], "c:3");
	assert_string_equal(f->o.scrape.items[3], "d:4");
	assert_int_equal(f->n, 4);
	assert_string_equal(f->words[0], "one");
	assert_string_equal(f->words[1], "-");
	assert_string_equal(f->words[3], "-x");
}

static void the_last_duplicate_wins(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(FLAGS(f, "--tls-dir=/a", "--tls-dir", "/b", "--color=no", "-c"), 0);
	assert_string_equal(f->o.tls_dir, "/b");
	assert_true(f->o.color);
}

static void precedence(void **state)
{
	struct fixture *f = *state;
	char *environment[] = { "PLIMSOLL_TLS_DIR=/env", "PLIMSOLL_SCRAPE=e:1,e:2", "PLIMSOLL_LEVEL=",
				"PLIMSOLL_TLS_DIRECTORY=/no", "PLIMSOLL_INTERVAL=2s", NULL };

	assert_int_equal(FLAGS(f, "--tls-dir=/flag"), 0);
	assert_int_equal(opt_environment(&table, &f->o, &f->origins, environment, &f->e), 0);
	assert_int_equal(opt_set(&table, &f->o, &f->origins, "tls-dir", "/file", OPT_FILE, "f:1:1",
				 &f->e), 0);
	assert_int_equal(opt_set(&table, &f->o, &f->origins, "scrape", "f:1", OPT_FILE, "f:2:1",
				 &f->e), 0);
	assert_string_equal(f->o.tls_dir, "/flag");
	assert_string_equal(f->o.level, "info");
	assert_int_equal(f->o.scrape.n, 2);
	assert_int_equal(FLAGS(f, "--scrape=g:1"), 0); /* replaces, does not mix with the environment */
	assert_int_equal(f->o.scrape.n, 1);
	assert_string_equal(f->o.scrape.items[0], "g:1");
	assert_int_equal(f->o.interval, 2000000000);
	assert_string_equal(f->origins.where[5], "PLIMSOLL_INTERVAL");
}

/* Even where a flag would win: a broken file is broken. */
static void lower_precedence_is_still_checked(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(FLAGS(f, "-m100"), 0);
	assert_int_equal(opt_set(&table, &f->o, &f->origins, "cgroups", "many", OPT_FILE, "f.yaml:3:9",
				 &f->e), -EINVAL);
	assert_string_equal(f->e.what, "f.yaml:3:9: cgroups: bad value");
	assert_string_equal(f->e.cause, "\"many\" is no whole number");
	assert_string_equal(f->e.fix, "write a whole number, from 64 to 65536");
	assert_int_equal(f->o.cgroups, 100);
}

static void unknown_names_find_their_neighbour(void **state)
{
	struct fixture *f = *state;
	char longest[300];

	assert_int_equal(FLAGS(f, "--tls-dri=/x"), -ENOENT);
	assert_string_equal(f->e.what, "--tls-dri: unknown option");
	assert_string_equal(f->e.fix, "did you mean --tls-dir?");
	assert_int_equal(FLAGS(f, "--intervall", "5s"), -ENOENT);
	assert_string_equal(f->e.fix, "did you mean --interval?");
	assert_int_equal(FLAGS(f, "--zebra"), -ENOENT);
	assert_string_equal(f->e.fix, "plimsoll-test --help lists all options");
	assert_int_equal(FLAGS(f, "--no-level"), -ENOENT); /* only a bool has a no- */
	assert_int_equal(FLAGS(f, "--=x"), -ENOENT);
	assert_int_equal(FLAGS(f, "-hz"), -ENOENT);
	assert_string_equal(f->e.what, "-z: unknown option");
	assert_int_equal(opt_set(&table, &f->o, &f->origins, "levle", "x", OPT_FILE, "f:1:2", &f->e),
			 -ENOENT);
	assert_string_equal(f->e.what, "f:1:2: levle: unknown option");
	assert_string_equal(f->e.fix, "did you mean level?");
	memset(longest, 'a', sizeof(longest) - 1);
	memcpy(longest, "--", 2);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(FLAGS(f, longest), -ENOENT);
}

static void forgotten_values(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(FLAGS(f, "--tls-dir"), -EINVAL);
	assert_string_equal(f->e.what, "--tls-dir: no value");
	assert_string_equal(f->e.cause, "nothing follows, where a value should");
	assert_int_equal(FLAGS(f, "--tls-dir", "--help"), -EINVAL);
	assert_string_equal(f->e.cause, "--help follows, where a value should");
	assert_int_equal(FLAGS(f, "-t"), -EINVAL);
	assert_int_equal(FLAGS(f, "--tls-dir=--help"), 0);
	assert_string_equal(f->o.tls_dir, "--help");
}

static void bad_values(void **state)
{
	struct fixture *f = *state;
	static char *const bad[] = {
		"--interval=", "--interval=5", "--interval=5x", "--interval=-5s", "--interval=.5s",
		"--interval=1.s", "--interval=99999999999999999999s", "--interval= 1s", "--interval=1e3s",
		"--cgroups=", "--cgroups=0x40", "--cgroups=64k", "--cgroups=+", "--cgroups= 64",
		"--buffer=1Zi", "--buffer=Ki", "--buffer=1KiBB", "--buffer=-1", "--help=maybe", "--help=",
		"--level=", "--level=inf", "--level=info|warn", "--level=INFO",
	};
	static char *const out[] = {
		"--interval=249ms", "--interval=61s", "--interval=999999h", "--interval=5124095h",
		"--cgroups=63", "--cgroups=65537", "--cgroups=-64", "--cgroups=9223372036854775808",
		"--buffer=0", "--buffer=2Gi", "--buffer=16777216Ti",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(FLAGS(f, bad[i]), -EINVAL);
	for (size_t i = 0; i < sizeof(out) / sizeof(*out); i++)
		assert_int_equal(FLAGS(f, out[i]), -ERANGE);
	assert_int_equal(FLAGS(f, "--interval=249ms"), -ERANGE);
	assert_string_equal(f->e.fix, "write a number and a unit, from 250ms to 1m");
	assert_int_equal(FLAGS(f, "--level=inf"), -EINVAL);
	assert_string_equal(f->e.fix, "use one of: debug|info|warn");
	defaults(state); /* nothing of all that was stored */
}

static void durations_and_sizes(void **state)
{
	(void)state;
	uint64_t n = 0;

	assert_int_equal(opt_duration("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(opt_duration("0.25h", &n), 0);
	assert_true(n == 900000000000ull);
	assert_int_equal(opt_duration("7us", &n), 0);
	assert_int_equal(n, 7000);
	assert_int_equal(opt_duration("0.0000000001s", &n), -EINVAL); /* more digits than billionths */
	assert_int_equal(opt_bytes("16MiB", &n), 0);
	assert_int_equal(n, 16777216);
	assert_int_equal(opt_bytes("1.5k", &n), 0);
	assert_int_equal(n, 1500);
	assert_int_equal(opt_bytes("12B", &n), 0);
	assert_int_equal(n, 12);
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		longest = n > longest ? n : longest;
	}
	return longest;
}

static void help_fits_a_terminal(void **state)
{
	(void)state;
	scoped(buf_done) struct buf b = { 0 };

	opt_help(&table, &b);
	assert_true(longest_line(buf_text(&b)) <= 80);
	assert_non_null(strstr(buf_text(&b), "  -t, --tls-dir DIR       Where certificates live. "
					     "[default /etc/tls]\n"));
	assert_non_null(strstr(buf_text(&b), "  -c, --[no-]color"));
	assert_non_null(strstr(buf_text(&b), "250ms to 1m]"));
}

static void documents_name_every_option(void **state)
{
	(void)state;
	scoped(buf_done) struct buf man = { 0 }, markdown = { 0 };

	opt_man(&table, &man);
	opt_reference(&table, &markdown);
	assert_non_null(strstr(buf_text(&man), ".TH PLIMSOLL\\-TEST 8 "));
	assert_non_null(strstr(buf_text(&man), "\\fB\\-t\\fR, \\fB\\-\\-tls\\-dir\\fR \\fIDIR\\fR\n"));
	assert_non_null(strstr(buf_text(&man), "\n.PP\n\\&.Second \\-\\- paragraph\\e.\n"));
	assert_non_null(strstr(buf_text(&man), "PLIMSOLL_INTERVAL"));
	assert_non_null(strstr(buf_text(&markdown), "| `--level` | `PLIMSOLL_LEVEL` | "
						    "debug\\|info\\|warn | default info |"));
	for (size_t i = 0; i < table.n; i++)
		assert_non_null(strstr(buf_text(&markdown), rows[i].help));
}

/* What opt_show() prints is itself a configuration file. */
static void show_is_yaml(void **state)
{
	struct fixture *f = *state;
	scoped(buf_done) struct buf b = { 0 };

	assert_int_equal(FLAGS(f, "--scrape=a:1,b", "--tls-dir=a \"b\"\n", "--interval=1500ms"), 0);
	opt_show(&table, &f->o, &f->origins, &b);
	assert_non_null(strstr(buf_text(&b), "tls-dir: \"a \\\"b\\\"\\x0a\""));
	assert_non_null(strstr(buf_text(&b), "scrape: [\"a:1\", b]"));
	assert_non_null(strstr(buf_text(&b), "interval: 1500ms                         # flag\n"));
	assert_non_null(strstr(buf_text(&b), "buffer: 64Ki                             # default\n"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(defaults),
		CASE(a_broken_default_is_found),
		CASE(all_ways_to_write_flags),
		CASE(the_last_duplicate_wins),
		CASE(precedence),
		CASE(lower_precedence_is_still_checked),
		CASE(unknown_names_find_their_neighbour),
		CASE(forgotten_values),
		CASE(bad_values),
		CASE(durations_and_sizes),
		CASE(help_fits_a_terminal),
		CASE(documents_name_every_option),
		CASE(show_is_yaml),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
