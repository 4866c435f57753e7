/* SPDX-License-Identifier: Apache-2.0 */
/* The scaler with ScalingPolicies: from a decision to its outcome, over failures, restarts and other aggregators. */
#include "scaling.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aggregator/explain.h"
#include "aggregator/metrics.h"
#include "aggregator/policies.h"
#include "aggregator/record.h"
#include "aggregator/rivals.h"

/* 4 x 200m of 250m = 80 % of 60 %: 4 x 80 / 60 = 5.3, so 6. */
static void grow_to_6(void)
{
	pass_seconds(3, 150);
	assert_int_equal(decisions_made(), 0);
	pass(200);
	assert_int_equal(decisions_made(), 1);
	await_outcome();
}

static void a_decision_is_written_down_and_carried_out(void **state)
{
	scoped(freep) char *hook = mem_printf("cat > %s/order", w.folder);
	scoped(freep) char *path = mem_printf("%s/order", w.folder), *record = NULL;
	scoped(record_freep) struct record *r = NULL;
	struct verdict again;
	struct decision x;
	char order[512] = "";

	(void)state;
	set_policy("Enforce", 300, hook);
	grow_to_6();
	assert_string_equal(w.last.outcome, DECISION_APPLIED);
	assert_int_equal(w.last.from, 4);
	assert_int_equal(w.last.to, 6);
	assert_string_equal(w.last.trigger, "cpu 80 % > 60 %");
	scoped(fclosep) FILE *f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(order, sizeof(order), f));
	assert_non_null(strstr(order, "\"to\":6"));
	assert_non_null(strstr(order, "\"decision\":\"d-1\""));
	assert_int_equal(decisions_get(w.decisions, 1, &x, &record), 0);
	assert_string_equal(x.outcome, DECISION_APPLIED);
	assert_int_equal(record_parse(record, &r, NULL), 0);
	assert_true(record_replay(r, &again));
	/* Until its replicas are seen, the order stands and is not given again. */
	pass_seconds(5, 200);
	assert_int_equal(decisions_made(), 1);
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.from, 6);
}

static void a_hook_that_fails_is_asked_again_later(void **state)
{
	(void)state;
	set_policy("Enforce", 300, "echo no room >&2; exit 3");
	grow_to_6();
	assert_non_null(strstr(w.last.outcome, "failed"));
	assert_non_null(strstr(w.last.outcome, "no room"));
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.from, 4);
	pass(200); /* 1 s later it is tried again */
	assert_int_equal(decisions_made(), 2);
	await_outcome();
	pass(200); /* and then after 2 s */
	assert_int_equal(decisions_made(), 2);
	pass(200);
	assert_int_equal(decisions_made(), 3);
	await_outcome();
}

static void a_brake_holds_until_it_is_released(void **state)
{
	struct pause p = {.workload = "web", .why = "a person looks"};

	(void)state;
	set_policy("Enforce", 300, "true");
	decisions_pause(w.decisions, &p);
	pass_seconds(10, 200);
	assert_int_equal(decisions_made(), 0);
	assert_string_equal(w.hold.reason, "paused");
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.to, 4);
	assert_true(decisions_resume(w.decisions, "web"));
	pass(200);
	assert_int_equal(decisions_made(), 1);
	await_outcome();
}

static void who_observes_says_a_thing_once(void **state)
{
	(void)state;
	set_policy("Observe", 300, "touch /nonexistent/never");
	pass_seconds(3, 150);
	pass_seconds(10, 200);
	assert_int_equal(decisions_made(), 1);
	assert_string_equal(w.last.outcome, DECISION_OBSERVED);
	assert_string_equal(w.last.mode, "Observe");
	pass_seconds(5, 150); /* nothing to say */
	pass_seconds(5, 200); /* the same need again is news */
	assert_int_equal(decisions_made(), 2);
}

