/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/text.h"
#include "ctl/view.h"

#define ROWS 24

static const struct paint_style plain = {false, true};
static Plimsoll__V1__Value half, eight;
static workload shop, blind;
static const workload *list[] = {&shop, &blind};
static Plimsoll__V1__Cause cause, *causes[] = {&cause};
static decision d;
static decision *decisions[] = {&d};
static struct buf rows[ROWS];

static struct view example(int columns)
{
	plimsoll__v1__value__init(&half);
	half.known = true;
	half.value = 0.5;
	eight = half;
	eight.value = 8;
	plimsoll__v1__workload__init(&shop);
	shop.name = (char *)(uintptr_t) "shop/api\033[2J";
	shop.policy = (char *)(uintptr_t) "api";
	shop.replicas = 6;
	shop.desired = 8;
	shop.cpu_cores = &half;
	plimsoll__v1__cause__init(&cause);
	cause.name = (char *)(uintptr_t) "cpu-throttle";
	cause.value = &half;
	shop.saturation = causes;
	shop.n_saturation = 1;
	shop.by_what = cause.name;
	shop.advice = (char *)(uintptr_t) "raise its CPU limit";
	shop.last_decision = (char *)(uintptr_t) "d-1";
	shop.last_reason = (char *)(uintptr_t) "cpu 84 % > 60 %";
	shop.last_from = 6;
	shop.last_to = 8;
	plimsoll__v1__workload__init(&blind);
	blind.name = (char *)(uintptr_t) "blind";
	plimsoll__v1__decision__init(&d);
	d.id = (char *)(uintptr_t) "d-1";
	d.workload = (char *)(uintptr_t) "shop/api";
	d.from = 6;
	d.to = 8;
	d.outcome = (char *)(uintptr_t) "failed: \033]0;title\a";
	return (struct view){.style = &plain, .columns = columns, .rows = ROWS, .answered = true,
			     .address = "unix:/x", .nodes = 1, .list = list, .n = 2, .total = 2,
			     .sort = "name", .decisions = decisions, .n_decisions = 1};
}

static void draw(struct view *v)
{
	for (int i = 0; i < ROWS; i++)
		buf_done(&rows[i]);
	view_draw(v, rows);
	for (int i = 0; i < ROWS; i++) {
		assert_true(text_width(buf_text(&rows[i])) <= v->columns);
		assert_null(strchr(buf_text(&rows[i]), '\033'));
		assert_null(strchr(buf_text(&rows[i]), '\a'));
	}
}

static bool shown(const char *text)
{
	for (int i = 0; i < ROWS; i++)
		if (strstr(buf_text(&rows[i]), text))
			return true;
	return false;
}

static void test_list(void **state)
{
	struct history *h = history_new();
	struct view v = example(240);

	(void)state;
	v.cpu = h;
	draw(&v);
	assert_true(shown("cpu-throttle  raise its CPU limit"));
	assert_true(shown("1 node   2 workloads   6 pods"));
	assert_true(shown("▸ shop/api"));
	assert_true(shown("6→8 cpu 84 % > 60 %"));
	assert_true(shown("█████░░░░░"));
	assert_true(shown("LAST DECISIONS") && shown("failed:"));
	assert_true(shown("WAIT p95") && shown("CPU, LAST 20 S"));
	assert_non_null(strstr(buf_text(&rows[4]), "  blind"));
	assert_non_null(strstr(buf_text(&rows[4]), "–")); /* not measured is no zero */
	assert_null(strstr(buf_text(&rows[4]), "0.00"));
	history_free(h);
}

/* What holds it back and what helps are what top is for. */
static void test_what_80_columns_show(void **state)
{
	struct view v = example(80);

	(void)state;
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), "WORKLOAD"));
	assert_non_null(strstr(buf_text(&rows[2]), "PODS  CPU/REQ  SATURATION  BY WHAT       WHAT HELPS"));
	assert_non_null(strstr(buf_text(&rows[3]), "  ██▌░░  50%  cpu-throttle  raise its CPU limit"));
	assert_true(shown("d-1  shop/api") && shown("failed:"));
	v.agent = true;
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), "CPU  SATURATION"));
	assert_non_null(strstr(buf_text(&rows[3]), "50%  cpu-throttle  raise its CPU limit"));
	v = example(120);
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), "MEM/LIMIT  SATURATION  BY WHAT       WHAT HELPS              LAST DECISION"));
}

