/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/scope.h"

#define N(list) (sizeof(list) / sizeof((list)[0]))

static const struct merge_item before[] = {
	{"web", "/web/*", "shop.yaml", false},
	{"api", "/api/*", "shop.yaml", false},
	{"db", "/db/*", "db.yaml", false},
};

/* In the order in which they hold: a name of a document, "NAME'" of a version of before; then " | " and what is
 * refused, with who has it. */
static void holds(const struct merge_item *document, size_t n, const char *as)
{
	struct merge m = {.document = document, .n = n, .before = before, .n_before = N(before)};
	scoped(buf_done) struct buf all = {0};

	merge(&m);
	for (size_t i = 0; i <= n; i++) {
		if (i < n && m.state[i] == MERGE_TAKEN)
			buf_printf(&all, "%s ", document[i].name);
		for (size_t k = 0; k < N(before); k++)
			if (m.place[k] == i)
				buf_printf(&all, "%s' ", before[k].name);
	}
	buf_printf(&all, "|");
	for (size_t i = 0; i < n; i++)
		if (m.state[i] == MERGE_REFUSED || m.state[i] == MERGE_KEPT)
			buf_printf(&all, " %s%s%s", document[i].name ? document[i].name : "?", m.rival[i] ? "<" : "",
				   m.rival[i] ? m.rival[i]->name : "");
	assert_string_equal(buf_text(&all), as);
	merge_done(&m);
}

#define HOLDS(as, ...) \
	holds((const struct merge_item[]){__VA_ARGS__}, N(((const struct merge_item[]){__VA_ARGS__})), as)

#define WEB {"web", "/web/*", "shop.yaml", false}
#define API {"api", "/api/*", "shop.yaml", false}
#define DB  {"db", "/db/*", "db.yaml", false}

static void good_ones_hold_and_who_is_gone_is_over(void **unused)
{
	(void)unused;
	HOLDS("web api db |", WEB, API, DB);
	HOLDS("db new |", DB, {"new", "/new/*", "shop.yaml", false});
	HOLDS("api web |", API, {"web", "/other/*", "shop.yaml", false});
	HOLDS("web |", {"web", "/web/*", "elsewhere.yaml", false});
	holds(NULL, 0, "|");
}

static void a_bad_one_leaves_its_own_in_force(void **unused)
{
	(void)unused;
	HOLDS("web' api db | web", {"web", NULL, "shop.yaml", true}, API, DB);
	HOLDS("web api db | new", WEB, API, {"new", NULL, "db.yaml", true}, DB);
	HOLDS("api db | other", API, DB, {"other", NULL, "new.yaml", true}); /* web is gone from a file that is good */
}

/* It may be the bad one that has another name, or that cannot be read at all. */
static void who_is_gone_from_a_file_with_a_bad_one_stays(void **unused)
{
	(void)unused;
	HOLDS("api db web' | ?", {NULL, NULL, "shop.yaml", true}, API, DB);
	HOLDS("api db web' | web2", {"web2", NULL, "shop.yaml", true}, API, DB);
	HOLDS("api' db | api", {"api", NULL, "shop.yaml", true}, DB); /* that one is known by its name */
	HOLDS("web2 api | ?", {"web2", "/web/*", "shop.yaml", false}, API, {NULL, NULL, "shop.yaml", true});
}

static void a_path_that_cannot_be_read_loses_nothing(void **unused)
{
	static const struct merge_item one[] = {{"a", "/a", "dir/a.yaml", false}, {"b", "/b", "director", false}};
	const struct merge_item bad = {NULL, NULL, "dir", true};
	struct merge m = {.document = &bad, .n = 1, .before = one, .n_before = 2};

	(void)unused;
	merge(&m);
	assert_int_equal(m.place[0], 1);
	assert_true(m.place[1] == MERGE_OVER);
	merge_done(&m);
	HOLDS("web' api' | ?", {NULL, NULL, "shop.yaml", true});
}

/* A copy of a document whose name, or whose replicas, were not changed, wherever it stands. */
static void who_comes_new_takes_nothing_away(void **unused)
{
	(void)unused;
	HOLDS("web api db | web<web", {"web", "/new/*", "a.yaml", false}, WEB, API, DB);
	HOLDS("web api db | new<web", {"new", "/web/*", "a.yaml", false}, WEB, API, DB);
	HOLDS("web' api db | new<web web", {"new", "/web/*", "a.yaml", false}, {"web", NULL, "shop.yaml", true}, API, DB);
	HOLDS("web api db | web<web", WEB, {"web", "/x/*", "shop.yaml", false}, API, DB);
	HOLDS("web api db | web", WEB, API, DB, {"web", NULL, "z.yaml", true}); /* there is a good one */
	HOLDS("new db web' api' | new<new", {"new", "/n/*", "shop.yaml", false}, {"new", "/m/*", "shop.yaml", false}, DB);
}

static void who_changes_takes_nothing_away_either(void **unused)
{
	(void)unused;
	HOLDS("web' api db | web<api", {"web", "/api/*", "shop.yaml", false}, API, DB);
	HOLDS("web api |", {"web", "/api/*", "shop.yaml", false}, {"api", "/web/*", "shop.yaml", false}); /* they swap */
	HOLDS("web' api' | web<api api", {"web", "/api/*", "shop.yaml", false}, {"api", NULL, "shop.yaml", true});
	/* web moves to what api has, api to what db has, and db is bad: all stay. */
	HOLDS("web' api' db' | web<api api<db db", {"web", "/api/*", "shop.yaml", false}, {"api", "/db/*", "shop.yaml", false},
	      {"db", NULL, "db.yaml", true});
	HOLDS("web db |", {"web", "/api/*", "shop.yaml", false}, DB); /* api has gone */
}

static void names_may_be_had_twice_where_it_does_not_matter(void **unused)
{
	const struct merge_item two[] = {WEB, WEB, {"api", NULL, "shop.yaml", true}};
	struct merge m = {.document = two, .n = 3, .before = before, .n_before = 2, .may_double = true};

	(void)unused;
	merge(&m);
	assert_int_equal(m.state[0], MERGE_TAKEN);
	assert_int_equal(m.state[1], MERGE_TAKEN);
	assert_int_equal(m.state[2], MERGE_KEPT);
	assert_int_equal(m.place[1], 2);
	merge_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_hold_and_who_is_gone_is_over),
		cmocka_unit_test(a_bad_one_leaves_its_own_in_force),
		cmocka_unit_test(who_is_gone_from_a_file_with_a_bad_one_stays),
		cmocka_unit_test(a_path_that_cannot_be_read_loses_nothing),
		cmocka_unit_test(who_comes_new_takes_nothing_away),
		cmocka_unit_test(who_changes_takes_nothing_away_either),
		cmocka_unit_test(names_may_be_had_twice_where_it_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
