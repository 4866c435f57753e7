/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/ingest/intake.h"
#include "aggregator/store/node.h"
#include "plimsoll/version.h"
#include "wire/columns.h"
#include "wire/counts.h"

#define ROWS 3

struct message { /* a good batch, for the tests to spoil */
	Plimsoll__V1__Batch b;
	Plimsoll__V1__Source source;
	Plimsoll__V1__Columns c;
	Plimsoll__V1__Identity id[ROWS], *id_p[ROWS];
	uint32_t row[ROWS], flags[ROWS];
	uint64_t zero[ROWS];
	uint32_t hist_row[1], hist_bucket[1], hist_count[1];
};

struct bench {
	struct store *store;
	struct check *check;
	struct message m;
	struct store_batch out;
	enum store_refusal why;
};

static void good_columns(struct message *m)
{
	Plimsoll__V1__Columns *c = &m->c;

	plimsoll__v1__columns__init(c);
	for (uint32_t i = 0; i < ROWS; i++)
		m->row[i] = i + 1;
	c->row = m->row;
	c->flags = m->flags;
	c->cpu_ns = c->runq_wait_ns = c->switches = c->memory_usage_bytes = m->zero;
	c->memory_working_set_bytes = c->memory_limit_bytes = c->psi_cpu_some_ns = m->zero;
	c->psi_cpu_full_ns = c->psi_memory_some_ns = c->psi_memory_full_ns = m->zero;
	c->psi_io_some_ns = c->psi_io_full_ns = m->zero;
	c->n_row = c->n_flags = c->n_cpu_ns = c->n_runq_wait_ns = c->n_switches = ROWS;
	c->n_memory_usage_bytes = c->n_memory_working_set_bytes = c->n_memory_limit_bytes = ROWS;
	c->n_psi_cpu_some_ns = c->n_psi_cpu_full_ns = c->n_psi_memory_some_ns = ROWS;
	c->n_psi_memory_full_ns = c->n_psi_io_some_ns = c->n_psi_io_full_ns = ROWS;
	c->hist_row = m->hist_row;
	c->hist_bucket = m->hist_bucket;
	c->hist_count = m->hist_count;
	c->n_hist_row = c->n_hist_bucket = c->n_hist_count = 1;
	m->b.columns = c;
}

static void good(struct message *m, uint64_t sequence)
{
	static char *const paths[] = { "/a", "/b/c", "/d" };

	memset(m, 0, sizeof(*m));
	plimsoll__v1__batch__init(&m->b);
	m->b.wire_version = PLIMSOLL_WIRE_VERSION;
	m->b.tells = columns_tells();
	m->b.epoch = 7;
	m->b.sequence = sequence;
	m->b.boottime_ns = (sequence + 1) * CLOCK_NS_PER_S;
	m->b.live_rows = ROWS;
	for (uint32_t i = 0; i < ROWS; i++) {
		plimsoll__v1__identity__init(&m->id[i]);
		m->id[i].row = i + 1;
		m->id[i].kind = PLIMSOLL__V1__KIND__KIND_CGROUP;
		m->id[i].cgroup = paths[i];
		m->id_p[i] = &m->id[i];
	}
	m->b.dictionary = m->id_p;
	if (sequence) {
		good_columns(m);
		return;
	}
	plimsoll__v1__source__init(&m->source);
	m->source.node = "node-a";
	m->source.boot_id = "boot";
	m->source.cpus = 2;
	m->source.interval_ns = CLOCK_NS_PER_S;
	m->b.source = &m->source;
	m->b.n_dictionary = ROWS;
}

static int setup(void **state)
{
	struct bench *t = calloc(1, sizeof(*t));

	t->store = store_new(&(struct store_options){ .agents_max = 10, .rows_max = 100 });
	t->check = check_new();
	good(&t->m, 1);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct bench *t = *state;

	check_free(t->check);
	store_free(t->store);
	free(t);
	return 0;
}

