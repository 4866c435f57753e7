/* SPDX-License-Identifier: Apache-2.0 */
/* Every batch is unpacked again and compared with what the machine did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/encode.h"
#include "base/shares.h"
#include "plimsoll/v1/metrics.pb-c.h"
#include "plimsoll/version.h"
#include "unit/agent/machine.h"
#include "wire/columns.h"
#include "wire/counts.h"

typedef Plimsoll__V1__Batch batch;

static struct machine m;
static struct encode *e;
static struct fake web, db;
static batch *b;
static const struct encode_second second = {
	.epoch = 77,
	.sequence = 5,
	.boottime_ns = 5000000000,
	.wall_unix_ns = 1234,
	.source = {"node-1", "boot", "0.1", 1000000000, 1 << 30},
	.node = {.missing = NODE_NO_PSI_IO,
		 .cpu_idle_ns = 9,
		 .psi_cpu_some_ns = 8,
		 .psi_memory_some_ns = 7,
		 .memory_available_bytes = 6,
		 .cpus = 4,
		 .cpu_weights = SHARES_CURVED},
	.losses = {.slots_full = 1, .spool_dropped = 2, .read_errors = 3, .late_ticks = 4, .births_late = 5,
		   .victims_unknown = 6},
};

static batch *decode_with(enum encode_form form, const struct encode_filter *filter,
			  const uint32_t *gone, size_t n_gone)
{
	struct encode_bytes bytes = encode_batch(e, form, m.sample, &second, filter, gone, n_gone);

	if (b)
		plimsoll__v1__batch__free_unpacked(b, NULL);
	b = plimsoll__v1__batch__unpack(NULL, bytes.n, bytes.p);
	assert_non_null(b);
	return b;
}

static batch *decode(enum encode_form form)
{
	return decode_with(form, NULL, NULL, 0);
}

static int setup(void **state)
{
	(void)state;
	machine_init(&m);
	e = encode_new();
	bear(&m, &web, "/web.service", &m.root);
	bear(&m, &db, "/db.service", &m.root);
	web.reading = (struct signals){
		.cpu_ns = 11,
		.runq_wait_ns = 12,
		.switches = 13,
		.memory_usage_bytes = 140,
		.memory_inactive_file_bytes = 40,
		.memory_limit_bytes = 1000,
		.psi_cpu_some_ns = 16,
		.psi_cpu_full_ns = 17,
		.psi_memory_some_ns = 18,
		.psi_memory_full_ns = 19,
		.psi_io_some_ns = 20,
		.psi_io_full_ns = 21,
	};
	web.reading.hist[2] = 3;
	web.reading.hist[47] = 1;
	db.reading.missing = SIGNAL_NO_PSI;
	machine_second(&m);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (b)
		plimsoll__v1__batch__free_unpacked(b, NULL);
	b = NULL;
	e = encode_free(e);
	machine_done(&m);
	return 0;
}

static void columns_are_equally_long(void)
{
	const Plimsoll__V1__Columns *c = b->columns;

	assert_int_equal(c->n_row, c->n_flags);
	assert_int_equal(c->n_row, c->n_cpu_ns);
	assert_int_equal(c->n_row, c->n_runq_wait_ns);
	assert_int_equal(c->n_row, c->n_switches);
	assert_int_equal(c->n_row, c->n_memory_usage_bytes);
	assert_int_equal(c->n_row, c->n_memory_working_set_bytes);
	assert_int_equal(c->n_row, c->n_memory_limit_bytes);
	assert_int_equal(c->n_row, c->n_psi_cpu_some_ns);
	assert_int_equal(c->n_row, c->n_psi_cpu_full_ns);
	assert_int_equal(c->n_row, c->n_psi_memory_some_ns);
	assert_int_equal(c->n_row, c->n_psi_memory_full_ns);
	assert_int_equal(c->n_row, c->n_psi_io_some_ns);
	assert_int_equal(c->n_row, c->n_psi_io_full_ns);
	assert_int_equal(c->n_hist_row, c->n_hist_bucket);
	assert_int_equal(c->n_hist_row, c->n_hist_count);
	assert_int_equal(c->n_hist_later_row, c->n_hist_later_bucket);
	assert_int_equal(c->n_hist_later_row, c->n_hist_later_count);
}

static void a_preamble_names_everything_and_measures_nothing(void **state)
{
	(void)state;
	decode(ENCODE_PREAMBLE);
	assert_int_equal(b->wire_version, PLIMSOLL_WIRE_VERSION);
	assert_int_equal(b->tells, columns_tells());
	assert_int_equal(b->epoch, 77);
	assert_int_equal(b->sequence, 0);
	assert_string_equal(b->source->node, "node-1");
	assert_string_equal(b->source->boot_id, "boot");
	assert_int_equal(b->source->interval_ns, 1000000000);
	assert_int_equal(b->source->cpus, 4);
	assert_int_equal(b->source->memory_bytes, 1 << 30);
	assert_int_equal(b->n_dictionary, 2);
	assert_int_equal(b->live_rows, 2);
	assert_null(b->columns);
	assert_false(b->keyframe);
}

static void the_first_second_has_all(void **state)
{
	const Plimsoll__V1__Columns *c = decode(ENCODE_DELTA)->columns;
	const Plimsoll__V1__Identity *id = b->dictionary[0];

	(void)state;
	assert_null(b->source);
	assert_int_equal(b->sequence, 5);
	assert_int_equal(b->boottime_ns, 5000000000);
	assert_int_equal(b->wall_unix_ns, 1234);
	columns_are_equally_long();
	assert_int_equal(c->n_row, 2);
	assert_int_equal(c->row[0], id->row);
	assert_string_equal(id->cgroup, "/web.service");
	assert_string_equal(id->name, "web.service");
	assert_string_equal(id->runtime, "systemd");
	assert_int_equal(id->kind, PLIMSOLL__V1__KIND__KIND_UNIT);
	assert_true(id->first_seen_boottime_ns > 0);
	assert_int_equal(c->cpu_ns[0], 11);
	assert_int_equal(c->runq_wait_ns[0], 12);
	assert_int_equal(c->switches[0], 13);
	assert_int_equal(c->memory_usage_bytes[0], 140);
	assert_int_equal(c->memory_working_set_bytes[0], 100);
	assert_int_equal(c->memory_limit_bytes[0], 1000);
	assert_int_equal(c->psi_cpu_some_ns[0], 16);
	assert_int_equal(c->psi_cpu_full_ns[0], 17);
	assert_int_equal(c->psi_memory_some_ns[0], 18);
	assert_int_equal(c->psi_memory_full_ns[0], 19);
	assert_int_equal(c->psi_io_some_ns[0], 20);
	assert_int_equal(c->psi_io_full_ns[0], 21);
	assert_int_equal(c->flags[0], 0);
	assert_int_equal(c->flags[1], PLIMSOLL__V1__MISSING__MISSING_PSI);
	assert_int_equal(c->n_hist_row, 2);
	assert_int_equal(c->hist_row[1], 0);
	assert_int_equal(c->hist_bucket[1], 47);
	assert_int_equal(c->hist_count[1], 1);
	assert_int_equal(b->node->cpu_idle_ns, 9);
	assert_int_equal(b->node->memory_available_bytes, 6);
	assert_int_equal(b->node->cpus, 4);
	assert_int_equal(b->node->cpu_weights, PLIMSOLL__V1__CPU_WEIGHTS__CPU_WEIGHTS_CURVED);
	assert_int_equal(b->node->missing, PLIMSOLL__V1__NODE_MISSING__NODE_MISSING_PSI_IO);
	assert_int_equal(b->losses->slots_full, 1);
	assert_int_equal(b->losses->spool_dropped, 2);
	assert_int_equal(b->losses->read_errors, 3);
	assert_int_equal(b->losses->late_ticks, 4);
	assert_int_equal(b->losses->births_late, 5);
	assert_int_equal(b->losses->victims_unknown, 6);
}

static void idle_rows_are_omitted(void **state)
{
	(void)state;
	machine_second(&m);
	decode(ENCODE_DELTA);
	assert_int_equal(b->columns->n_row, 0);
	assert_int_equal(b->n_dictionary, 0);
	assert_int_equal(b->live_rows, 2);
	web.reading.cpu_ns++;
	web.reading.hist[2] += 2;
	machine_second(&m);
	decode(ENCODE_DELTA);
	columns_are_equally_long();
	assert_int_equal(b->columns->n_row, 1);
	assert_int_equal(b->columns->cpu_ns[0], 12);
	assert_int_equal(b->columns->n_hist_row, 1); /* the other bucket stayed */
	assert_int_equal(b->columns->hist_bucket[0], 2);
	assert_int_equal(b->columns->hist_count[0], 5); /* cumulative */
}

