/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "loop/loop.h"

struct outcome {
	struct loop_child_result r;
	char output[5000];
	int calls;
};

static void ended(const struct loop_child_result *r, void *data)
{
	struct outcome *o = data;

	o->calls++;
	o->r = *r;
	assert_true(strlen(r->output) < sizeof(o->output));
	strcpy(o->output, r->output);
}

static struct outcome run(const char *script, const char *input, uint64_t timeout_ms)
{
	struct loop *l = loop_new();
	struct outcome o = { 0 };
	char *argv[] = { "/bin/sh", "-c", (char *)script, NULL };

	assert_int_equal(loop_child_run(l, argv, input, timeout_ms * CLOCK_NS_PER_MS, ended, &o),
			 0);
	loop_run(l);
	loop_free(l);
	assert_int_equal(o.calls, 1);
	return o;
}

static void passes_input_and_collects_output(void **state)
{
	struct outcome o = run("cat; echo err >&2; echo out", "hello\n", 20000);

	(void)state;
	assert_int_equal(o.r.status, 0);
	assert_int_equal(o.r.signal, 0);
	assert_false(o.r.timed_out);
	assert_string_equal(o.output, "hello\nerr\nout\n");
}

static void reports_exit_status_and_signal(void **state)
{
	struct outcome o = run("exit 7", NULL, 20000);

	(void)state;
	assert_int_equal(o.r.status, 7);
	o = run("kill -9 $$", NULL, 20000);
	assert_int_equal(o.r.status, -1);
	assert_int_equal(o.r.signal, SIGKILL);
	assert_false(o.r.timed_out);
}

static void bounds_output(void **state)
{
	struct outcome o = run("head -c 300000 /dev/zero | tr '\\0' x; exit 3", NULL, 20000);

	(void)state;
	assert_int_equal(o.r.status, 3);
	assert_int_equal(strlen(o.output), 4096);
}

static void survives_a_child_that_reads_nothing(void **state)
{
	char *big = malloc(1 << 20);
	struct outcome o;

	(void)state;
	memset(big, 'x', 1 << 20);
	big[(1 << 20) - 1] = '\0';
	o = run("exec <&-; exit 0", big, 20000);
	assert_int_equal(o.r.status, 0);
	o = run("wc -c", big, 20000);
	assert_string_equal(o.output, "1048575\n");
	free(big);
}

static void ends_the_slow_and_the_stubborn(void **state)
{
	struct outcome o = run("sleep 100", NULL, 50);

	(void)state;
	assert_true(o.r.timed_out);
	assert_int_equal(o.r.signal, SIGTERM);
	o = run("trap '' TERM; while :; do sleep 0.1; done", NULL, 300);
	assert_true(o.r.timed_out);
	assert_int_equal(o.r.signal, SIGKILL);
}

static void says_when_it_cannot_start(void **state)
{
	struct loop *l = loop_new();
	struct outcome o = { 0 };
	char *argv[] = { "/nonexistent/hook", NULL };

	(void)state;
	assert_int_equal(loop_child_run(l, argv, "x", CLOCK_NS_PER_S, ended, &o), -ENOENT);
	loop_run(l);
	loop_free(l);
	assert_int_equal(o.calls, 0);
}

static void loop_free_ends_a_running_child(void **state)
{
	struct loop *l = loop_new();
	struct outcome o = { 0 };
	char *argv[] = { "/bin/sleep", "1", NULL };

	(void)state;
	assert_int_equal(loop_child_run(l, argv, NULL, CLOCK_NS_PER_S, ended, &o), 0);
	loop_free(l);
	assert_int_equal(o.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_input_and_collects_output),
		cmocka_unit_test(reports_exit_status_and_signal),
		cmocka_unit_test(bounds_output),
		cmocka_unit_test(survives_a_child_that_reads_nothing),
		cmocka_unit_test(ends_the_slow_and_the_stubborn),
		cmocka_unit_test(says_when_it_cannot_start),
		cmocka_unit_test(loop_free_ends_a_running_child),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
