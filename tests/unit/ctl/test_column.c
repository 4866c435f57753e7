/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "ctl/column.h"

#define S 1000000000ull

static char path[] = "/docker-x", web[] = "web", docker[] = "docker", one[] = "node-1";
static struct fleet_node node;
static struct fleet_row row;

static int setup(void **state)
{
	(void)state;
	node = (struct fleet_node){.name = one, .now_ns = 12 * S, .before_ns = 10 * S, .cpus = 2};
	row = (struct fleet_row){.cgroup = path, .name = web, .runtime = docker, .samples = 2};
	return 0;
}

static const char *shown(const char *title)
{
	static struct figure f;

	for (size_t i = 0; i < column_n; i++)
		if (strcmp(column_table[i].title, title) == 0) {
			f = column_figure(&column_table[i], &node, &row);
			return f.text;
		}
	fail_msg("no column %s", title);
	return NULL;
}

static void every_signal_is_shown(void **state)
{
	(void)state;
	for (int s = 0; s < SIGNALS; s++) {
		bool found = false;

		for (size_t i = 0; i < column_n; i++)
			found |= column_shows(&column_table[i], (enum signal_id)s);
		if (!found)
			fail_msg("signal %d is in no column", s);
	}
}

static void every_histogram_is_shown(void **state)
{
	(void)state;
	for (int h = 0; h < SIGNAL_HISTS; h++) {
		bool found = false;

		for (size_t i = 0; i < column_n; i++)
			found |= column_shows_quantile(&column_table[i], (enum signal_histogram)h);
		if (!found)
			fail_msg("histogram %d is in no column", h);
	}
}

static void titles_are_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < column_n; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(column_table[i].title, column_table[k].title);
}

/* What was not timed added no time either. */
static void a_mean_is_of_what_was_timed(void **state)
{
	(void)state;
	row.now[SIGNAL_REQUESTS] = 10;
	row.now[SIGNAL_REQUESTS_UNTIMED] = 5;
	row.now[SIGNAL_REQUEST_NS] = S / 10;
	assert_string_equal(shown("mean"), "20ms");
	row.now[SIGNAL_REQUESTS_UNTIMED] = 10;
	row.now[SIGNAL_REQUEST_NS] = 0;
	assert_string_equal(shown("mean"), FIGURE_NONE); /* nobody knows */
}

static void figures_are_of_two_seconds(void **state)
{
	(void)state;
	row.now[SIGNAL_CPU_NS] = S;
	row.now[SIGNAL_CPU_QUOTA_NS] = S / 10;
	row.now[SIGNAL_CPU_PERIOD_NS] = S / 10;
	row.now[SIGNAL_CPU_PERIODS] = 20;
	row.now[SIGNAL_CPU_THROTTLED_PERIODS] = 5;
	row.now[SIGNAL_IO_NS] = 3 * S / 100;
	row.now[SIGNAL_IO_READS] = 2;
	row.now[SIGNAL_IO_WRITES] = 1;
	row.now[SIGNAL_THREADS] = 7;
	row.now[SIGNAL_STARTED_NS] = 2 * S;
	row.now[SIGNAL_NET_SENT_BYTES] = 4096;
	assert_string_equal(shown("cpu"), "0.50");
	assert_string_equal(shown("cpu limit"), "1.00");
	assert_string_equal(shown("cpu/limit"), "50%");
	assert_string_equal(shown("of periods"), "25%");
	assert_string_equal(shown("io mean"), "10ms");
	assert_string_equal(shown("threads"), "7");
	assert_string_equal(shown("age"), "10s");
	assert_string_equal(shown("sent/s"), "2.0Ki");
}

static void a_pods_container_asked_for_cpus(void **state)
{
	char burstable[] = "burstable";

	(void)state;
	row.kind = PLIMSOLL__V1__KIND__KIND_POD_CONTAINER;
	row.qos = burstable;
	row.now[SIGNAL_CPU_NS] = S;
	row.now[SIGNAL_CPU_WEIGHT] = 10;
	assert_string_equal(shown("cpu request"), FIGURE_NONE); /* 250 milli, or 50 */
	node.cpu_weights = SHARES_LINEAR;
	assert_string_equal(shown("cpu request"), "0.23-0.26");
	assert_string_equal(shown("cpu/request"), "204%"); /* half a core of 0.2455 */
	row.now[SIGNAL_CPU_WEIGHT] = 1;
	assert_string_equal(shown("cpu request"), FIGURE_NONE);
	assert_string_equal(shown("cpu/request"), FIGURE_NONE);
	row.now[SIGNAL_CPU_WEIGHT] = 10;
	row.kind = PLIMSOLL__V1__KIND__KIND_UNIT;
	assert_string_equal(shown("cpu request"), FIGURE_NONE);
}

static void what_is_not_there_is_a_dash(void **state)
{
	(void)state;
	assert_string_equal(shown("mem limit"), FIGURE_NONE); /* no limit is no 0 */
	assert_string_equal(shown("cpu/limit"), FIGURE_NONE);
	assert_string_equal(shown("io mean"), FIGURE_NONE); /* of nothing */
	assert_string_equal(shown("threads"), "0");         /* measured, and none */
	row.flags = SIGNAL_NO_TASKS;
	assert_string_equal(shown("threads"), FIGURE_NONE);
}

