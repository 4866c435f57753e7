/* SPDX-License-Identifier: Apache-2.0 */
/* Edges as the test says, on a machine as it says; what is told of them, unpacked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/encode.h"
#include "agent/peers.h"
#include "plimsoll/v1/metrics.pb-c.h"
#include "unit/agent/machine.h"

#define EDGES	 (PEERS_FULL + 8)
#define ENDED_MAX 8

struct probe {
	struct probe_edge edge[EDGES];
	uint32_t n, ended[ENDED_MAX], n_ended;
	bool hears;
};

static struct machine m;
static struct probe probe;
static struct peers *peers;
static struct encode *e;
static struct fake web, db;

bool probe_hears_edges(const struct probe *p)
{
	return p->hears;
}

bool probe_next_edge(const struct probe *p, uint32_t *cursor, struct probe_edge *ret)
{
	if (*cursor == p->n)
		return false;
	*ret = p->edge[(*cursor)++];
	return true;
}

void probe_end_edge(struct probe *p, uint32_t handle)
{
	if (p->n_ended < ENDED_MAX)
		p->ended[p->n_ended] = handle;
	p->n_ended++;
}

static int setup(void **state)
{
	(void)state;
	machine_init(&m);
	probe = (struct probe){.hears = true};
	peers = peers_new();
	e = encode_new();
	bear(&m, &web, "/web.service", &m.root);
	bear(&m, &db, "/db.service", &m.root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	peers = peers_free(peers);
	e = encode_free(e);
	machine_done(&m);
	return 0;
}

static struct probe_edge *add(uint32_t handle, struct fake *of, uint64_t calls)
{
	struct probe_edge *edge = &probe.edge[probe.n++];

	*edge = (struct probe_edge){.handle = handle,
				    .cgroup = &of->cgroup,
				    .cgroup_id = of->cgroup.id,
				    .net = 4,
				    .address = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 7},
				    .port = 80,
				    .calls = {.calls = calls, .ns = calls * 1000, .connection = 9}};
	edge->calls.hist[3] = (uint32_t)calls;
	return edge;
}

static void second(void)
{
	machine_second(&m);
	peers_take(peers, &probe, m.sample);
}

static const struct peer *only(void)
{
	size_t n;
	const struct peer *const *list = peers_list(peers, &n);

	assert_int_equal(n, 1);
	return list[0];
}

static size_t count(void)
{
	size_t n;

	(void)peers_list(peers, &n);
	return n;
}

static void one_has_a_number_and_a_row(void **state)
{
	struct probe_edge *edge = add(70, &web, 2);
	uint32_t id;

	(void)state;
	second();
	assert_true(only()->fresh && only()->changed);
	assert_int_equal(only()->row, sample_row_of(m.sample, &web.cgroup, 0));
	assert_int_equal(only()->now.calls, 2);
	id = only()->id;
	second();
	assert_true(!only()->fresh && !only()->changed);
	edge->calls.calls = 5;
	second();
	assert_true(only()->changed);
	assert_int_equal(only()->id, id);
	assert_int_equal(only()->before.calls, 2);
	edge->handle = 71; /* the row of the kernel is another's now */
	second();
	assert_int_equal(only()->id, id + 1);
	assert_true(only()->fresh);
}

/* Told once more in the second in which its row ends, by a number that is known. */
static void an_end_is_told_and_given_back(void **state)
{
	struct probe_edge *edge = add(70, &web, 2);
	uint32_t id, row;

	(void)state;
	web.cgroup.id = edge->cgroup_id = 33;
	second();
	id = only()->id;
	row = only()->row;
	die(&m, &web);
	edge->cgroup = NULL;
	edge->calls.calls = 3;
	second();
	assert_int_equal(only()->id, id);
	assert_int_equal(only()->row, row);
	assert_int_equal(only()->now.calls, 3);
	assert_int_equal(probe.n_ended, 1);
	assert_int_equal(probe.ended[0], 70);
	bear(&m, &web, "/other.service", &m.root);
	die(&m, &web);
	second();
	assert_int_equal(count(), 0);
}

/* Shorter than a second, so that it is seen only after its end. */
static void a_short_life_is_told(void **state)
{
	(void)state;
	second();
	web.cgroup.id = 33;
	die(&m, &web);
	add(70, &web, 2)->cgroup = NULL;
	second();
	assert_int_equal(only()->now.calls, 2);
	assert_true(only()->row != 0);
}

static void who_is_idle_is_given_back(void **state)
{
	struct probe_edge *edge = add(70, &web, 2);

	(void)state;
	second();
	for (uint64_t s = 1; s < PEERS_IDLE_NS / CLOCK_NS_PER_S; s++)
		second();
	assert_int_equal(probe.n_ended, 0);
	edge->calls.calls++;
	second();
	assert_int_equal(probe.n_ended, 0);
	for (uint64_t s = 0; s < PEERS_IDLE_NS / CLOCK_NS_PER_S; s++)
		second();
	assert_int_equal(probe.n_ended, 1);
	probe.n = 0;
	second();
	assert_int_equal(count(), 0);
}

