/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "aggregator/act/act.h"
#include "aggregator/act/exec.h"
#include "base/clock.h"
#include "base/scope.h"

#define PATIENCE (20 * CLOCK_NS_PER_S)

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/plimsoll-act.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

struct outcome {
	int calls;
	char why[ACT_WHY];
};

static void done(const char *why, void *data)
{
	struct outcome *o = data;

	o->calls++;
	assert_true(strlen(why) < sizeof(o->why));
	strcpy(o->why, why);
}

static const struct act_order order = { "shop \"x\"; rm -rf $HOME", 2, 5, "metric", "d-7" };

/* A hook that runs `body` with /bin/sh; only its #! line knows about a shell. */
static const char *script(const char *body)
{
	static char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/hook", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

static struct outcome run(const char *body, uint64_t timeout_ns)
{
	const char *command[] = { script(body), "$(touch injected)", folder, NULL };
	struct loop *l = loop_new();
	struct act *a = act_new(l, command, timeout_ns);
	struct outcome o = { 0 };

	assert_string_equal(act_name(a), "exec");
	assert_int_equal(act_run(a, &order, done, &o), 0);
	assert_true(act_running(a));
	assert_int_equal(act_run(a, &order, done, &o), -EBUSY);
	loop_run(l);
	assert_int_equal(o.calls, 1);
	assert_false(act_running(a));
	act_close(a);
	loop_free(l);
	return o;
}

static void hook_gets_the_order(void **state)
{
	struct outcome o = run("cat > \"$2/got\"; echo \"$1\" > \"$2/argument\"", PATIENCE);
	char path[96], line[64] = "";
	json_t *got;
	FILE *f;

	(void)state;
	assert_string_equal(o.why, "");
	snprintf(path, sizeof(path), "%s/got", folder);
	got = json_load_file(path, 0, NULL);
	assert_non_null(got);
	assert_int_equal(json_object_size(got), 7);
	assert_string_equal(json_string_value(json_object_get(got, "apiVersion")),
			    "plimsoll.io/v1alpha1");
	assert_string_equal(json_string_value(json_object_get(got, "kind")), "ScaleRequest");
	assert_string_equal(json_string_value(json_object_get(got, "workload")), order.workload);
	assert_int_equal(json_integer_value(json_object_get(got, "from")), 2);
	assert_int_equal(json_integer_value(json_object_get(got, "to")), 5);
	assert_string_equal(json_string_value(json_object_get(got, "reason")), "metric");
	assert_string_equal(json_string_value(json_object_get(got, "decision")), "d-7");
	json_decref(got);
	snprintf(path, sizeof(path), "%s/argument", folder);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_string_equal(line, "$(touch injected)\n"); /* as it was written, nobody ran it */
}

static void failures_say_why(void **state)
{
	struct outcome o = run("cat >/dev/null; echo first >&2; echo no such service >&2; exit 3",
			       PATIENCE);

	(void)state;
	assert_string_equal(o.why, "exit status 3: no such service");
	o = run("exit 1", PATIENCE); /* reads nothing, says nothing */
	assert_string_equal(o.why, "exit status 1");
	o = run("kill -9 $$", PATIENCE);
	assert_string_equal(o.why, "killed by signal 9");
	o = run("echo stuck >&2; sleep 60", 300 * CLOCK_NS_PER_MS);
	assert_string_equal(o.why, "no end within 0.3 s: stuck");
	o = run("trap '' TERM; while :; do sleep 1; done", 100 * CLOCK_NS_PER_MS);
	assert_string_equal(o.why, "no end within 0.1 s");
	o = run("trap 'exit 0' TERM; sleep 60 & wait", 100 * CLOCK_NS_PER_MS);
	assert_string_equal(o.why, "no end within 0.1 s"); /* too late is not done */
}

static void what_cannot_start(void **state)
{
	const char *command[] = { "/nonexistent/hook", NULL };
	struct loop *l = loop_new();
	struct act *a = act_new(l, command, PATIENCE);
	struct act_order bad = order;
	struct outcome o = { 0 };

	(void)state;
	assert_int_equal(act_run(a, &order, done, &o), -ENOENT);
	assert_false(act_running(a));
	bad.workload = "\xff";
	assert_int_equal(act_run(a, &bad, done, &o), -EINVAL);
	loop_run(l);
	assert_int_equal(o.calls, 0);
	act_close(a);
	loop_free(l);
}

static void none_does_nothing(void **state)
{
	struct loop *l = loop_new();
	struct act *a = act_new(l, NULL, 0);
	struct outcome o = { 0 };

	(void)state;
	assert_string_equal(act_name(a), "none");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(act_run(a, &order, done, &o), 0);
		assert_int_equal(o.calls, i);
		assert_int_equal(act_run(a, &order, done, &o), -EBUSY);
		loop_run(l);
		assert_int_equal(o.calls, i + 1);
	}
	assert_string_equal(o.why, "");
	assert_int_equal(act_run(a, &order, done, &o), 0);
	act_close(a);
	loop_run(l);
	assert_int_equal(o.calls, 2);
	loop_free(l);
}

static void a_closed_one_stays_silent(void **state)
{
	const char *command[] = { script("cat > /dev/null; touch \"$1/ran\""), folder, NULL };
	struct loop *l = loop_new();
	struct act *a = act_new(l, command, PATIENCE);
	struct outcome o = { 0 };
	char path[96];

	(void)state;
	assert_int_equal(act_run(a, &order, done, &o), 0);
	act_close(a);
	loop_run(l);
	assert_int_equal(o.calls, 0);
	snprintf(path, sizeof(path), "%s/ran", folder);
	assert_int_equal(access(path, F_OK), 0);
	loop_free(l);
	act_close(NULL);
}

static void last_lines(void **state)
{
	static const struct {
		const char *output, *want;
	} cases[] = {
		{ "", "" },
		{ "\n \n", "" },
		{ "one", "one" },
		{ "one\ntwo\n\n", "two" },
		{ "one\n\ttwo\x1b[31m\r\n", " two [31m" },
		{ "h\xc3\xa9 \xff!", "h\xc3\xa9 ?!" },
		{ "a long line of words that does not fit", "a long line of " },
		{ "fourteen bytes\xc3\xa9", "fourteen bytes" }, /* not half of the last one */
	};
	char line[16];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		act_exec_last_line(cases[i].output, line, sizeof(line));
		assert_string_equal(line, cases[i].want);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(hook_gets_the_order),
		TEST(failures_say_why),
		TEST(what_cannot_start),
		TEST(none_does_nothing),
		TEST(a_closed_one_stays_silent),
		TEST(last_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