static void refused(struct bench *t, enum store_refusal why)
{
	uint64_t before = store_counters(t->store)->refused[why];

	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), -EBADMSG);
	assert_int_equal(t->why, why);
	assert_int_equal(store_counters(t->store)->refused[why], before + 1);
	good(&t->m, 1);
}

/* What was in the first columns of histograms is in the later ones. */
static void later(struct bench *t, uint32_t bucket)
{
	Plimsoll__V1__Columns *c = &t->m.c;

	c->n_hist_row = c->n_hist_bucket = c->n_hist_count = 0;
	c->n_hist_later_row = c->n_hist_later_bucket = c->n_hist_later_count = 1;
	c->hist_later_row = t->m.hist_row;
	c->hist_later_bucket = t->m.hist_bucket;
	c->hist_later_count = t->m.hist_count;
	t->m.hist_bucket[0] = bucket;
}

static void a_good_batch(void **state)
{
	struct bench *t = *state;

	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.n_rows, ROWS);
	assert_ptr_equal(t->out.row, t->m.row);
	assert_ptr_equal(t->out.column[SIGNAL_CPU_NS], t->m.zero);
	assert_null(t->out.column[SIGNAL_THREADS]); /* left out: 0 in every row */
	assert_int_equal(t->out.unknown, 0);
	assert_int_equal(t->out.hist[0].n, 1);
	t->m.b.columns = NULL; /* nothing changed in this second */
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.n_rows, 0);
}

static void an_older_agent_misses_what_it_does_not_know(void **state)
{
	struct bench *t = *state;

	t->m.b.wire_version = 1;
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_true(t->out.unknown & SIGNAL_NO_TASKS);
	assert_false(t->out.unknown & SIGNAL_NO_CPU);
	t->m.b.wire_version = 3;
	t->m.b.tells = 0;
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.unknown, SIGNAL_NO_RESTARTS | SIGNAL_NO_CONNECTS | SIGNAL_NO_TURNS);
}

static void shapes(void **state)
{
	struct bench *t = *state;

	t->m.c.n_cpu_ns--;
	refused(t, STORE_REFUSED_SHAPE);
	t->m.c.n_psi_io_full_ns++;
	refused(t, STORE_REFUSED_SHAPE);
	t->m.c.n_flags--;
	refused(t, STORE_REFUSED_SHAPE);
	t->m.c.n_hist_count = 0;
	refused(t, STORE_REFUSED_SHAPE);
	t->m.c.n_row = CHECK_ROWS_MAX + 1;
	refused(t, STORE_REFUSED_SIZE);
	t->m.b.n_gone = CHECK_ROWS_MAX + 1;
	refused(t, STORE_REFUSED_SIZE);
	t->m.b.n_dictionary = CHECK_NAMES_MAX + 1;
	refused(t, STORE_REFUSED_SIZE);
	t->m.row[0] = 3; /* 3 2 3: not in order either */
	refused(t, STORE_REFUSED_DUPLICATE_ROW);
	t->m.row[1] = 1;
	refused(t, STORE_REFUSED_DUPLICATE_ROW);
	t->m.hist_bucket[0] = SIGNAL_BUCKETS;
	refused(t, STORE_REFUSED_HISTOGRAM);
	t->m.hist_row[0] = ROWS;
	refused(t, STORE_REFUSED_HISTOGRAM);
	t->m.row[0] = 9; /* any order is fine */
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
}

static void later_histograms_may_be_unknown(void **state)
{
	struct bench *t = *state;

	later(t, COUNTS_LATER_BUCKET);
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	later(t, SIGNAL_BUCKETS); /* a newer agent's */
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	later(t, COUNTS_LATER_BUCKET - 1);
	refused(t, STORE_REFUSED_HISTOGRAM);
	later(t, COUNTS_LATER_BUCKET);
	t->m.hist_row[0] = ROWS;
	refused(t, STORE_REFUSED_HISTOGRAM);
	later(t, COUNTS_LATER_BUCKET);
	t->m.c.n_hist_later_count = 0;
	refused(t, STORE_REFUSED_SHAPE);
	t->m.hist_bucket[0] = COUNTS_LATER_BUCKET; /* known, but not here */
	refused(t, STORE_REFUSED_HISTOGRAM);
}