static void a_row_that_got_its_names_is_told_again(void **state)
{
	static const struct sample_names names = {IDENTITY_POD_CONTAINER, "", "uid", "shop", "web-1", "api"};
	size_t n;

	(void)state;
	machine_second(&m);
	sample_name(sample_rows(m.sample, &n)[0], &names);
	decode(ENCODE_DELTA);
	assert_int_equal(b->n_dictionary, 1);
	assert_int_equal(b->dictionary[0]->row, 1);
	assert_int_equal(b->dictionary[0]->kind, PLIMSOLL__V1__KIND__KIND_POD_CONTAINER);
	assert_string_equal(b->dictionary[0]->pod_namespace, "shop");
	assert_string_equal(b->dictionary[0]->pod_name, "web-1");
	assert_string_equal(b->dictionary[0]->name, "api");
	machine_second(&m);
	decode(ENCODE_DELTA);
	assert_int_equal(b->n_dictionary, 0);
	decode(ENCODE_KEYFRAME);
	assert_string_equal(b->dictionary[0]->pod_name, "web-1");
}

static void a_keyframe_has_all_even_when_nothing_changed(void **state)
{
	(void)state;
	machine_second(&m);
	decode(ENCODE_KEYFRAME);
	assert_true(b->keyframe);
	assert_int_equal(b->columns->n_row, 2);
	assert_int_equal(b->n_dictionary, 2);
	assert_int_equal(b->columns->n_hist_row, 2);
	assert_int_equal(b->sequence, 5);
}