/* As a record of a decision: told in words, and made again byte for byte. */
static void held(const char *reason, uint64_t looks, const char *words)
{
	const struct hold *h = &scaler_find(w.scaler, "web")->hold;
	scoped(record_freep) struct record *r = NULL;
	scoped(freep) char *again = NULL;
	scoped(buf_done) struct buf text = {0};
	struct verdict v;
	struct decision x;

	assert_true(hold_decision(h, &x));
	assert_string_equal(x.reason, reason);
	assert_int_equal(h->looks, looks);
	assert_int_equal(record_parse(h->record, &r, NULL), 0);
	assert_true(record_replay(r, &v));
	again = record_json(&r->policy, &r->view, r->current, &r->state, &v);
	assert_string_equal(again, h->record);
	assert_int_equal(explain_decision(&x, h->record, &text, NULL), 0);
	assert_non_null(strstr(buf_text(&text), "(held, policy web, mode Enforce)"));
	if (!strstr(buf_text(&text), words))
		fail_msg("\"%s\" is not in\n%s", words, buf_text(&text));
}

static void what_holds_is_kept_as_a_decision_is(void **state)
{
	struct pause p = {.workload = "web", .why = "a person looks"};
	uint64_t renewed;

	(void)state;
	set_policy("Enforce", 300, "true");
	pass_seconds(4, 150);
	assert_string_equal(scaler_find(w.scaler, "web")->hold.x.reason, "blind"); /* one sample is no rate */
	assert_true(scaler_find(w.scaler, "web")->hold.is_over);
	pass_seconds(12, 20);
	held("stabilized", 12, "scaleDown 300 s: as no less was asked for in it, 4 stays");
	renewed = scaler_find(w.scaler, "web")->hold.x.boottime_ns;
	pass_seconds(5, 20);
	assert_int_equal(scaler_find(w.scaler, "web")->hold.x.boottime_ns, renewed);
	held("stabilized", 17, "held at 17 looks, since ");
	pass_seconds(6, 20); /* each 10 s anew */
	assert_int_equal(scaler_find(w.scaler, "web")->hold.x.boottime_ns, renewed + 10 * S);
	pass_seconds(2, 150);
	held("stabilized", 23, "held at 23 looks, from ");
	decisions_pause(w.decisions, &p);
	pass_seconds(3, 200);
	held("paused", 3, "4 -> 6, reason metric"); /* what it would do, but for the person */
}

static void silence_never_shrinks(void **state)
{
	(void)state;
	set_policy("Enforce", 0, "true");
	pass_seconds(4, 150);
	for (int i = 0; i < 200; i++)
		scaler_tick(w.scaler, (clock_boot_t){T0 + ++w.second * S});
	assert_int_equal(decisions_made(), 0);
	assert_string_equal(w.hold.reason, "blind");
	assert_int_equal(w.hold.to, 4);
	pass(10); /* the gap is no idleness: one sample is no rate */
	assert_int_equal(decisions_made(), 0);
	pass(10); /* this is, but the fleet was silent a moment ago */
	assert_string_equal(w.hold.reason, "silence");
	pass_seconds(57, 10);
	assert_int_equal(decisions_made(), 0);
	pass_seconds(3, 10);
	assert_int_equal(decisions_made(), 1);
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.to, 1);
	await_outcome();
}

static void set_by_hand_counts_at_once(void **state)
{
	uint64_t before = aggregator_get(aggregator_foreign_changes_total);

	(void)state;
	set_policy("Enforce", 300, "true");
	grow_to_6();
	w.replicas = 6;
	pass_seconds(20, 150);
	assert_int_equal(aggregator_get(aggregator_foreign_changes_total), before);
	w.replicas = 12;
	pass(150);
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.from, 12);
	assert_int_equal(aggregator_get(aggregator_foreign_changes_total), before + 1);
}