static void bad_names_cost_their_row_only(void **state)
{
	static char *const bad[] = { "", "no-slash", "/new\nline", "/\xc0\xaf", "/\xed\xa0\x80",
				     "/\x7f", "/\xff", "/\xf5\x80\x80\x80", "/cut\xe2\x82" };
	struct bench *t = *state;
	size_t n = sizeof(bad) / sizeof(bad[0]);

	t->m.b.n_dictionary = ROWS;
	for (size_t i = 0; i < n; i++) {
		t->m.id[1].cgroup = bad[i];
		assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
		if (t->out.n_identities != ROWS - 1)
			fail_msg("\"%s\" was taken", bad[i]);
	}
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_DICTIONARY], n);
	t->m.id[1].cgroup = "/gr\xc3\xbc\xc3\x9f""e/\xe2\x82\xac/\xf0\x9f\x9a\xa2";
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.n_identities, ROWS);
	t->m.id[1].kind = PLIMSOLL__V1__KIND__KIND_SANDBOX;
	t->m.id[1].pod_namespace = "shop";
	t->m.id[1].pod_name = "web-7d9f";
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.identity[1].kind, STORE_KIND_SANDBOX);
	assert_string_equal(t->out.identity[1].pod_namespace, "shop");
	assert_string_equal(t->out.identity[1].pod_name, "web-7d9f");
	t->m.id[1].pod_name = "web\n";
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.n_identities, ROWS - 1);
	t->m.id[1].pod_name = "";
	t->m.id[1].kind = (Plimsoll__V1__Kind)99; /* of a later version */
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.identity[1].kind, STORE_KIND_CGROUP);
}

/* A directory's name has 255 bytes, each of which an agent may have to escape. */
static void the_longest_name_is_taken(void **state)
{
	static char name[4 * 255 + 1];
	struct bench *t = *state;

	for (size_t i = 0; i + 1 < sizeof(name); i += 4)
		memcpy(name + i, "\\377", 4);
	t->m.b.n_dictionary = ROWS;
	t->m.id[1].name = name;
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.n_identities, ROWS);
}

static void bad_victims_cost_themselves_only(void **state)
{
	static char good_name[] = "java", control[] = "a\033[31m", broken[] = "\xff", long_name[STORE_VICTIM_BYTES + 2];
	Plimsoll__V1__OomVictim v[4], *p[4];
	struct bench *t = *state;

	memset(long_name, 'x', STORE_VICTIM_BYTES + 1);
	for (uint32_t i = 0; i < 4; i++) {
		plimsoll__v1__oom_victim__init(&v[i]);
		v[i].row = i;
		v[i].pid = 7;
		v[i].count = 2;
		v[i].name = (char *[]){control, broken, good_name, long_name}[i];
		p[i] = &v[i];
	}
	t->m.b.oom_victims = p;
	t->m.b.n_oom_victims = 4;
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(t->out.n_victims, 1);
	assert_int_equal(t->out.victim[0].row, 2);
	assert_int_equal(t->out.victim[0].pid, 7);
	assert_int_equal(t->out.victim[0].count, 2);
	assert_string_equal(t->out.victim[0].name, "java");
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_VICTIM], 3);
	t->m.b.n_oom_victims = CHECK_ROWS_MAX + 1;
	refused(t, STORE_REFUSED_SIZE);
}

static void text_has_a_length(void **state)
{
	char text[CHECK_NAME_BYTES + 2];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(check_text(text, CHECK_NAME_BYTES));
	assert_true(check_text(text, CHECK_NAME_BYTES + 1));
	assert_true(check_text("", 0));
}

static void bad_hello(struct bench *t)
{
	struct store_source source;
	const char *text = NULL;

	assert_int_equal(check_hello(t->check, t->store, &t->m.b, &t->out, &source, &t->why, &text),
			 -EBADMSG);
	assert_non_null(text);
	good(&t->m, 0);
}