static void an_ended_row_shows_its_last_counters_and_goes(void **state)
{
	uint32_t id = decode(ENCODE_DELTA)->columns->row[0];

	(void)state;
	web.reading.cpu_ns = 50;
	die(&m, &web);
	machine_second(&m);
	decode(ENCODE_DELTA);
	assert_int_equal(b->columns->n_row, 1);
	assert_int_equal(b->columns->cpu_ns[0], 50);
	assert_int_equal(b->n_gone, 1);
	assert_int_equal(b->gone[0], id);
	assert_int_equal(b->live_rows, 1);
	assert_int_equal(decode(ENCODE_KEYFRAME)->n_gone, 1);
	assert_int_equal(b->n_dictionary, 2); /* a reader who starts here must know what went */
	assert_int_equal(decode(ENCODE_STATE)->n_gone, 0);
	assert_int_equal(b->n_dictionary, 1);
	assert_int_equal(decode(ENCODE_PREAMBLE)->n_dictionary, 1);
	machine_second(&m);
	assert_int_equal(decode(ENCODE_DELTA)->n_gone, 0);
}

static void a_snapshot_is_whole_and_is_no_second(void **state)
{
	(void)state;
	machine_second(&m);
	decode(ENCODE_SNAPSHOT);
	assert_int_equal(b->sequence, 0);
	assert_non_null(b->source);
	assert_true(b->keyframe);
	assert_int_equal(b->n_dictionary, 2);
	assert_int_equal(b->columns->n_row, 2);
}

static void a_filter_leaves_only_what_it_matches(void **state)
{
	char *globs[] = {"/nothing", "/d*"};
	const struct encode_filter filter = {globs, 2};
	const uint32_t gone[] = {41, 42};

	(void)state;
	decode_with(ENCODE_STATE, &filter, gone, 2);
	assert_int_equal(b->live_rows, 1);
	assert_int_equal(b->n_dictionary, 1);
	assert_int_equal(b->columns->n_row, 1);
	assert_string_equal(b->dictionary[0]->cgroup, "/db.service");
	assert_int_equal(b->n_gone, 2);
	assert_int_equal(b->gone[1], 42);
	die(&m, &web);
	machine_second(&m);
	decode_with(ENCODE_DELTA, &filter, NULL, 0);
	assert_int_equal(b->n_gone, 0);
	assert_int_equal(b->live_rows, 1);
}

/* A reader who asked for it by name has never heard of the row before. */
static void a_filter_by_name_tells_a_row_whole_when_it_is_named(void **state)
{
	static const struct sample_names names = {IDENTITY_POD_CONTAINER, "", "uid", "shop", "web-1", "api"};
	char *globs[] = {"shop/web-*"};
	const struct encode_filter filter = {globs, 1};
	size_t n;

	(void)state;
	machine_second(&m);
	decode_with(ENCODE_DELTA, &filter, NULL, 0);
	assert_int_equal(b->live_rows, 0);
	machine_second(&m);
	sample_name(sample_rows(m.sample, &n)[0], &names);
	decode_with(ENCODE_DELTA, &filter, NULL, 0);
	assert_int_equal(b->live_rows, 1);
	assert_int_equal(b->n_dictionary, 1);
	assert_int_equal(b->columns->n_row, 1); /* though nothing changed */
	assert_int_equal(b->columns->cpu_ns[0], 11);
}

