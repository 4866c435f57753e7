/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/completion.h"
#include "ctl/get.h"

static void has(const struct buf *script, const char *text)
{
	if (!strstr(buf_text(script), text))
		fail_msg("the script lacks %s", text);
}

static void test_every_command_and_choice(void **state)
{
	static const char *const shells[] = {"bash", "zsh", "fish"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		scoped(buf_done) struct buf script = {0};

		assert_int_equal(completion_write(shells[i], &script), 0);
		for (size_t c = 0; c < command_n; c++)
			has(&script, command_table[c].name);
		for (size_t k = 0; k < get_n_kinds; k++)
			has(&script, get_kinds[k]);
		has(&script, "table wide json yaml name");
		has(&script, "auto always never");
	}
}

static void test_unknown_shell(void **state)
{
	scoped(buf_done) struct buf script = {0};

	(void)state;
	assert_int_equal(completion_write("csh", &script), -EINVAL);
	assert_int_equal(script.size, 0);
}

/* What bash itself offers for a half-written line. */
static void offers(const char *words, int at, const char *wanted, const char *unwanted)
{
	scoped(buf_done) struct buf script = {0};
	char path[] = "/tmp/plimsoll-completion-XXXXXX", line[512], found[4096] = "";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(completion_write("bash", &script), 0);
	buf_printf(&script, "COMP_WORDS=(%s)\nCOMP_CWORD=%d\n_plimsoll\necho \" ${COMPREPLY[*]} \"\n", words,
		   at);
	assert_int_equal(write(fd, script.data, script.size), script.size);
	close(fd);
	snprintf(line, sizeof(line), "bash --norc --noprofile %s", path);
	FILE *bash = popen(line, "r");
	assert_non_null(bash);
	size_t n = fread(found, 1, sizeof(found) - 1, bash);
	found[n] = '\0';
	assert_int_equal(pclose(bash), 0);
	unlink(path);
	if (!strstr(found, wanted) || strstr(found, unwanted))
		fail_msg("for %s bash offers %s", words, found);
}

static void test_bash_offers(void **state)
{
	(void)state;
	offers("plimsoll ''", 1, " top ", " nodes ");
	offers("plimsoll de", 1, " decisions ", " top ");
	offers("plimsoll get ''", 2, " workloads nodes containers pods ", " top ");
	offers("plimsoll get --so", 2, " --sort ", "--for");
	offers("plimsoll pause --", 2, " --for ", "--sort");
	offers("plimsoll get -o ''", 3, " table wide json yaml name ", " nodes ");
	offers("plimsoll completion ''", 2, " bash zsh fish ", " top ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_and_choice),
		cmocka_unit_test(test_unknown_shell),
		cmocka_unit_test(test_bash_offers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
