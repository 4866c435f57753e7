/* SPDX-License-Identifier: Apache-2.0 */
/* What is put in comes out of a packed batch; what has no shape is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/hist.h"
#include "base/scope.h"
#include "wire/calls.h"

#define MANY 1000

static const uint8_t four[CALLS_ADDRESS] = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 7};
static const uint8_t six[CALLS_ADDRESS] = {0x20, 1, [15] = 7};

static void addresses_come_out_as_they_went_in(void **state)
{
	scoped(calls_done) struct calls c = {0};
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;
	uint8_t out[CALLS_ADDRESS];

	(void)state;
	calls_add_peer(&c, &(struct calls_peer){1, 2, false, four, 80, 5});
	calls_add_peer(&c, &(struct calls_peer){3, 4, true, six, 81, 6});
	calls_point(&c, true, &b);
	assert_int_equal(b.n_peers, 2);
	assert_int_equal(b.peers[0]->address.len, 4);
	assert_true(calls_address(&b.peers[0]->address, out));
	assert_memory_equal(out, four, sizeof(four));
	assert_int_equal(b.peers[1]->address.len, 16);
	assert_true(calls_address(&b.peers[1]->address, out));
	assert_memory_equal(out, six, sizeof(six));
	b.peers[1]->address.len = 15;
	assert_false(calls_address(&b.peers[1]->address, out));
}

static void buckets_that_are_known_are_left_out(void **state)
{
	scoped(calls_done) struct calls c = {0};
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;
	uint32_t now[CALLS_BUCKETS] = {[2] = 5, [3] = 6}, before[CALLS_BUCKETS] = {[2] = 5, [3] = 1};

	(void)state;
	assert_int_equal(CALLS_BUCKETS, HIST_BUCKETS);
	calls_add_values(&c, 7, &(struct calls_values){.calls = 11, .hist = now, .known = before});
	calls_add_values(&c, 8, &(struct calls_values){.calls = 11, .hist = now});
	calls_point(&c, true, &b);
	assert_true(calls_have_shape(b.calls));
	assert_int_equal(b.calls->n_hist_count, 3);
	assert_int_equal(b.calls->hist_bucket[0], 3);
	assert_int_equal(b.calls->hist_count[0], 6);
	assert_int_equal(b.calls->hist_peer[2], 1);
}

static void many_fit_and_go_again(void **state)
{
	scoped(calls_done) struct calls c = {0};
	uint32_t hist[CALLS_BUCKETS] = {1, 1, 1};

	(void)state;
	for (int round = 0; round < 2; round++) {
		Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;

		calls_clear(&c);
		for (uint32_t i = 0; i < MANY; i++) {
			calls_add_peer(&c, &(struct calls_peer){i, 1, false, four, 80, 5});
			calls_add_values(&c, i, &(struct calls_values){.calls = i, .hist = hist});
		}
		calls_point(&c, true, &b);
		assert_int_equal(b.n_peers, MANY);
		assert_int_equal(b.peers[MANY - 1]->peer, MANY - 1);
		assert_int_equal(b.calls->calls[MANY - 1], MANY - 1);
		assert_int_equal(b.calls->n_hist_peer, 3 * MANY);
		assert_true(protobuf_c_message_get_packed_size(&b.base) > MANY);
	}
}

static void who_does_not_hear_says_nothing(void **state)
{
	scoped(calls_done) struct calls c = {0};
	Plimsoll__V1__Batch b = PLIMSOLL__V1__BATCH__INIT;

	(void)state;
	calls_point(&c, true, &b);
	assert_non_null(b.calls); /* there are none */
	calls_point(&c, false, &b);
	assert_null(b.calls);
}

static void what_has_no_shape_is_told(void **state)
{
	uint32_t peer[2] = {1, 2}, hist_peer = 1, bucket = CALLS_BUCKETS - 1, count = 1;
	uint64_t values[2] = {0};
	Plimsoll__V1__Calls m = PLIMSOLL__V1__CALLS__INIT;

	(void)state;
	m.n_peer = m.n_calls = m.n_errors = m.n_untimed = m.n_ns = m.n_connection = 2;
	m.peer = peer;
	m.calls = m.errors = m.untimed = m.ns = m.connection = values;
	m.n_hist_peer = m.n_hist_bucket = m.n_hist_count = 1;
	m.hist_peer = &hist_peer;
	m.hist_bucket = &bucket;
	m.hist_count = &count;
	assert_true(calls_have_shape(&m));
	m.n_ns = 1;
	assert_false(calls_have_shape(&m));
	m.n_ns = 2;
	hist_peer = 2;
	assert_false(calls_have_shape(&m));
	hist_peer = 1;
	bucket = CALLS_BUCKETS;
	assert_false(calls_have_shape(&m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_out_as_they_went_in),
		cmocka_unit_test(buckets_that_are_known_are_left_out),
		cmocka_unit_test(many_fit_and_go_again),
		cmocka_unit_test(who_does_not_hear_says_nothing),
		cmocka_unit_test(what_has_no_shape_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