static void a_victim_is_told_once_and_in_every_keyframe(void **state)
{
	(void)state;
	decode(ENCODE_KEYFRAME);
	assert_int_equal(b->n_oom_victims, 0);
	db.reading.victim = (struct plimsoll_victim){.at_ns = 44, .pid = 5, .count = 2, .comm = "b\xff\033d"};
	machine_second(&m);
	decode(ENCODE_DELTA);
	assert_int_equal(b->n_oom_victims, 1);
	assert_int_equal(b->oom_victims[0]->row, b->columns->row[0]);
	assert_int_equal(b->oom_victims[0]->pid, 5);
	assert_int_equal(b->oom_victims[0]->boottime_ns, 44);
	assert_int_equal(b->oom_victims[0]->count, 2);
	assert_string_equal(b->oom_victims[0]->name, "b\\377\\033d");
	machine_second(&m);
	decode(ENCODE_DELTA);
	assert_int_equal(b->n_oom_victims, 0);
	decode(ENCODE_PREAMBLE);
	assert_int_equal(b->n_oom_victims, 0);
	decode(ENCODE_KEYFRAME);
	assert_int_equal(b->n_oom_victims, 1);
	die(&m, &db);
	machine_second(&m);
	decode(ENCODE_STATE); /* of what lives */
	assert_int_equal(b->n_oom_victims, 0);
}

/* 0 in every row is not sent; a value in one row brings the column, whole. */
static void columns_of_zeros_are_left_out(void **state)
{
	(void)state;
	decode(ENCODE_KEYFRAME);
	assert_int_equal(b->columns->n_row, 2);
	assert_int_equal(b->columns->n_threads, 0);
	web.reading.threads = 3;
	machine_second(&m);
	decode(ENCODE_KEYFRAME);
	assert_int_equal(b->columns->n_threads, 2);
	assert_int_equal(b->columns->threads[0] + b->columns->threads[1], 3);
	web.reading.threads = 0;
	machine_second(&m);
	decode(ENCODE_DELTA); /* back to 0: the row is in, the column is not */
	assert_int_equal(b->columns->n_row, 1);
	assert_int_equal(b->columns->n_threads, 0);
}

static void many_rows_with_full_histograms_fit(void **state)
{
	enum { MANY = 700 };
	static struct fake f[MANY];
	static char paths[MANY][32];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/u%d.service", i);
		bear(&m, &f[i], paths[i], &m.root);
		for (unsigned h = 0; h < SIGNAL_BUCKETS; h++)
			f[i].reading.hist[h] = UINT32_MAX - h;
	}
	machine_second(&m);
	decode(ENCODE_KEYFRAME);
	columns_are_equally_long();
	assert_int_equal(b->columns->n_row, MANY + 2);
	assert_int_equal(b->columns->n_hist_row, MANY * COUNTS_LATER_BUCKET + 2);
	assert_int_equal(b->columns->n_hist_later_row, MANY * (SIGNAL_BUCKETS - COUNTS_LATER_BUCKET));
	assert_int_equal(b->columns->hist_later_count[b->columns->n_hist_later_count - 1],
			 UINT32_MAX - SIGNAL_BUCKETS + 1);
	for (size_t i = 1; i < b->columns->n_row; i++)
		assert_true(b->columns->row[i] > b->columns->row[i - 1]);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_preamble_names_everything_and_measures_nothing),
		test(the_first_second_has_all),
		test(idle_rows_are_omitted),
		test(a_row_that_got_its_names_is_told_again),
		test(a_keyframe_has_all_even_when_nothing_changed),
		test(an_ended_row_shows_its_last_counters_and_goes),
		test(a_snapshot_is_whole_and_is_no_second),
		test(a_filter_leaves_only_what_it_matches),
		test(a_filter_by_name_tells_a_row_whole_when_it_is_named),
		test(a_victim_is_told_once_and_in_every_keyframe),
		test(columns_of_zeros_are_left_out),
		test(many_rows_with_full_histograms_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
