/* SPDX-License-Identifier: Apache-2.0 */
/* Every option of every command either means something there or is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "base/opt_value.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/get.h"
#include "ctl/takes.h"

/* Where each option does something: a command, or one with the kind that it is asked for; "+": only in a stream,
 * "-": only outside of one. Told by what the code of each command reads. */
static const struct {
	const char *key, *where;
} truth[] = {
	{"output", "top get watch describe decisions explain replay simulate pause resume status doctor version"},
	{"watch", "get watch decisions"},
	{"seconds", "top record +get +watch +decisions"},
	{"sort", "top get/workloads get/containers get/pods get/cgroups watch/workloads watch/containers watch/pods "
		 "watch/cgroups"},
	{"limit", "-decisions -get/decisions"},
	{"since", "-decisions -get/decisions"},
	{"holds", "+decisions +get/decisions +watch/decisions"},
	{"for", "pause"},
	{"why", "pause"},
	{"policy", "simulate"},
	{"compare", "simulate"},
	{"trace", "simulate"},
	{"svg", "simulate"},
	{"startup", "simulate"},
	{"idle", "simulate"},
	{"capacity", "simulate"},
	{"slo", "simulate"},
	{"root", "doctor"},
};
static const char *const everywhere[] = {"server", "timeout", "tls-dir", "tls-cert", "tls-key", "tls-ca", "server-name",
					 "insecure", "no-headers", "color", "config", "version", "help"};

static bool in_list(const char *list, char sign, const char *word)
{
	char padded[1024], wanted[128];

	snprintf(padded, sizeof(padded), " %s ", list);
	snprintf(wanted, sizeof(wanted), sign ? " %c%s " : "%c%s ", sign ? sign : ' ', word);
	return strstr(padded, wanted) != NULL;
}

static bool does_something(const char *key, const char *command, const char *kind, bool stream)
{
	char both[128];

	for (size_t i = 0; i < sizeof(everywhere) / sizeof(*everywhere); i++)
		if (strcmp(everywhere[i], key) == 0)
			return true;
	snprintf(both, sizeof(both), "%s/%s", command, kind ? kind : "");
	for (size_t i = 0; i < sizeof(truth) / sizeof(*truth); i++)
		if (strcmp(truth[i].key, key) == 0)
			return in_list(truth[i].where, 0, command) || in_list(truth[i].where, 0, both) ||
			       in_list(truth[i].where, stream ? '+' : '-', command) ||
			       in_list(truth[i].where, stream ? '+' : '-', both);
	fail_msg("--%s is new: say here where it does something", key);
	return false;
}

/* As main.c calls it, with one option given; *e says why not. */
static int check(const struct command *c, const char *kind, size_t option, const char *value, bool stream, struct err *e)
{
	scoped(buf_done) struct buf text = {0};
	char word[32] = "x", *words[] = {word};
	struct opt_origins origins;
	struct ctl_options o;
	struct session s = {.o = &o, .words = words, .n = kind || c->least ? 1 : 0};
	char key[OPT_KEY_SIZE];

	assert_int_equal(opt_init(&ctl_option_table, &o, &origins), 0);
	opt_key(&ctl_option_table.rows[option], key, sizeof(key));
	if (value)
		assert_int_equal(opt_set(&ctl_option_table, &o, &origins, key, value, OPT_FLAG, "flag", e), 0);
	origins.of[option] = OPT_FLAG;
	o.watch |= stream;
	if (kind)
		snprintf(word, sizeof(word), "%s", kind);
	int r = command_check(c, &origins, &s, e);
	opt_done(&ctl_option_table, &o);
	return r;
}

static void walk_options(const struct command *c, const char *kind, bool stream)
{
	for (size_t i = 0; i < ctl_option_table.n; i++) {
		char key[OPT_KEY_SIZE];
		struct err e = {0};

		opt_key(&ctl_option_table.rows[i], key, sizeof(key));
		bool goes_on = stream || strcmp(key, "watch") == 0;
		bool wanted = does_something(key, c->name, kind, goes_on || strcmp(c->name, "watch") == 0);
		int r = check(c, kind, i, NULL, goes_on, &e);

		if (wanted != (r == 0))
			fail_msg("plimsoll %s %s --%s%s: %s", c->name, kind ? kind : "", key, goes_on ? ", a stream" : "",
				 r ? e.what : "is taken");
		if (r == 0)
			continue;
		assert_int_equal(r, -EINVAL);
		assert_non_null(strstr(e.what, key));
		assert_true(*e.cause && *e.fix);
		if (!takes_has(c->takes, key) && !kind)
			assert_false(command_takes(c, key)); /* nor do help and completion offer it */
	}
}

static void every_option_of_every_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_n; i++) {
		const struct command *c = &command_table[i];
		bool kinds = strcmp(c->name, "get") == 0 || strcmp(c->name, "watch") == 0;

		for (size_t k = 0; kinds && k < get_n_kinds; k++)
			for (int stream = 0; stream < 2; stream++)
				walk_options(c, get_kinds[k], stream);
		for (int stream = 0; !kinds && stream < 1 + command_takes(c, "watch"); stream++)
			walk_options(c, NULL, stream);
	}
}

static size_t option(const char *key)
{
	return (size_t)(opt_find(&ctl_option_table, key) - ctl_option_table.rows);
}

static void values_that_a_command_knows(void **state)
{
	static const struct {
		const char *command, *kind, *key, *value;
		int result;
	} cases[] = {
		{"get", "workloads", "sort", "pods", 0},
		{"get", "cgroups", "sort", "saturation", 0},
		{"get", "cgroups", "sort", "requests", 0},
		{"get", "cgroups", "sort", "pods", -EINVAL},
		{"replay", NULL, "output", "json", 0},
		{"replay", NULL, "output", "name", -EINVAL},
		{"simulate", NULL, "output", "yaml", 0},
		{"simulate", NULL, "output", "name", -EINVAL},
		{"explain", NULL, "output", "name", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = {0};

		assert_int_equal(check(command_find(cases[i].command), cases[i].kind, option(cases[i].key), cases[i].value,
				       false, &e), cases[i].result);
		if (cases[i].result)
			assert_non_null(strstr(e.what, cases[i].value));
	}
}

static void an_empty_word_is_no_name(void **state)
{
	char nothing[] = "", *words[] = {nothing};
	struct opt_origins origins = {0};
	struct ctl_options o = {0};
	struct session s = {.o = &o, .words = words, .n = 1};
	struct err e;

	(void)state;
	assert_int_equal(command_check(command_find("describe"), &origins, &s, &e), -EINVAL);
	assert_non_null(strstr(e.what, "empty word"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_of_every_command),
		cmocka_unit_test(values_that_a_command_knows),
		cmocka_unit_test(an_empty_word_is_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
