/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "decide/vpa_checkpoint.h"
#include "vpa.h"

#define HISTORIES 200
#define FIRST_TOTAL (4 + 3 * 8 + 8) /* where the CPU histogram's total, number and weights begin */
#define FIRST_COUNT (FIRST_TOTAL + 8)

struct bytes {
	size_t size;
	uint8_t at[VPA_CHECKPOINT_BYTES];
};

static struct bytes saved(const struct vpa *v)
{
	struct bytes b;

	b.size = vpa_checkpoint_save(&v->usage, b.at);
	return b;
}

/* What a process knows that starts with these bytes; it may have saved its container, too. */
static struct vpa restarted(const struct bytes *b, const struct vpa_container *c)
{
	struct vpa v = vpa_new();
	uint8_t container[VPA_CHECKPOINT_CONTAINER_BYTES];

	assert_null(vpa_checkpoint_load(b->at, b->size, &v.options, &v.usage));
	if (!c)
		return v;
	vpa_checkpoint_save_container(c, container);
	assert_null(vpa_checkpoint_load_container(container, sizeof(container), &v.container));
	return v;
}

static void recommend_the_same(const struct vpa *a, const struct vpa *b)
{
	struct vpa_recommendation x = vpa_recommended(a, &vpa_policy_default, 1);
	struct vpa_recommendation y = vpa_recommended(b, &vpa_policy_default, 1);

	for (int r = 0; r < VPA_RESOURCES; r++) {
		assert_int_equal(x.target[r], y.target[r]);
		assert_int_equal(x.lower[r], y.lower[r]);
		assert_int_equal(x.upper[r], y.upper[r]);
	}
	assert_int_equal(x.samples, y.samples);
}

