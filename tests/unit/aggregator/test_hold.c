/* SPDX-License-Identifier: Apache-2.0 */
/* Holds of real verdicts, with real records of them: look() is what aggregator/scaler_act.c makes of one. */
#include "unit/decide/scene.h"

#include "aggregator/explain.h"
#include "aggregator/hold.h"
#include "aggregator/record.h"
#include "base/mem.h"

#define WALL_NS (1790000000 * SECOND) /* when the clock of a scene is at 0 */
#define BEFORE	7		      /* the decision before a hold */

static struct hold held;
static unsigned records; /* made */

static int begin(void **state)
{
	(void)state;
	held = (struct hold){0};
	records = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	hold_done(&held);
	return 0;
}

static struct decision describe(const struct scene *s, const struct verdict *v)
{
	struct decision x = {.wall_unix_ns = s->view.wall_unix_ns,
			     .boottime_ns = s->view.boottime_ns,
			     .from = v->from,
			     .to = v->to,
			     .workload = "web",
			     .policy = "web",
			     .mode = "Enforce"};

	snprintf(x.reason, sizeof(x.reason), "%s", verdict_word(v->reason));
	return x;
}

static struct verdict look(struct scene *s, uint32_t current)
{
	const struct decide_state before = s->state;
	struct decision x;
	struct verdict v;

	s->view.wall_unix_ns = WALL_NS + s->view.boottime_ns;
	v = scene_step(s, current);
	if (v.to != v.from || v.reason == VERDICT_STEADY) {
		hold_end(&held);
		return v;
	}
	if (hold_note(&held, &v, &s->view, BEFORE)) {
		x = describe(s, &v);
		hold_keep(&held, &x, record_json(&s->policy, &s->view, current, &before, &v));
		records++;
	}
	return v;
}

/* `n` looks, one a second, at four replicas that use so much of 50 %. */
static void look_at(struct scene *s, unsigned n, uint64_t cpu_milli)
{
	while (n--) {
		s->view.boottime_ns += SECOND;
		scene_empty(s);
		scene_fill(s, 4, cpu_milli);
		look(s, 4);
	}
}

/* A scene that wants fewer and has to wait 300 s for it. */
static struct scene *idle_scene(void)
{
	struct scene *s = scene_new();

	s->policy.down_stabilization_ns = 300 * SECOND;
	look_at(s, 1, 500);
	return s;
}

static struct record *read_back(void)
{
	struct record *r = NULL;
	struct err e;

