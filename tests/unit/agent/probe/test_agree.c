/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "agent/probe/agree.h"
#include "base/scope.h"

#define MIB (1u << 20)
#define PAGE 4096u

static const struct plimsoll_row row = {.anon_pages = 100 * MIB / PAGE,
					.file_pages = 300 * MIB / PAGE,
					.slab_bytes = 20 * MIB};

static bool says(const char *text, bool legacy)
{
	scoped(fclosep) FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(f);
	return agree(f, legacy, &row, PAGE);
}

static void the_same_figures_agree(void **state)
{
	(void)state;
	assert_true(says("anon 104857600\nfile 314572800\nkernel 1\nslab 20971520\n", false));
	assert_true(says("anon 106000000\nfile 300000000\nslab 25000000\n", false)); /* a moment later */
	assert_true(says("cache 1\nrss 2\ntotal_cache 314572800\ntotal_rss 104857600\n", true));
}

static void other_figures_do_not(void **state)
{
	(void)state;
	assert_false(says("anon 314572800\nfile 104857600\nslab 20971520\n", false)); /* turned round */
	assert_false(says("anon 104857600\nfile 314572800\nslab 60000000\n", false));
	assert_false(says("total_cache 9\ntotal_rss 104857600\n", true));
}

static void a_file_without_the_lines_does_not(void **state)
{
	(void)state;
	assert_false(says("anon 104857600\nfile 314572800\n", false));
	assert_false(says("x", false));
	assert_false(says("total_cache 314572800\n", true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_figures_agree),
		cmocka_unit_test(other_figures_do_not),
		cmocka_unit_test(a_file_without_the_lines_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