static Plimsoll__V1__Value rate, failed, middle, tail;

static Plimsoll__V1__Value *set(Plimsoll__V1__Value *v, double number)
{
	plimsoll__v1__value__init(v);
	v->known = true;
	v->value = number;
	return v;
}

/* A view whose first workload answers requests; of the second nobody hears any. */
static struct view with_requests(int columns)
{
	struct view v = example(columns);

	shop.requests_per_second = set(&rate, 1834);
	shop.request_error_share = set(&failed, 0.021);
	shop.request_p50_ns = set(&middle, 850e3);
	shop.request_p95_ns = set(&tail, 12e6);
	return v;
}

/* They are what --requests is for: what is left over is for what holds it back, then for their other quantiles. */
static void test_requests_show_where_they_are_known(void **state)
{
	struct view v = with_requests(80);

	(void)state;
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), "CPU/REQ  REQ/S  ERRORS    p95  SATURATION  BY WHAT"));
	assert_non_null(strstr(buf_text(&rows[3]), "   1.8k    2.1%   12ms  "));
	assert_non_null(strstr(buf_text(&rows[3]), "50%  cpu-throttle"));
	assert_non_null(strstr(buf_text(&rows[4]), "      –       –      –  "));
	v.columns = 92;
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), "ERRORS    p50    p95    p99  SATURATION  BY WHAT"));
	assert_non_null(strstr(buf_text(&rows[3]), "  850us   12ms      –  "));
	v.columns = 116;
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), "p99  SATURATION  BY WHAT       WHAT HELPS"));
	v.agent = true;
	v.columns = 80;
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), "CPU  REQ/S  ERRORS    p95  SATURATION    BY WHAT"));
}

/* The width at which each is gone: the less it says the sooner. */
static void test_requests_go_one_by_one(void **state)
{
	static const struct {
		const char *title;
		int at;
	} gone[] = {{"WHAT HELPS", 115}, {"p50", 91}, {"p99", 84}, {"BY WHAT", 77}, {"SATURATION", 63}, {"p95", 51}, {"ERRORS", 44}};

	(void)state;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		struct view v = with_requests(gone[i].at);

		draw(&v);
		assert_null(strstr(buf_text(&rows[2]), gone[i].title));
		v.columns++;
		draw(&v);
		assert_non_null(strstr(buf_text(&rows[2]), gone[i].title));
	}
}

static void test_a_filter_leaves_some_of_all(void **state)
{
	struct view v = example(80);

	(void)state;
	strcpy(v.filter, "shop");
	v.n = 1;
	draw(&v);
	assert_true(shown("1 node   1 of 2 workloads   6 pods"));
	v.agent = true;
	draw(&v);
	assert_true(shown("plimsoll    1 of 2 cgroups"));
}

#define ALL_CAUSES "RUNQ  THROT   MEM    IO  ACCEPT   NET  CONN"

/* All or none, and before what only shows how it went. */
static void test_wide_screens_show_every_cause(void **state)
{
	struct history *h = history_new();

	(void)state;
	for (int agent = 0; agent < 2; agent++)
		for (int columns = 80; columns < 240; columns++) {
			struct view v = example(columns);

			v.cpu = h;
			v.agent = agent;
			draw(&v);
			const char *titles = buf_text(&rows[2]);
			bool whole = strstr(titles, "WHAT HELPS              " ALL_CAUSES);
			assert_true(whole || !strstr(titles, "RUNQ"));
			assert_int_equal(whole, columns >= (agent ? 134 : 165));
			assert_true(!whole || strstr(buf_text(&rows[3]), "   –    50%     –     –       –     –     –"));
		}
	struct view v = with_requests(201);
	v.cpu = h;
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), ALL_CAUSES));
	v.columns = 200;
	draw(&v);
	assert_null(strstr(buf_text(&rows[2]), "RUNQ"));
	v = example(150);
	v.cpu = h;
	v.agent = true;
	shop.name = (char *)(uintptr_t) "/kubepods.slice/kubepods-burstable.slice/cri-containerd-0123456789.scope";
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), ALL_CAUSES));
	v.columns = 149;
	draw(&v);
	assert_null(strstr(buf_text(&rows[2]), "RUNQ"));
	assert_non_null(strstr(buf_text(&rows[2]), "CPU, LAST 20 S"));
	history_free(h);
}

