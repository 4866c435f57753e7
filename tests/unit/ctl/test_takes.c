/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/takes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/opt_value.h"
#include "ctl/command.h"
#include "ctl/get.h"

static void words_of_a_list(void **unused)
{
	const char *list = "why watch:seconds once:limit sort=name|cpu";

	(void)unused;
	assert_true(takes_has(list, "why"));
	assert_true(takes_has(list, "seconds"));
	assert_true(takes_has(list, "limit"));
	assert_true(takes_has(list, "sort"));
	assert_false(takes_has(list, "so"));
	assert_false(takes_has(list, "watch"));
	assert_false(takes_has(list, "cpu"));
	assert_false(takes_has("", "why"));
}

static int checked(const char *key, const char *value, bool stream)
{
	const struct takes_flag f = {.key = key, .value = value, .command = "get x", .stream = stream};
	struct err e = {0};

	return takes_check("why watch:seconds once:limit sort=name|cpu", &f, &e);
}

static void cases_in_which_they_do_nothing(void **unused)
{
	(void)unused;
	assert_int_equal(checked("why", NULL, false), 0);
	assert_int_equal(checked("seconds", NULL, true), 0);
	assert_int_equal(checked("seconds", NULL, false), -EINVAL);
	assert_int_equal(checked("limit", NULL, false), 0);
	assert_int_equal(checked("limit", NULL, true), -EINVAL);
	assert_int_equal(checked("sort", "cpu", false), 0);
	assert_int_equal(checked("sort", "name", true), 0);
	assert_int_equal(checked("sort", "nam", false), -EINVAL);
	assert_int_equal(checked("sort", "pods", false), -EINVAL);
}

/* As main.c does: `flag` is on the command line, with the value `value` where it has one of few. */
static int asked(const char *command, char *kind, const char *flag, const char *value, bool watch)
{
	struct opt_origins origins = {0};
	struct ctl_options o = {.watch = watch};
	char *words[] = {kind};
	struct session s = {.o = &o, .words = words, .n = kind ? 1 : 0};
	struct err e = {0};
	int r;

	o.sort = o.output = o.color = (char *)(uintptr_t)(value ? value : "name");
	for (size_t i = 0; i < ctl_option_table.n; i++) {
		char key[OPT_KEY_SIZE];

		opt_key(&ctl_option_table.rows[i], key, sizeof(key));
		if (strcmp(key, flag) == 0)
			origins.of[i] = OPT_FLAG;
	}
	r = command_check(command_find(command), &origins, &s, &e);
	assert_true(r == 0 || (*e.what && *e.cause && *e.fix));
	return r;
}

static void what_users_try(void **unused)
{
	static const struct {
		const char *command, *kind, *flag, *value;
		bool watch, fine;
	} tries[] = {
		{"get", "containers", "limit", NULL, false, false},
		{"get", "decisions", "limit", NULL, false, true},
		{"watch", "decisions", "limit", NULL, false, false},
		{"watch", "decisions", "holds", NULL, false, true},
		{"get", "decisions", "holds", NULL, false, false},
		{"get", "decisions", "holds", NULL, true, true},
		{"get", "nodes", "seconds", NULL, false, false},
		{"get", "nodes", "seconds", NULL, true, true},
		{"watch", "nodes", "seconds", NULL, false, true},
		{"get", "nodes", "sort", "name", false, false},
		{"get", "containers", "sort", "pods", false, false},
		{"get", "workloads", "sort", "pods", false, true},
		{"get", NULL, "sort", "pods", false, true},
		{"top", NULL, "limit", NULL, false, false},
		{"top", NULL, "seconds", NULL, false, true},
		{"record", "web", "output", "json", false, false},
		{"record", "web", "server", NULL, false, true},
		{"simulate", NULL, "server", NULL, false, true},
		{"replay", "d-1", "output", "name", false, false},
		{"replay", "d-1", "output", "json", false, true},
		{"pause", "web", "why", NULL, false, true},
		{"resume", "web", "why", NULL, false, false},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		if ((asked(tries[i].command, (char *)(uintptr_t)tries[i].kind, tries[i].flag, tries[i].value,
			   tries[i].watch) == 0) != tries[i].fine)
			fail_msg("%s %s --%s: not %s", tries[i].command, tries[i].kind ? tries[i].kind : "",
				 tries[i].flag, tries[i].fine ? "taken" : "refused");
}

/* A word in a list that is no option would never be missed. */
static void lists_name_options(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ctl_option_table.n; i++) {
		char key[OPT_KEY_SIZE];
		bool taken = false;

		opt_key(&ctl_option_table.rows[i], key, sizeof(key));
		for (size_t c = 0; c < command_n; c++)
			taken |= command_takes(&command_table[c], key);
		if (!taken)
			fail_msg("no command takes --%s", key);
	}
}

static void an_empty_word_is_no_name(void **unused)
{
	(void)unused;
	assert_int_equal(asked("describe", "", "server", NULL, false), -EINVAL);
	assert_int_equal(asked("describe", "web", "server", NULL, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_a_list),
		cmocka_unit_test(cases_in_which_they_do_nothing),
		cmocka_unit_test(what_users_try),
		cmocka_unit_test(lists_name_options),
		cmocka_unit_test(an_empty_word_is_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
