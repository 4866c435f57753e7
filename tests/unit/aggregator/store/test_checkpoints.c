/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/checkpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/scope.h"

static char folder[64];

static int begin(void **unused)
{
	(void)unused;
	strcpy(folder, "/tmp/plimsoll-checkpoints.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **unused)
{
	char command[96];

	(void)unused;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

struct seen {
	size_t n;
	char text[128];
};

static void note(const struct checkpoint *x, void *data)
{
	struct seen *s = data;
	size_t at = strlen(s->text);

	s->n++;
	snprintf(s->text + at, sizeof(s->text) - at, "%s/%s=%.*s ", x->policy, x->container, (int)x->size,
		 (const char *)x->bytes);
}

static void what_is_saved_is_there_after_a_restart(void **unused)
{
	const struct checkpoint all[] = {{"shop/web", "api", (const uint8_t *)"one", 3},
					 {"shop/web", "proxy", (const uint8_t *)"two", 3},
					 {"shop/job", "api", (const uint8_t *)"three", 5}};
	struct checkpoints *c = NULL;
	struct seen seen = {0};
	int moved = 1;

	(void)unused;
	assert_int_equal(checkpoints_open(folder, &c, &moved, NULL), 0);
	assert_int_equal(moved, 0);
	assert_int_equal(checkpoints_save(c, all, 3), 0);
	checkpoints_free(c);
	assert_int_equal(checkpoints_open(folder, &c, NULL, NULL), 0);
	assert_int_equal(checkpoints_each(c, "shop/web", note, &seen), 0);
	assert_string_equal(seen.text, "shop/web/api=one shop/web/proxy=two ");
	assert_int_equal(checkpoints_save(c, all, 1), 0); /* instead of what was there */
	seen = (struct seen){0};
	assert_int_equal(checkpoints_each(c, "shop/web", note, &seen), 0);
	assert_string_equal(seen.text, "shop/web/api=one ");
	checkpoints_free(c);
}

static void a_damaged_file_is_moved_aside(void **unused)
{
	scoped(freep) char *path = mem_printf("%s/" CHECKPOINTS_FILE, folder);
	scoped(freep) char *aside = mem_printf("%s.damaged", path);
	struct checkpoints *c = NULL;
	struct seen seen = {0};
	FILE *f = fopen(path, "we");
	int moved = 0;

	(void)unused;
	assert_non_null(f);
	for (int i = 0; i < 1000; i++)
		fputs("this is no database ", f);
	fclose(f);
	assert_int_equal(checkpoints_open(folder, &c, &moved, NULL), 0);
	assert_int_equal(moved, 1);
	assert_int_equal(checkpoints_each(c, "shop/web", note, &seen), 0);
	assert_int_equal(seen.n, 0);
	checkpoints_free(c);
	f = fopen(aside, "re");
	assert_non_null(f);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_saved_is_there_after_a_restart, begin, end),
		cmocka_unit_test_setup_teardown(a_damaged_file_is_moved_aside, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