/* In front of what is used, for who asks for them; narrower than they are nothing changes. */
static void test_causes_show_where_they_are_asked_for(void **state)
{
	struct history *h = history_new();

	(void)state;
	for (int agent = 0; agent < 2; agent++)
		for (int columns = 40; columns < 240; columns++) {
			struct view v = example(columns);

			v.cpu = h;
			v.agent = agent;
			v.causes = true;
			draw(&v);
			const char *titles = buf_text(&rows[2]);
			assert_int_equal(strstr(titles, ALL_CAUSES) != NULL, columns >= 75);
			assert_true(strstr(titles, ALL_CAUSES) || !strstr(titles, "RUNQ"));
			assert_true(columns < 80 || strstr(titles, agent ? "CGROUP" : "WORKLOAD"));
		}
	struct view v = with_requests(80);
	v.cpu = h;
	v.causes = true;
	draw(&v);
	assert_non_null(strstr(buf_text(&rows[2]), ALL_CAUSES));
	assert_true(shown("c use") && shown("q quit"));
	v.causes = false;
	draw(&v);
	assert_null(strstr(buf_text(&rows[2]), "RUNQ"));
	assert_true(shown("c causes") && shown("q quit"));
	history_free(h);
}

/* Whatever the width: a figure is there as a whole, or not at all. */
static void test_figures_are_never_cut(void **state)
{
	struct history *h = history_new();
	Plimsoll__V1__Value gib, limit;

	(void)state;
	for (int columns = 40; columns < 240; columns++) {
		struct view v = example(columns);

		gib = half;
		limit = half;
		gib.value = 700.0 * (1 << 20);
		limit.value = 1000.0 * (1 << 20);
		shop.cpu_request_cores = &eight;
		shop.memory_working_set_bytes = &gib;
		shop.memory_limit_bytes = &limit;
		v.cpu = h;
		v.n = 1;
		v.n_decisions = 0;
		draw(&v);
		assert_true(shown("0.50/8.00  6.2%") || shown(" 6.2%"));
		if (shown("MEM/LIMIT"))
			assert_true(shown("700Mi/1000Mi   70%") || shown("700Mi   70%") || shown(" 70%"));
		assert_true(!shown("Mi…") && !shown("0.50/8.0…") && !shown("> 6…"));
	}
	shop.cpu_request_cores = shop.memory_working_set_bytes = shop.memory_limit_bytes = NULL;
	history_free(h);
}

static void test_long_names_lose_their_middle(void **state)
{
	struct history *h = history_new();
	struct view v = example(80);

	(void)state;
	shop.name = (char *)(uintptr_t) "shop/a-service-with-a-long-name";
	draw(&v);
	assert_true(shown("▸ shop/a…-name  "));
	v = example(260);
	v.cpu = h;
	shop.name = (char *)(uintptr_t) "shop/a-service-with-a-long-name";
	draw(&v);
	assert_true(shown("▸ shop/a-service-with-a-long-name  "));
	history_free(h);
}

static void test_every_width(void **state)
{
	struct history *h = history_new();

	(void)state;
	for (int columns = 20; columns < 240; columns++) {
		struct view v = columns % 2 ? with_requests(columns) : example(columns);

		v.cpu = h;
		for (int mode = VIEW_LIST; mode <= VIEW_TEXT; mode++) {
			v.mode = (enum view_mode)mode;
			draw(&v);
		}
		v.agent = true;
		v.mode = VIEW_LIST;
		draw(&v);
	}
	history_free(h);
}