static void what_a_running_hook_starts_is_ours(void **state)
{
	uint64_t before = aggregator_get(aggregator_foreign_changes_total);

	(void)state;
	set_policy("Enforce", 300, "sleep 0.2");
	grow_to_6();
	w.replicas = 6;
	pass_seconds(20, 150);
	pass_seconds(1, 240);
	assert_int_equal(decisions_made(), 2);
	w.replicas = scaler_find(w.scaler, "web")->last.to;
	assert_true(w.replicas > 6);
	pass(240); /* they are there before the hook's end is heard */
	assert_true(scaler_find(w.scaler, "web")->acting);
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.from, 6);
	await_outcome();
	pass(150);
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.from, w.replicas);
	assert_int_equal(aggregator_get(aggregator_foreign_changes_total), before);
}

static void a_restart_knows_what_was_ordered(void **state)
{
	(void)state;
	set_policy("Enforce", 300, "true");
	grow_to_6();
	close_scaler();
	open_scaler();
	set_policy("Enforce", 300, "true");
	pass(200);
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.from, 6);
	assert_int_equal(scaler_find(w.scaler, "web")->last.id, 1);
}

static void a_policy_read_again_keeps_its_windows(void **state)
{
	const struct scaler_workload *before;
	uint32_t remembered;

	(void)state;
	set_policy("Enforce", 300, "true");
	pass_seconds(10, 150);
	before = scaler_find(w.scaler, "web");
	remembered = before->state.n;
	assert_true(remembered > 0);
	set_policy("Observe", 300, "true");
	assert_ptr_equal(scaler_find(w.scaler, "web"), before);
	assert_int_equal(before->state.n, remembered);
	assert_false(before->manifest.policy.enforce);
	set_policy("Observe", 300, "false"); /* another hook: another beginning */
	assert_int_equal(scaler_find(w.scaler, "web")->state.n, 0);
	pass(150); /* and its rows are selected again */
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.from, 4);
}

static void an_order_keeps_its_decision_over_a_change_of_mode(void **state)
{
	static const char hook[] = "sleep 0.2";
	struct decision x;

	(void)state;
	set_policy("Enforce", 300, hook);
	pass_seconds(3, 150);
	pass(200);
	assert_int_equal(decisions_made(), 1);
	set_policy("Observe", 300, hook);
	pass_seconds(3, 240); /* more is wanted, but the order still runs */
	assert_int_equal(decisions_made(), 1);
	await_outcome();
	assert_int_equal(w.last.id, 1);
	assert_int_equal(decisions_get(w.decisions, 1, &x, NULL), 0);
	assert_string_equal(x.outcome, DECISION_APPLIED);
	assert_string_equal(x.mode, "Enforce");
}

static void an_order_cut_off_by_the_end_says_so(void **state)
{
	struct decision x;

	(void)state;
	set_policy("Enforce", 300, "true");
	grow_to_6();
	/* As after kill -9: nobody wrote down what became of it. */
	decisions_set_outcome(w.decisions, 1, DECISION_ACTING);
	close_scaler();
	open_scaler();
	set_policy("Enforce", 300, "true");
	assert_int_equal(decisions_get(w.decisions, 1, &x, NULL), 0);
	assert_non_null(strstr(x.outcome, "unknown: the aggregator ended"));
	assert_int_equal(scaler_find(w.scaler, "web")->standing.ordered, 0);
}