static void preambles(void **state)
{
	struct bench *t = *state;
	struct store_source source;
	const char *text;

	good(&t->m, 0);
	assert_int_equal(check_hello(t->check, t->store, &t->m.b, &t->out, &source, &t->why, &text),
			 0);
	assert_string_equal(source.node, "node-a");
	assert_int_equal(t->out.n_identities, ROWS);
	good(&t->m, 1);
	bad_hello(t);
	t->m.b.source = NULL;
	bad_hello(t);
	t->m.b.epoch = 0;
	bad_hello(t);
	t->m.source.node = "";
	bad_hello(t);
	t->m.source.node = "a\"} 1\nplimsoll_fake{x=\"";
	bad_hello(t);
	t->m.source.cpus = 0;
	bad_hello(t);
	t->m.source.interval_ns = 0;
	bad_hello(t);
	t->m.source.boot_id = "\x01";
	bad_hello(t);
	t->m.b.n_dictionary = CHECK_NAMES_MAX + 1;
	bad_hello(t);
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_ORDER], 8);
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_SIZE], 1);
}

/* Streams */

struct stream {
	struct intake intake;
	struct intake_end why;
	unsigned ended;
};

static void ended(struct intake *i, const struct intake_end *why)
{
	struct stream *s = (struct stream *)(void *)i;

	s->ended++;
	s->why = *why;
}

static enum rpc_code hello(struct stream *s, struct ingest *ingest, struct message *m,
			   const char *identity, uint64_t now_ns, uint64_t *ret_held)
{
	*s = (struct stream){ 0 };
	intake_open(&s->intake, ingest, (clock_boot_t){ now_ns }, ended);
	intake_hello(&s->intake, &m->b, identity, (clock_boot_t){ now_ns }, ret_held, &s->why);
	return s->why.code;
}

static bool put(struct stream *s, struct message *m, uint64_t sequence)
{
	good(m, sequence);
	m->b.keyframe = true;
	return intake_put(&s->intake, &m->b, (clock_boot_t){ m->b.boottime_ns });
}

static void a_stream_resumes(void **state)
{
	struct bench *t = *state;
	struct ingest *ingest = ingest_new(t->store);
	const struct store_counters *count = store_counters(t->store);
	struct stream one, two;
	uint64_t held = 99;

	good(&t->m, 0);
	assert_int_equal(hello(&one, ingest, &t->m, "agent", 1, &held), RPC_OK);
	assert_int_equal(held, 0);
	assert_true(put(&one, &t->m, 1));
	assert_true(put(&one, &t->m, 2));
	assert_false(put(&one, &t->m, 2));
	assert_int_equal(count->refused[STORE_REFUSED_SEQUENCE], 1);
	good(&t->m, 0);
	assert_false(intake_put(&one.intake, &t->m.b, (clock_boot_t){ 1 }));
	assert_int_equal(count->refused[STORE_REFUSED_ORDER], 1);
	intake_close(&one.intake);
	assert_int_equal(hello(&two, ingest, &t->m, "node-a", 1, &held), RPC_OK);
	assert_int_equal(held, 2);
	assert_true(put(&two, &t->m, 2)); /* there already */
	assert_int_equal(count->duplicates, 1);
	assert_true(put(&two, &t->m, 3));
	assert_int_equal(count->gaps, 0);
	assert_int_equal(count->batches, 3);
	intake_close(&two.intake);
	intake_close(&two.intake);
	ingest_free(ingest);
}