static void the_page_has_every_title_and_cause(void **state)
{
	scoped(buf_done) struct buf page = {0};

	(void)state;
	column_page(&node, &row, 0, &page);
	for (size_t i = 0; i < column_n; i++)
		assert_non_null(strstr(buf_text(&page), column_table[i].title));
	for (int c = 0; c < SATURATION_CAUSES; c++)
		assert_non_null(strstr(buf_text(&page), saturation_word((enum saturation_cause)c)));
	assert_non_null(strstr(buf_text(&page), "nothing holds it back"));
}

/* On a small screen it is all that is in sight. */
static void the_page_begins_with_what_holds_it_back(void **state)
{
	scoped(buf_done) struct buf page = {0};

	(void)state;
	column_page(&node, &row, 0, &page);
	const char *held = strstr(buf_text(&page), "\n\n  held back\n"),
		   *helps = strstr(buf_text(&page), "\n\n  what helps   nothing holds it back\n\n  cpu       cpu ");
	assert_true(held && helps && held < helps);
}

static void the_page_says_what_it_cannot_know(void **state)
{
	scoped(buf_done) struct buf page = {0};

	(void)state;
	row.flags = SIGNAL_NO_BANDWIDTH;
	column_page(&node, &row, 0, &page);
	assert_null(strstr(buf_text(&page), "nothing holds it back"));
	assert_non_null(strstr(buf_text(&page), "nothing that is known holds it back"));
}

static void the_page_names_the_last_victim(void **state)
{
	scoped(buf_done) struct buf none = {0}, unseen = {0}, seen = {0};
	char name[] = "java";
	json_t *o;

	(void)state;
	column_page(&node, &row, 0, &none);
	assert_non_null(strstr(buf_text(&none), "last OOM victim: none\n"));
	o = column_victim_tree(&node, &row);
	assert_true(json_is_null(o));
	json_decref(o);
	row.flags = SIGNAL_NO_OOM;
	column_page(&node, &row, 0, &unseen);
	assert_non_null(strstr(buf_text(&unseen), "last OOM victim: " FIGURE_NONE "\n"));
	row.flags = 0;
	row.victim.name = name;
	row.victim.pid = 4711;
	row.victim.boottime_ns = node.now_ns - 12 * S;
	row.victim.count = 3;
	column_page(&node, &row, 0, &seen);
	assert_non_null(strstr(buf_text(&seen), "last OOM victim: java (4711), 12s ago; 3 since the agent began"));
	o = column_victim_tree(&node, &row);
	assert_string_equal(json_string_value(json_object_get(o, "name")), "java");
	assert_int_equal(json_integer_value(json_object_get(o, "pid")), 4711);
	assert_true(json_number_value(json_object_get(o, "age_seconds")) == 12);
	json_decref(o);
}

static void json_has_seconds_and_null(void **state)
{
	json_t *o;

	(void)state;
	row.now[SIGNAL_IO_NS] = 3 * S;
	row.flags = SIGNAL_NO_TASKS;
	o = column_tree(&node, &row);
	assert_int_equal(json_object_size(o), SIGNALS);
	assert_true(json_number_value(json_object_get(json_object_get(o, "io_seconds"), "total")) == 3);
	assert_true(json_number_value(json_object_get(json_object_get(o, "io_seconds"), "rate")) == 1.5);
	assert_true(json_is_null(json_object_get(o, "threads")));
	json_decref(o);
	o = column_saturation_tree(&node, &row);
	assert_int_equal(json_object_size(o), SATURATION_CAUSES);
	json_decref(o);
}

static void json_has_quantiles_of_what_came(void **state)
{
	json_t *o, *connect;

	(void)state;
	row.hist[SIGNAL_HIST_CONNECT * HIST_BUCKETS + hist_bucket(S / 1000)] = 4;
	o = column_quantiles_tree(&row);
	assert_int_equal(json_object_size(o), SIGNAL_HISTS);
	assert_true(json_is_null(json_object_get(json_object_get(o, "io"), "p95_seconds")));
	connect = json_object_get(o, "connect");
	assert_true(json_number_value(json_object_get(connect, "p50_seconds")) >= 0.0005);
	assert_true(json_number_value(json_object_get(connect, "p50_seconds")) <
		    json_number_value(json_object_get(connect, "p95_seconds")));
	assert_true(json_number_value(json_object_get(connect, "p99_seconds")) <= 0.0015);
	json_decref(o);
	row.flags = SIGNAL_NO_CONNECTS;
	o = column_quantiles_tree(&row);
	assert_true(json_is_null(json_object_get(json_object_get(o, "connect"), "p50_seconds")));
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_signal_is_shown),
		cmocka_unit_test(every_histogram_is_shown),
		cmocka_unit_test(titles_are_unique),
		cmocka_unit_test_setup(a_mean_is_of_what_was_timed, setup),
		cmocka_unit_test_setup(figures_are_of_two_seconds, setup),
		cmocka_unit_test_setup(a_pods_container_asked_for_cpus, setup),
		cmocka_unit_test_setup(what_is_not_there_is_a_dash, setup),
		cmocka_unit_test_setup(the_page_has_every_title_and_cause, setup),
		cmocka_unit_test_setup(the_page_begins_with_what_holds_it_back, setup),
		cmocka_unit_test_setup(the_page_says_what_it_cannot_know, setup),
		cmocka_unit_test_setup(the_page_names_the_last_victim, setup),
		cmocka_unit_test_setup(json_has_seconds_and_null, setup),
		cmocka_unit_test_setup(json_has_quantiles_of_what_came, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