/* Another process that has a file of decisions of its own where ours was. */
static pid_t take_over(void)
{
	scoped(freep) char *move = mem_printf("cd %s && for f in decisions.db*; do mv $f old-$f; done", w.folder);
	struct decisions *d;
	int ready[2];
	pid_t other;
	char c;

	assert_int_equal(system(move), 0);
	assert_int_equal(pipe(ready), 0);
	other = fork();
	if (!other) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when the test fails */
		close(ready[0]);
		if (decisions_open(w.folder, &d, NULL) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return other;
}

static void who_is_deposed_orders_nothing(void **state)
{
	scoped(freep) char *hook = mem_printf("touch %s/ordered", w.folder), *path = mem_printf("%s/ordered", w.folder);
	pid_t other;

	(void)state;
	set_policy("Enforce", 300, hook);
	pass_seconds(3, 150);
	other = take_over();
	pass(200);
	assert_non_null(strstr(w.last.outcome, "another aggregator has taken over"));
	pass_seconds(200, 200);
	assert_int_equal(w.told, 1); /* nor does it go on trying */
	assert_int_equal(scaler_find(w.scaler, "web")->acting, 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
	decisions_retry(w.decisions); /* the other is gone, so the file is ours */
	pass(200);
	await_outcome();
	assert_string_equal(w.last.outcome, DECISION_APPLIED);
	assert_int_equal(access(path, F_OK), 0);
}

/* The later one in the files goes on with what is left to it, and says so. */
static void scaling_policies_that_overlap_are_told(void **state)
{
	scoped(freep) char *web = mem_printf(policy_text, "Enforce", 300, "true"), *both = NULL;
	scoped(freep) char *alt = mem_printf(policy_text, "Observe", 300, "true");
	const struct scaler_workload *first;

	(void)state;
	memcpy(strstr(alt, "name: web") + strlen("name: "), "alt", 3);
	memcpy(strstr(alt, "/web/*"), "/web/3", 6);
	both = mem_printf("%s---\n%s", web, alt);
	set_text(both);
	pass_seconds(3, 150);
	assert_string_equal(scaler_find(w.scaler, "alt")->rivals.text, "[web]");
	assert_string_equal(scaler_find(w.scaler, "web")->rivals.text, "");
	assert_int_equal(rivals_count(w.scaler, false, &first), 1);
	assert_int_equal(rivals_count(w.scaler, true, &first), 0);
	assert_string_equal(first->manifest.policy.name, "alt");
	assert_int_equal(scaler_find(w.scaler, "alt")->verdict.from, 0);
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.from, REPLICAS);
	set_text(alt);
	pass(150);
	assert_string_equal(scaler_find(w.scaler, "alt")->rivals.text, "");
	assert_int_equal(scaler_find(w.scaler, "alt")->verdict.from, 1);
}

/* Requests that nobody hears are not those that nobody makes. */
static void a_latency_that_nobody_hears_is_told(void **state)
{
	const char *first = "";

	(void)state;
	set_text("apiVersion: plimsoll.io/v1alpha1\nkind: ScalingPolicy\nmetadata: {name: web}\nspec:\n"
		 "  target: {cgroup: \"/web/*\", cpuRequest: 250m}\n  maxReplicas: 20\n  windowSeconds: 1\n"
		 "  metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 60}}},\n"
		 "            {type: Latency, latency: {quantile: 95, target: {value: 30ms}}}]\n");
	pass_seconds(3, 10);
	assert_int_equal(policies_unheard(w.scaler, &first), 0);
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.metric[1].measured, REPLICAS);
	assert_int_not_equal(scaler_find(w.scaler, "web")->verdict.reason, VERDICT_COVERAGE);
	w.deaf = true;
	pass_seconds(2, 10);
	assert_int_equal(policies_unheard(w.scaler, &first), 1);
	assert_string_equal(first, "web");
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.reason, VERDICT_COVERAGE);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		test(a_decision_is_written_down_and_carried_out),
		test(a_hook_that_fails_is_asked_again_later),
		test(a_brake_holds_until_it_is_released),
		test(who_observes_says_a_thing_once),
		test(what_holds_is_kept_as_a_decision_is),
		test(silence_never_shrinks),
		test(set_by_hand_counts_at_once),
		test(what_a_running_hook_starts_is_ours),
		test(a_restart_knows_what_was_ordered),
		test(a_policy_read_again_keeps_its_windows),
		test(an_order_keeps_its_decision_over_a_change_of_mode),
		test(an_order_cut_off_by_the_end_says_so),
		test(who_is_deposed_orders_nothing),
		test(scaling_policies_that_overlap_are_told),
		cmocka_unit_test_setup_teardown(a_latency_that_nobody_hears_is_told, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
