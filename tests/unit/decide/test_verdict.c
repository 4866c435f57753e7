/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/verdict.h"

#include "scene.h"

#define TEST(name) static void name(void **state __attribute__((unused)))

/* Scripts and kept records rely on these words and on their order. */
static const char *const words[] = {"steady", "metric",  "stabilized", "step-limit",
				    "min",    "max",     "stale",      "coverage",
				    "blind",  "warming", "paused",     "silence",
				    "strained", "pace",  "unfilled",   "no-gain",
				    "settling", "young", "ambiguous",  "budget"};
#define WORDS (sizeof(words) / sizeof(words[0]))

TEST(words_are_stable)
{
	for (unsigned i = 0; i < WORDS; i++)
		assert_string_equal(verdict_word((enum verdict_reason)i), words[i]);
	assert_int_equal(VERDICT_BUDGET, WORDS - 1);
}

TEST(every_word_has_a_meaning_of_its_own)
{
	for (unsigned i = 0; i < WORDS; i++) {
		assert_true(strlen(verdict_meaning((enum verdict_reason)i)) > 5);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(verdict_meaning((enum verdict_reason)i),
						verdict_meaning((enum verdict_reason)j));
	}
}

TEST(a_later_version_s_reason_is_unknown)
{
	assert_string_equal(verdict_word((enum verdict_reason)WORDS), "unknown");
	assert_string_equal(verdict_word((enum verdict_reason) - 1), "unknown");
	assert_non_null(strstr(verdict_meaning((enum verdict_reason)WORDS), "does not know"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_stable),
		cmocka_unit_test(every_word_has_a_meaning_of_its_own),
		cmocka_unit_test(a_later_version_s_reason_is_unknown),
	};

	return cmocka_run_group_tests_name("decide/verdict", tests, NULL, NULL);
}
