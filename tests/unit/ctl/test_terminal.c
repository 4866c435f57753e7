/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>
#include <pty.h>

#include "base/scope.h"
#include "ctl/terminal.h"

static int master, slave;

static int setup(void **state)
{
	(void)state;
	unsetenv("COLUMNS");
	return openpty(&master, &slave, NULL, NULL, NULL);
}

static int teardown(void **state)
{
	(void)state;
	close(master);
	close(slave);
	return 0;
}

static void resize(unsigned short columns)
{
	const struct winsize size = {.ws_row = 24, .ws_col = columns};

	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
}

static void the_width_is_asked_each_time(void **state)
{
	(void)state;
	assert_int_equal(terminal_columns(slave), 0); /* nobody said how wide it is */
	resize(80);
	assert_int_equal(terminal_columns(slave), 80);
	resize(200);
	assert_int_equal(terminal_columns(slave), 200);
}

static void the_variable_wins(void **state)
{
	static const struct {
		const char *variable;
		int columns;
	} rows[] = {{"120", 120}, {"", 80}, {"wide", 80}, {"0", 80}, {"-3", 80}, {"99999999999999999999", 0}};

	(void)state;
	resize(80);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setenv("COLUMNS", rows[i].variable, 1);
		assert_int_equal(terminal_columns(slave), rows[i].columns);
	}
}

static void pipes_get_everything(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	setenv("COLUMNS", "40", 1);
	assert_int_equal(terminal_columns(ends[1]), 0);
	close(ends[0]);
	close(ends[1]);
}

static void sentences_are_broken_and_painted(void **state)
{
	const struct paint_style colours = {true, true};
	char got[128] = "";
	FILE *f = fdopen(dup(slave), "w");

	(void)state;
	resize(20);
	terminal_print_painted("warn  a sentence that goes on\n", 4, &colours, PAINT_WARN, f);
	fclose(f);
	assert_true(read(master, got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "\033[33mwarn\033[0m  a sentence\r\n      that goes on\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_width_is_asked_each_time, setup, teardown),
		cmocka_unit_test_setup_teardown(the_variable_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(pipes_get_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(sentences_are_broken_and_painted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