static void when_there_is_little_room_sooner(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < PEERS_FULL; i++)
		add(100 + i, &web, 1);
	second();
	for (uint64_t s = 1; s < PEERS_IDLE_FULL_NS / CLOCK_NS_PER_S; s++)
		second();
	assert_int_equal(probe.n_ended, 0);
	second();
	assert_int_equal(probe.n_ended, PEERS_FULL);
}

/* What is told */

static Plimsoll__V1__Batch *decode(enum encode_form form, const struct encode_filter *filter)
{
	const struct encode_second s = {.epoch = 7, .sequence = 3, .source = {"node", "boot", "0", 1, 1}, .peers = peers};
	struct encode_bytes bytes = encode_batch(e, form, m.sample, &s, filter, NULL, 0);
	Plimsoll__V1__Batch *b = plimsoll__v1__batch__unpack(NULL, bytes.n, bytes.p);

	assert_non_null(b);
	return b;
}

static void done(Plimsoll__V1__Batch *b)
{
	plimsoll__v1__batch__free_unpacked(b, NULL);
}

static void assert_told(enum encode_form form, size_t peers_told, size_t values)
{
	Plimsoll__V1__Batch *b = decode(form, NULL);

	assert_int_equal(b->n_peers, peers_told);
	assert_non_null(b->calls);
	assert_int_equal(b->calls->n_peer, values);
	done(b);
}

static void what_changed_is_told_and_in_whole_forms_all(void **state)
{
	struct probe_edge *edge = add(70, &web, 2);
	Plimsoll__V1__Batch *b;

	(void)state;
	add(71, &db, 4)->serves = true;
	second();
	assert_told(ENCODE_DELTA, 2, 2);
	second();
	assert_told(ENCODE_DELTA, 0, 0);
	assert_told(ENCODE_KEYFRAME, 2, 2);
	assert_told(ENCODE_STATE, 2, 2);
	edge->calls.calls = 3;
	edge->calls.hist[5] = 1;
	second();
	b = decode(ENCODE_DELTA, NULL);
	assert_int_equal(b->calls->n_peer, 1);
	assert_int_equal(b->calls->calls[0], 3);
	assert_int_equal(b->calls->ns[0], 2000);
	assert_int_equal(b->calls->connection[0], 9);
	assert_int_equal(b->calls->n_hist_peer, 1);
	assert_int_equal(b->calls->hist_bucket[0], 5);
	done(b);
	b = decode(ENCODE_PREAMBLE, NULL);
	assert_int_equal(b->n_peers, 0);
	assert_null(b->calls);
	done(b);
}

static void an_address_is_as_long_as_its_kind(void **state)
{
	Plimsoll__V1__Batch *b;
	const uint8_t four[] = {10, 0, 0, 7};

	(void)state;
	add(70, &web, 2);
	memset(add(71, &db, 4)->address, 0x20, 16);
	second();
	b = decode(ENCODE_STATE, NULL);
	assert_int_equal(b->peers[0]->address.len, 4);
	assert_memory_equal(b->peers[0]->address.data, four, 4);
	assert_int_equal(b->peers[1]->address.len, 16);
	assert_int_equal(b->peers[1]->port, 80);
	assert_int_equal(b->peers[1]->net, 4);
	done(b);
}

static void a_filter_is_about_its_rows(void **state)
{
	char *const globs[] = {(char *)(uintptr_t)"/db.service"};
	const struct encode_filter filter = {globs, 1};
	Plimsoll__V1__Batch *b;

	(void)state;
	add(70, &web, 2);
	add(71, &db, 4);
	second();
	b = decode(ENCODE_STATE, &filter);
	assert_int_equal(b->n_peers, 1);
	assert_int_equal(b->calls->calls[0], 4);
	done(b);
}

static void who_does_not_hear_says_nothing(void **state)
{
	Plimsoll__V1__Batch *b;

	(void)state;
	probe.hears = false;
	second();
	assert_false(peers_heard(peers));
	b = decode(ENCODE_STATE, NULL);
	assert_null(b->calls);
	done(b);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_has_a_number_and_a_row),
		TEST(an_end_is_told_and_given_back),
		TEST(a_short_life_is_told),
		TEST(who_is_idle_is_given_back),
		TEST(when_there_is_little_room_sooner),
		TEST(what_changed_is_told_and_in_whole_forms_all),
		TEST(an_address_is_as_long_as_its_kind),
		TEST(a_filter_is_about_its_rows),
		TEST(who_does_not_hear_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