static uint64_t chance(void) /* xorshift64: the same histories on every machine */
{
	static uint64_t x = 0x9e3779b97f4a7c15ull;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static void live(struct vpa *v, int64_t from_ns, unsigned minutes, int64_t most_milli)
{
	for (unsigned i = 0; i < minutes; i++) {
		int64_t milli = (int64_t)(chance() % (uint64_t)most_milli);

		vpa_cpu(v, from_ns + i * MINUTE, milli);
		vpa_memory(v, from_ns + i * MINUTE, milli * MIB);
	}
}

TEST(a_restart_changes_no_recommendation)
{
	for (int i = 0; i < HISTORIES; i++) {
		struct vpa before = vpa_new(), after;
		struct bytes b;

		live(&before, NOW, 1 + chance() % 4000, 1 + (int64_t)(chance() % 4000));
		b = saved(&before);
		after = restarted(&b, NULL);
		recommend_the_same(&before, &after);
	}
}

TEST(a_second_restart_changes_nothing_at_all)
{
	struct vpa v = vpa_new();
	struct bytes once, twice;

	live(&v, NOW, 3000, 2000);
	once = saved(&v);
	v = restarted(&once, NULL);
	twice = saved(&v);
	assert_int_equal(once.size, twice.size);
	assert_memory_equal(once.at, twice.at, once.size);
}

/* In the middle of an interval, and then a larger peak in it. */
TEST(an_interval_goes_on_after_a_restart)
{
	struct vpa before = vpa_new(), after;
	struct bytes b;

	live(&before, NOW, 2000, 1000);
	b = saved(&before);
	after = restarted(&b, &before.container);
	assert_memory_equal(&after.container, &before.container, sizeof(after.container));
	assert_false(vpa_cpu(&after, NOW, 1));
	vpa_cpu(&before, NOW + 2000 * MINUTE, 500);
	vpa_cpu(&after, NOW + 2000 * MINUTE, 500);
	vpa_memory(&before, NOW + 2000 * MINUTE, 3000 * MIB);
	vpa_memory(&after, NOW + 2000 * MINUTE, 3000 * MIB);
	recommend_the_same(&before, &after);
}

/* As the VPA does it: the peak is withdrawn, and the next sample begins an interval of its own. */
TEST(without_the_container_an_interval_has_still_one_peak)
{
	struct vpa before = vpa_new(), after;
	struct bytes b;

	vpa_memory(&before, NOW, 800 * MIB);
	vpa_usage_withdraw_peak(&before.container, &before.usage, NOW + MINUTE);
	b = saved(&before);
	after = restarted(&b, NULL);
	assert_true(vpa_histogram_is_empty(&after.usage.usage[VPA_MEMORY]));
	vpa_memory(&after, NOW + 2 * MINUTE, 800 * MIB);
	assert_float_equal(after.usage.usage[VPA_MEMORY].total, pow(2, 2 / 1440.0), 1e-9);
}

TEST(nothing_known_stays_nothing)
{
	struct vpa v = vpa_new(), after;
	struct bytes b = saved(&v);

	after = restarted(&b, &v.container);
	assert_memory_equal(&after, &v, sizeof(v));
}

TEST(the_fullest_fits)
{
	struct vpa v = vpa_new();
	struct bytes b;

	for (int r = 0; r < VPA_RESOURCES; r++)
		for (int i = 0; i < VPA_BUCKETS; i++)
			vpa_histogram_add(&v.usage.usage[r], vpa_histogram_start(r, i) * (1 + 1e-9), 1, NOW);
	b = saved(&v);
	assert_int_equal(b.size, VPA_CHECKPOINT_BYTES);
	restarted(&b, NULL);
}

/* --- bytes that are wrong ----------------------------------------------------------------------- */

static void refused(const struct bytes *b, const char *fault)
{
	struct vpa v, fresh = vpa_new();
	const char *found;

	memset(&v, 0, sizeof(v));
	v = fresh;
	live(&v, NOW, 3, 100);
	found = vpa_checkpoint_load(b->at, b->size, &v.options, &v.usage);
	assert_non_null(found);
	if (fault)
		assert_string_equal(found, fault);
	assert_memory_equal(&v.usage, &fresh.usage, sizeof(v.usage));
}

static struct bytes sound(void)
{
	struct vpa v = vpa_new();

	vpa_cpu(&v, NOW, 100);
	vpa_cpu(&v, NOW + MINUTE, 2000);
	vpa_memory(&v, NOW, 800 * MIB);
	return saved(&v);
}

static struct bytes changed(size_t at, const void *to, size_t n)
{
	struct bytes b = sound();

	memcpy(b.at + at, to, n);
	return b;
}

TEST(every_shorter_one_is_refused)
{
	struct bytes b = sound();

	while (b.size > 0) {
		b.size--;
		refused(&b, NULL);
	}
}

TEST(a_longer_one_is_refused)
{
	struct bytes b = sound();

	b.size++;
	refused(&b, "there is something behind its end");
}

TEST(another_version_is_refused)
{
	struct bytes b = changed(3, "2", 1);

	refused(&b, "it is of another kind or version");
}

TEST(samples_that_contradict_are_refused)
{
	const int64_t late = NOW + 2 * MINUTE, none = 0, negative = -1, never = GOTIME_ZERO;
	const struct bytes b[] = {changed(4, &late, 8), changed(4, &never, 8), changed(20, &none, 8),
				  changed(20, &negative, 8)};

	for (size_t i = 0; i < sizeof(b) / sizeof(b[0]); i++)
		refused(&b[i], "its first and last sample and their number contradict each other");
}

TEST(totals_that_cannot_be_are_refused)
{
	const double total[] = {-1, NAN, INFINITY};

	for (size_t i = 0; i < sizeof(total) / sizeof(total[0]); i++) {
		struct bytes b = changed(FIRST_TOTAL, &total[i], 8);

		refused(&b, "a total weight is negative or not a number");
	}
}

TEST(buckets_that_cannot_be_are_refused)
{
	const struct bytes b[] = {changed(FIRST_COUNT + 1, "\x60", 1), changed(FIRST_COUNT + 4, "\xb0", 1)};

	for (size_t i = 0; i < sizeof(b) / sizeof(b[0]); i++)
		refused(&b[i], "its buckets are out of order or range");
}

TEST(weights_that_cannot_be_are_refused)
{
	const struct bytes b[] = {changed(FIRST_COUNT + 2, "\0", 2), changed(FIRST_COUNT + 2, "\x11\x27", 2)};

	for (size_t i = 0; i < sizeof(b) / sizeof(b[0]); i++)
		refused(&b[i], "a weight is out of range");
}

TEST(a_container_that_cannot_be_is_refused)
{
	struct vpa v = vpa_new(), fresh = vpa_new();
	uint8_t b[VPA_CHECKPOINT_CONTAINER_BYTES + 1] = {0};

	v.container.oom_peak = -1;
	vpa_checkpoint_save_container(&v.container, b);
	assert_string_equal(vpa_checkpoint_load_container(b, sizeof(b) - 1, &v.container), "a peak is negative");
	assert_memory_equal(&v.container, &fresh.container, sizeof(v.container));
	vpa_checkpoint_save_container(&v.container, b);
	assert_string_equal(vpa_checkpoint_load_container(b, sizeof(b), &v.container),
			    "there is something behind its end");
	assert_string_equal(vpa_checkpoint_load_container(b, 7, &v.container), "it ends too early");
	b[2] = 'A';
	assert_string_equal(vpa_checkpoint_load_container(b, sizeof(b) - 1, &v.container),
			    "it is of another kind or version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_changes_no_recommendation),
		cmocka_unit_test(a_second_restart_changes_nothing_at_all),
		cmocka_unit_test(an_interval_goes_on_after_a_restart),
		cmocka_unit_test(without_the_container_an_interval_has_still_one_peak),
		cmocka_unit_test(nothing_known_stays_nothing),
		cmocka_unit_test(the_fullest_fits),
		cmocka_unit_test(every_shorter_one_is_refused),
		cmocka_unit_test(a_longer_one_is_refused),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(samples_that_contradict_are_refused),
		cmocka_unit_test(totals_that_cannot_be_are_refused),
		cmocka_unit_test(buckets_that_cannot_be_are_refused),
		cmocka_unit_test(weights_that_cannot_be_are_refused),
		cmocka_unit_test(a_container_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests_name("decide/vpa_checkpoint", tests, NULL, NULL);
}