/* Its names come once, and then in the next keyframe only: a workload would be taken for a smaller one until then. */
static void a_refused_batch_says_who_is_there(void **state)
{
	struct bench *t = *state;
	struct ingest *ingest = ingest_new(t->store);
	struct stream s;
	uint64_t held;

	good(&t->m, 0);
	t->m.b.n_dictionary = 0;
	assert_int_equal(hello(&s, ingest, &t->m, "agent", 1, &held), RPC_OK);
	good(&t->m, 1);
	t->m.b.n_dictionary = ROWS;
	t->m.c.n_flags = 1;
	assert_false(intake_put(&s.intake, &t->m.b, (clock_boot_t){ 2 * CLOCK_NS_PER_S }));
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_SHAPE], 1);
	good(&t->m, 2);
	assert_true(intake_put(&s.intake, &t->m.b, (clock_boot_t){ 3 * CLOCK_NS_PER_S }));
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_UNKNOWN_ROW], 0);
	assert_int_equal(store_rows(t->store), ROWS);
	good(&t->m, 3);
	t->m.b.gone = t->m.row;
	t->m.b.n_gone = 1;
	t->m.c.n_flags = 1;
	assert_false(intake_put(&s.intake, &t->m.b, (clock_boot_t){ 4 * CLOCK_NS_PER_S }));
	assert_int_equal(store_rows(t->store), ROWS - 1);
	t->m.b.epoch++;
	t->m.b.sequence++;
	assert_false(intake_put(&s.intake, &t->m.b, (clock_boot_t){ 5 * CLOCK_NS_PER_S }));
	assert_int_equal(store_rows(t->store), ROWS - 1);
	intake_close(&s.intake);
	ingest_free(ingest);
}

/* By the numbers of seconds that are held: they are others, taken after its machine was set back to a snapshot. */
static void a_stream_of_a_machine_that_was_taken_back(void **state)
{
	struct bench *t = *state;
	struct ingest *ingest = ingest_new(t->store);
	struct stream one, two;
	uint64_t held = 99;

	good(&t->m, 0);
	assert_int_equal(hello(&one, ingest, &t->m, "agent", 1, &held), RPC_OK);
	for (uint64_t i = 1; i <= 20; i++)
		assert_true(put(&one, &t->m, i));
	good(&t->m, 0);
	t->m.b.boottime_ns = 11 * CLOCK_NS_PER_S;
	assert_int_equal(hello(&two, ingest, &t->m, "agent", 30 * CLOCK_NS_PER_S, &held), RPC_OK);
	assert_int_equal(held, 0);
	assert_int_equal(one.ended, 1);
	assert_true(put(&two, &t->m, 11));
	assert_true(put(&two, &t->m, 12));
	assert_int_equal(store_counters(t->store)->duplicates, 0);
	assert_int_equal(store_counters(t->store)->batches, 22);
	intake_close(&one.intake);
	intake_close(&two.intake);
	ingest_free(ingest);
}

static void who_may_speak(void **state)
{
	struct bench *t = *state;
	struct ingest *ingest = ingest_new(t->store);
	struct stream s;
	uint64_t held;

	good(&t->m, 0);
	assert_int_equal(hello(&s, ingest, &t->m, "node-b", 1, &held), RPC_DENIED);
	intake_close(&s.intake);
	assert_int_equal(hello(&s, ingest, &t->m, "ctl", 1, &held), RPC_DENIED);
	intake_close(&s.intake);
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_IDENTITY], 2);
	assert_int_equal(store_nodes(t->store), 0);
	assert_int_equal(hello(&s, ingest, &t->m, NULL, 1, &held), RPC_OK); /* plain text */
	intake_close(&s.intake);
	t->m.b.wire_version = PLIMSOLL_WIRE_VERSION + 1;
	assert_int_equal(hello(&s, ingest, &t->m, "agent", 1, &held), RPC_PRECONDITION);
	assert_string_equal(s.why.text, "agent speaks wire version 4, this aggregator 3: upgrade the "
					"aggregator first");
	intake_close(&s.intake);
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_WIRE_VERSION], 1);
	ingest_free(ingest);
}

