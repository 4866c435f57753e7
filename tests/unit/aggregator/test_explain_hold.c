/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/explain_hold.h"

#include <stdio.h>
#include <string.h>

#include "aggregator/explain.h"
#include "aggregator/store/decisions.h"
#include "base/mem.h"
#include "unit/decide/scene.h"

#define NODES 12

static const char *const nodes[NODES] = {"n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11"};

/* Replica i is on node i, or on the last one. */
static void place(struct scene *s)
{
	for (uint32_t i = 0; i < s->view.replicas; i++)
		s->replica[i].node = nodes[i < NODES ? i : NODES - 1];
}

/* What is told of the next step. */
static void explained(struct scene *s, uint32_t current, struct buf *to)
{
	const struct decision x = {.workload = "web", .policy = "web", .mode = "Enforce", .outcome = "none"};
	const struct decide_state before = s->state;
	scoped(freep) char *record = NULL;
	struct verdict v;
	struct err e;

	place(s);
	v = scene_step(s, current);
	record = record_json(&s->policy, &s->view, current, &before, &v);
	if (explain_decision(&x, record, to, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
}

static void says(const struct buf *text, const char *words)
{
	if (!strstr(buf_text(text), words))
		fail_msg("\"%s\" is not in\n%s", words, buf_text(text));
}

static void says_not(const struct buf *text, const char *words)
{
	if (strstr(buf_text(text), words))
		fail_msg("\"%s\" is in\n%s", words, buf_text(text));
}

static struct scene *idle_scene(uint32_t n)
{
	struct scene *s = scene_new();

	scene_fill(s, n, 500);
	scene_step(s, n);
	s->view.boottime_ns += 10 * SECOND;
	scene_empty(s);
	scene_fill(s, n, 100);
	return s;
}

static void a_window_has_so_much_left(void **state)
{
	struct scene *s = scene_new();
	scoped(buf_done) struct buf text = {0};

	(void)state;
	s->policy.down_stabilization_ns = 300 * SECOND;
	scene_fill(s, 4, 500);
	scene_step(s, 4);
	s->view.boottime_ns += 100 * SECOND;
	scene_empty(s);
	scene_fill(s, 4, 100);
	explained(s, 4, &text);
	says(&text, "as no less was asked for in it, 4 stays\n");
	says(&text, "for another      201.2 s, unless what holds it comes again\n"); /* a part of the window is 300 s / 255 */
}

static void what_changes_waits_for_nothing(void **state)
{
	scoped(buf_done) struct buf text = {0};

	(void)state;
	explained(idle_scene(4), 4, &text);
	says(&text, "4 -> 1, reason metric");
	says_not(&text, "for another");
	says_not(&text, "fresh sample:");
	says_not(&text, "of the fleet's");
}

static void the_silent_are_named(void **state)
{
	struct scene *s = idle_scene(5);
	scoped(buf_done) struct buf text = {0};

	(void)state;
	s->replica[1].sample_age_ns = 30 * SECOND;
	s->view.nodes = 5;
	s->view.nodes_silent = 1;
	explained(s, 5, &text);
	says(&text, "reason stale");
	says_not(&text, "for another"); /* until the data comes */
	says(&text, "replicas         5 (nodes: 5, silent: 1)\n                   without a fresh sample: 1 on n1\n");
}

static void many_are_cut_short(void **state)
{
	struct scene *s = idle_scene(14);
	scoped(buf_done) struct buf text = {0};

	(void)state;
	for (int i = 1; i < 14; i++)
		s->replica[i].sample_age_ns = 30 * SECOND;
	explained(s, 14, &text);
	says(&text, "without a fresh sample: 1 on n1, 1 on n2, 1 on n3, 1 on n4, 1 on n5, 1 on n6, 1 on n7, 1 on n8 and some "
		    "on others\n");
	for (int i = 1; i < 4; i++)
		s->replica[i].sample_age_ns = SECOND;
	scoped(buf_done) struct buf less = {0};
	explained(s, 14, &less);
	says(&less, "1 on n10, 3 on n11\n"); /* eight in all */
}

/* 20 s after 3 of 10 were, 40 of the 60 s are left. */
static void a_silent_fleet_is_told(void **state)
{
	struct scene *s = idle_scene(4);
	scoped(buf_done) struct buf during = {0}, after = {0};

	(void)state;
	s->view.fleet_nodes = 10;
	s->view.fleet_silent = 3;
	explained(s, 4, &during);
	says(&during, "reason silence");
	says(&during, "for another      60.0 s, ");
	says(&during, "of the fleet's 10 nodes 3 are silent; while over 20 % are, and 60 s after, nothing shrinks\n");
	s->view.boottime_ns += 20 * SECOND;
	s->view.fleet_silent = 1;
	explained(s, 4, &after);
	says(&after, "reason silence");
	says(&after, "for another      40.0 s, ");
	says(&after, "of the fleet's 10 nodes 1 is silent; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_has_so_much_left),
		cmocka_unit_test(what_changes_waits_for_nothing),
		cmocka_unit_test(the_silent_are_named),
		cmocka_unit_test(many_are_cut_short),
		cmocka_unit_test(a_silent_fleet_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