	if (record_parse(held.record, &r, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	return r;
}

static void without_a_hold_there_is_none(void **state)
{
	struct scene *s = scene_new();
	struct decision x;

	(void)state;
	assert_false(hold_decision(&held, &x));
	look_at(s, 3, 500); /* nothing asks for another number */
	assert_false(hold_decision(&held, &x));
	assert_int_equal(records, 0);
}

static void a_reason_that_stays_is_counted(void **state)
{
	struct scene *s = idle_scene();
	uint64_t since = WALL_NS + s->view.boottime_ns + SECOND;

	(void)state;
	look_at(s, 9, 100);
	assert_int_equal(records, 1);
	assert_int_equal(held.reason, VERDICT_STABILIZED);
	assert_int_equal(held.looks, 9);
	assert_int_equal(held.since_unix_ns, since);
	assert_int_equal(held.last_unix_ns, since + 8 * SECOND);
	assert_int_equal(held.after, BEFORE);
}

static void another_reason_is_another_hold(void **state)
{
	struct scene *s = idle_scene();

	(void)state;
	look_at(s, 5, 100);
	s->view.boottime_ns += SECOND;
	scene_add_missing(s); /* 4 of 5 are 80 % */
	assert_int_equal(look(s, 4).reason, VERDICT_COVERAGE);
	assert_int_equal(records, 2);
	assert_int_equal(held.looks, 1);
	assert_int_equal(held.since_unix_ns, s->view.wall_unix_ns);
	assert_string_equal(held.x.reason, "coverage");
}

static void a_long_one_is_recorded_anew_now_and_then(void **state)
{
	struct scene *s = idle_scene();
	uint64_t since = WALL_NS + s->view.boottime_ns + SECOND;

	(void)state;
	look_at(s, 10, 100);
	assert_int_equal(records, 1);
	look_at(s, 1, 100);
	assert_int_equal(records, 2);
	assert_int_equal(held.x.boottime_ns, s->view.boottime_ns);
	look_at(s, 9, 100);
	assert_int_equal(records, 2);
	assert_int_equal(held.looks, 20);
	assert_int_equal(held.since_unix_ns, since);
}

static void so_is_one_of_another_number_of_replicas(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->policy.down_stabilization_ns = 300 * SECOND;
	scene_fill(s, 5, 500);
	look(s, 5);
	look_at(s, 2, 100);
	s->view.boottime_ns += SECOND;
	assert_int_equal(look(s, 5).reason, VERDICT_STABILIZED);
	assert_int_equal(records, 2);
	assert_int_equal(held.x.from, 5);
	assert_int_equal(held.looks, 3);
}

static void one_that_is_over_does_not_go_on(void **state)
{
	struct scene *s = idle_scene();
	uint64_t first;

	(void)state;
	look_at(s, 3, 100);
	first = held.since_unix_ns;
	look_at(s, 2, 500);
	assert_true(held.is_over);
	assert_int_equal(held.last_unix_ns, first + 2 * SECOND);
	look_at(s, 1, 100);
	assert_false(held.is_over);
	assert_int_equal(held.looks, 1);
	assert_int_equal(held.since_unix_ns, first + 5 * SECOND);
	assert_int_equal(records, 2);
}

/* For want of memory, say: the next look is asked for one. */
static void one_without_a_record_is_not_told(void **state)
{
	struct scene *s = idle_scene();
	struct verdict v = {.from = 4, .to = 4, .reason = VERDICT_STABILIZED};
	struct decision x;

	(void)state;
	assert_true(hold_note(&held, &v, &s->view, BEFORE));
	assert_false(hold_decision(&held, &x));
	assert_true(hold_note(&held, &v, &s->view, BEFORE));
}

static void since_when_is_its_outcome(void **state)
{
	struct scene *s = idle_scene();
	struct decision x;

	(void)state;
	look_at(s, 3, 100);
	assert_true(hold_decision(&held, &x));
	assert_int_equal(x.id, 0);
	assert_string_equal(x.outcome, "nothing was ordered: held at 3 looks, since 2026-09-21T14:30:02.000Z, "
				       "the last at 2026-09-21T14:30:04.000Z");
	look_at(s, 1, 500);
	assert_true(hold_decision(&held, &x));
	assert_string_equal(x.outcome, "nothing was ordered: held at 3 looks, from 2026-09-21T14:30:02.000Z, "
				       "to 2026-09-21T14:30:04.000Z");
}

static void is_mentioned(uint64_t id, const char *words)
{
	const struct decision x = {.id = id, .workload = "web"};
	scoped(buf_done) struct buf text = {0};

	hold_mention(&held, &x, &text);
	assert_string_equal(buf_text(&text), words);
}

/* Of the decision that it came after, and as long as it holds. */
static void the_decision_before_it_mentions_it(void **state)
{
	struct scene *s = idle_scene();

	(void)state;
	is_mentioned(BEFORE, "");
	look_at(s, 3, 100);
	is_mentioned(BEFORE, "  held since       2026-09-21T14:30:02.000Z, reason stabilized: a recommendation inside the "
			     "stabilization window holds it back; plimsoll explain hold/web tells more\n");
	is_mentioned(BEFORE - 1, "");
	look_at(s, 1, 500);
	is_mentioned(BEFORE, "");
}

/* Three of ten nodes fell silent; 20 s after they are back 40 of the 60 s are left. */
static void a_silent_fleet_is_in_its_record(void **state)
{
	struct scene *s = scene_new();
	scoped(record_freep) struct record *during = NULL, *after = NULL;

	(void)state;
	look_at(s, 1, 500);
	s->view.fleet_nodes = 10;
	s->view.fleet_silent = 3;
	s->view.nodes = 2;
	s->view.nodes_silent = 1;
	look_at(s, 1, 100);
	during = read_back();
	assert_int_equal(during->verdict.reason, VERDICT_SILENCE);
	assert_int_equal(during->view.fleet_nodes, 10);
	assert_int_equal(during->view.fleet_silent, 3);
	assert_int_equal(during->view.nodes_silent, 1);
	s->view.fleet_silent = s->view.nodes_silent = 0;
	look_at(s, 20, 100);
	after = read_back();
	assert_int_equal(after->verdict.reason, VERDICT_SILENCE);
	assert_int_equal(after->view.fleet_silent, 0);
	assert_true(after->state.silent);
	assert_int_equal(after->view.boottime_ns - after->state.silent_ns, 20 * SECOND);
	assert_int_equal(held.looks, 21);
}

static void what_is_missing_is_in_its_record(void **state)
{
	struct scene *s = idle_scene();
	scoped(record_freep) struct record *r = NULL;

	(void)state;
	look_at(s, 1, 500);
	s->view.boottime_ns += SECOND;
	scene_empty(s);
	scene_fill(s, 3, 100);
	scene_add(s, 100)->sample_age_ns = 30 * SECOND;
	assert_int_equal(look(s, 4).reason, VERDICT_STALE);
	r = read_back();
	assert_int_equal(r->verdict.coverage_permille, 750);
	assert_int_equal(r->verdict.metric[0].measured, 3);
	assert_int_equal(r->verdict.metric[0].missing, 1);
	assert_int_equal(r->view.replica[3].sample_age_ns, 30 * SECOND);
}

static void it_is_told_and_decided_again_as_a_decision_is(void **state)
{
	struct scene *s = idle_scene();
	scoped(record_freep) struct record *r = NULL;
	scoped(buf_done) struct buf text = {0};
	scoped(freep) char *again = NULL;
	struct verdict v;
	struct decision x;

	(void)state;
	look_at(s, 15, 100);
	assert_true(hold_decision(&held, &x));
	assert_int_equal(explain_decision(&x, held.record, &text, NULL), 0);
	assert_non_null(strstr(buf_text(&text), "web 4 -> 4 at 2026-09-21T14:30:12.000Z (held, policy web, mode Enforce)"));
	assert_non_null(strstr(buf_text(&text), "scaleDown 300 s: as no less was asked for in it, 4 stays"));
	assert_non_null(strstr(buf_text(&text), "nothing was ordered: held at 15 looks, since "));
	assert_non_null(strstr(buf_text(&text), "the recorded inputs give the same verdict again"));
	r = read_back();
	assert_true(record_replay(r, &v));
	assert_int_equal(v.reason, VERDICT_STABILIZED);
	again = record_json(&r->policy, &r->view, r->current, &r->state, &v);
	assert_string_equal(again, held.record);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		test(without_a_hold_there_is_none),
		test(a_reason_that_stays_is_counted),
		test(another_reason_is_another_hold),
		test(a_long_one_is_recorded_anew_now_and_then),
		test(so_is_one_of_another_number_of_replicas),
		test(one_that_is_over_does_not_go_on),
		test(one_without_a_record_is_not_told),
		test(since_when_is_its_outcome),
		test(the_decision_before_it_mentions_it),
		test(a_silent_fleet_is_in_its_record),
		test(what_is_missing_is_in_its_record),
		test(it_is_told_and_decided_again_as_a_decision_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