static void the_newer_stream_wins(void **state)
{
	struct bench *t = *state;
	struct ingest *ingest = ingest_new(t->store);
	struct stream one, two;
	uint64_t held;

	good(&t->m, 0);
	hello(&one, ingest, &t->m, "agent", 1, &held);
	hello(&two, ingest, &t->m, "agent", 2, &held);
	assert_int_equal(one.ended, 1);
	assert_int_equal(one.why.code, RPC_ABORTED);
	assert_int_equal(two.ended, 0);
	assert_int_equal(ingest->replaced, 1);
	assert_false(put(&one, &t->m, 1)); /* what it still sends is not taken */
	intake_close(&one.intake);
	assert_ptr_equal(store_node(t->store, "node-a")->stream, &two.intake);
	assert_true(put(&two, &t->m, 1));
	intake_close(&two.intake);
	assert_null(store_node(t->store, "node-a")->stream);
	ingest_free(ingest);
}

static void silent_streams_end(void **state)
{
	struct bench *t = *state;
	struct ingest *ingest = ingest_new(t->store);
	struct stream s, mute = { 0 };
	uint64_t held;

	good(&t->m, 0);
	hello(&s, ingest, &t->m, "agent", 1, &held);
	intake_open(&mute.intake, ingest, (clock_boot_t){ 1 }, ended);
	ingest_expire(ingest, (clock_boot_t){ INTAKE_HELLO_NS });
	assert_int_equal(mute.ended, 0);
	ingest_expire(ingest, (clock_boot_t){ INTAKE_HELLO_NS + 2 });
	assert_int_equal(mute.ended, 1);
	assert_int_equal(s.ended, 0);
	intake_close(&mute.intake);
	ingest_expire(ingest, (clock_boot_t){ INTAKE_SILENT_NS + 2 });
	assert_int_equal(s.ended, 1);
	assert_int_equal(ingest->silent, 2);
	intake_close(&s.intake);
	ingest_free(ingest);
}

static void who_calls_whom_has_a_shape(void **state)
{
	struct bench *t = *state;
	Plimsoll__V1__Calls calls = PLIMSOLL__V1__CALLS__INIT;
	Plimsoll__V1__Peer good_one = PLIMSOLL__V1__PEER__INIT, bad = good_one, *all[] = {&good_one, &bad};
	uint8_t address[16] = {10, 0, 0, 7};
	uint32_t number = 4;
	uint64_t count = 9;

	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_false(t->out.calls.known);
	good_one.address = bad.address = (ProtobufCBinaryData){4, address};
	bad.address.len = 5;
	t->m.b.peers = all;
	t->m.b.n_peers = 2;
	t->m.b.calls = &calls;
	calls.n_peer = calls.n_calls = calls.n_errors = calls.n_untimed = calls.n_ns = calls.n_connection = 1;
	calls.peer = &number;
	calls.calls = calls.errors = calls.untimed = calls.ns = calls.connection = &count;
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_true(t->out.calls.known);
	assert_int_equal(t->out.n_peers, 1);
	assert_int_equal(t->out.peer[0].address[12], 10);
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_PEER], 1);
	bad.address.len = 4;
	bad.port = 65536;
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), 0);
	assert_int_equal(store_counters(t->store)->refused[STORE_REFUSED_PEER], 2);
	calls.n_ns = 0;
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), -EBADMSG);
	assert_int_equal(t->why, STORE_REFUSED_SHAPE);
	calls.n_ns = calls.n_peer = CHECK_PEERS_MAX + 1;
	assert_int_equal(check_batch(t->check, t->store, &t->m.b, &t->out, &t->why), -EBADMSG);
	assert_int_equal(t->why, STORE_REFUSED_SIZE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_good_batch),	     TEST(shapes),
		TEST(later_histograms_may_be_unknown),
		TEST(an_older_agent_misses_what_it_does_not_know),
		TEST(the_longest_name_is_taken),
		TEST(bad_names_cost_their_row_only), TEST(bad_victims_cost_themselves_only),
		TEST(who_calls_whom_has_a_shape),
		TEST(text_has_a_length),
		TEST(preambles),	     TEST(a_stream_resumes),
		TEST(a_refused_batch_says_who_is_there),
		TEST(a_stream_of_a_machine_that_was_taken_back),
		TEST(who_may_speak),	     TEST(the_newer_stream_wins),
		TEST(silent_streams_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
