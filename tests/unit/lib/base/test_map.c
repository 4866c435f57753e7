/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/map.h"

#define MANY 5000

static void *value(uint64_t n)
{
	return (void *)(uintptr_t)(n + 1);
}

static void empty_map_answers(void **state)
{
	(void)state;
	struct map *m = map_new();
	size_t cursor = 0;

	assert_null(map_get(m, 0));
	assert_null(map_del(m, 0));
	assert_int_equal(map_size(m), 0);
	assert_false(map_next(m, &cursor, NULL, NULL));
	assert_null(map_free(m));
	assert_null(map_free(NULL));
	assert_null(strmap_free(NULL));
}

static void growth_loses_nothing(void **state)
{
	(void)state;
	struct map *m = map_new();

	for (uint64_t i = 0; i < MANY; i++)
		assert_null(map_put(m, i << 32, value(i))); /* equal low bits: a poor hash would clump */
	assert_int_equal(map_size(m), MANY);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(map_get(m, i << 32), value(i));
	assert_null(map_get(m, 1));
	assert_ptr_equal(map_put(m, 0, value(77)), value(0));
	assert_ptr_equal(map_get(m, 0), value(77));
	assert_int_equal(map_size(m), MANY);
	map_free(m);
}

/* Every entry is visited exactly once although every second one is deleted under way. */
static void delete_while_iterating(void **state)
{
	(void)state;
	struct map *m = map_new();
	static unsigned char seen[MANY];
	size_t cursor = 0, visits = 0;
	uint64_t key;
	void *v;

	memset(seen, 0, sizeof(seen));
	for (uint64_t i = 0; i < MANY; i++)
		map_put(m, i, value(i));
	while (map_next(m, &cursor, &key, &v)) {
		assert_ptr_equal(v, value(key));
		assert_int_equal(seen[key]++, 0);
		visits++;
		if (key % 2)
			assert_ptr_equal(map_del(m, key), v);
	}
	assert_int_equal(visits, MANY);
	assert_int_equal(map_size(m), MANY / 2);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(map_get(m, i), i % 2 ? NULL : value(i));
	map_free(m);
}

/* Cgroups come and go for months: tombstones must neither fill the table nor hide entries. */
static void churn_stays_right(void **state)
{
	(void)state;
	struct map *m = map_new();

	for (uint64_t i = 0; i < 200000; i++) {
		map_put(m, i, value(i));
		if (i >= 10)
			assert_ptr_equal(map_del(m, i - 10), value(i - 10));
	}
	assert_int_equal(map_size(m), 10);
	for (uint64_t i = 199990; i < 200000; i++)
		assert_ptr_equal(map_get(m, i), value(i));
	map_free(m);
}

static void strings_are_copied(void **state)
{
	(void)state;
	struct strmap *m = strmap_new();
	char key[32];

	for (uint64_t i = 0; i < MANY; i++) {
		snprintf(key, sizeof(key), "/kubepods/pod%u", (unsigned)i);
		assert_null(strmap_put(m, key, value(i)));
	}
	memset(key, 'x', sizeof(key) - 1);
	assert_ptr_equal(strmap_get(m, "/kubepods/pod4321"), value(4321));
	assert_null(strmap_get(m, ""));
	assert_null(strmap_put(m, "", value(9)));
	assert_ptr_equal(strmap_get(m, ""), value(9));
	assert_ptr_equal(strmap_put(m, "", value(10)), value(9));
	assert_ptr_equal(strmap_del(m, ""), value(10));
	assert_null(strmap_del(m, ""));
	assert_int_equal(strmap_size(m), MANY);
	strmap_free(m);
}

static void delete_strings_while_iterating(void **state)
{
	(void)state;
	struct strmap *m = strmap_new();
	size_t cursor = 0, visits = 0;
	const char *key;
	char text[16];
	void *v;

	for (uint64_t i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "k%u", (unsigned)i);
		strmap_put(m, text, value(i));
	}
	while (strmap_next(m, &cursor, &key, &v)) {
		visits++;
		assert_ptr_equal(strmap_del(m, key), v);
	}
	assert_int_equal(visits, 100);
	assert_int_equal(strmap_size(m), 0);
	strmap_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_map_answers),
		cmocka_unit_test(growth_loses_nothing),
		cmocka_unit_test(delete_while_iterating),
		cmocka_unit_test(churn_stays_right),
		cmocka_unit_test(strings_are_copied),
		cmocka_unit_test(delete_strings_while_iterating),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