static void test_the_selection_is_in_sight(void **state)
{
	enum { MANY = 100 };
	struct view v = example(80);
	workload many[MANY];
	const workload *all[MANY];
	char names[MANY][16];
	struct history *h = history_new();

	(void)state;
	for (int i = 0; i < MANY; i++) {
		plimsoll__v1__workload__init(&many[i]);
		snprintf(names[i], sizeof(names[i]), "name-%d-", i);
		many[i].name = names[i];
		all[i] = &many[i];
	}
	v.cpu = h;
	v.list = all;
	v.n = v.total = MANY;
	static const size_t visits[] = {0, 50, 99, 98, 3, 0};
	for (size_t i = 0; i < sizeof(visits) / sizeof(visits[0]); i++) {
		char wanted[32];

		v.selected = visits[i];
		draw(&v);
		snprintf(wanted, sizeof(wanted), "▸ name-%zu-", visits[i]);
		assert_true(shown(wanted));
	}
	assert_true(shown("LAST DECISIONS")); /* a long list leaves room for them */
	history_free(h);
}

/* However many decisions there are to show below it. */
static void test_an_empty_list_says_why(void **state)
{
	struct view v = example(80);
	decision *many[100];

	(void)state;
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = &d;
	v.decisions = many;
	v.n_decisions = sizeof(many) / sizeof(many[0]);
	v.n = 0;
	strcpy(v.filter, "zzz");
	draw(&v);
	assert_true(shown("nothing fits the filter") && shown("LAST DECISIONS"));
}

/* But for the blanks that fill it up. */
static void is_row(int i, const char *text)
{
	const char *row = buf_text(&rows[i]);
	size_t n = strlen(text);

	assert_int_equal(strncmp(row, text, n), 0);
	assert_int_equal(strspn(row + n, " "), strlen(row + n));
}

/* What is wider than the screen is not lost, and can be scrolled to. */
static void test_a_page_is_broken_to_the_width(void **state)
{
	char *lines[] = {(char *)(uintptr_t) "/a   on vm",
			 (char *)(uintptr_t) "  cpu       cpu 0.02   cpu limit 1.00   wait p50 7us   busiest 3%   ",
			 (char *)(uintptr_t) "  policy    a long sentence about what the policy says of this workload"};
	struct view v = example(40);

	(void)state;
	v.mode = VIEW_TEXT;
	v.line = lines;
	v.n_lines = 3;
	draw(&v);
	is_row(3, "   cpu       cpu 0.02   cpu limit 1.00");
	is_row(4, "             wait p50 7us   busiest 3%");
	is_row(5, "   policy    a long sentence about what");
	is_row(6, "             the policy says of this");
	is_row(7, "             workload");
	assert_int_equal(v.n_rows, 6);
	v.rows = 7;
	v.first_line = 100;
	draw(&v);
	assert_int_equal(v.first_line, 2);
	assert_true(shown("workload") && !shown("cpu 0.02"));
}

static void test_history(void **state)
{
	struct history *h = history_new();
	scoped(buf_done) struct buf line = {0}, other = {0};

	(void)state;
	history_add(h, "a", true, 0);
	history_add(h, "a", true, 4);
	history_add(h, "a", false, 0);
	history_add(h, "a", true, 8);
	history_draw(h, "a", 6, true, &line);
	assert_string_equal(buf_text(&line), "  ▁▄ █");
	history_draw(h, "nobody", 3, true, &other);
	assert_string_equal(buf_text(&other), "   ");
	history_free(h);
}

static int done(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++)
		buf_done(&rows[i]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_what_80_columns_show),
		cmocka_unit_test(test_requests_show_where_they_are_known),
		cmocka_unit_test(test_requests_go_one_by_one),
		cmocka_unit_test(test_a_filter_leaves_some_of_all),
		cmocka_unit_test(test_wide_screens_show_every_cause),
		cmocka_unit_test(test_causes_show_where_they_are_asked_for),
		cmocka_unit_test(test_figures_are_never_cut),
		cmocka_unit_test(test_long_names_lose_their_middle),
		cmocka_unit_test(test_every_width),
		cmocka_unit_test(test_the_selection_is_in_sight),
		cmocka_unit_test(test_an_empty_list_says_why),
		cmocka_unit_test(test_a_page_is_broken_to_the_width),
		cmocka_unit_test(test_history),
	};
	return cmocka_run_group_tests(tests, NULL, done);
}
