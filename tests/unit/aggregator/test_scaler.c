/* SPDX-License-Identifier: Apache-2.0 */
/* The scaler on a real store, a real decisions file and a real hook; only the clock and the load are
 * made up: one node, four replicas of 250m, told second by second how much each of them uses. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "aggregator/explain.h"
#include "aggregator/hpa_control.h"
#include "aggregator/policies.h"
#include "aggregator/record.h"
#include "aggregator/rivals.h"
#include "aggregator/scaler.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "unit/aggregator/store/fleet.h"

#define T0	 (100000 * S)
#define REPLICAS 4
#define PATIENCE (20 * S) /* for a hook to end */

static const char policy_text[] =
	"apiVersion: plimsoll.io/v1alpha1\n"
	"kind: ScalingPolicy\n"
	"metadata: {name: web}\n"
	"spec:\n"
	"  mode: %s\n"
	"  target: {cgroup: \"/web/*\", cpuRequest: 250m}\n"
	"  minReplicas: 1\n"
	"  maxReplicas: 20\n"
	"  metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 60}}}]\n"
	"  behavior: {scaleDown: {stabilizationWindowSeconds: %d}}\n"
	"  windowSeconds: 1\n"
	"  actuator: {exec: {command: [/bin/sh, -c, '%s']}}\n";

struct world {
	char folder[64];
	struct loop *loop;
	struct store *store;
	struct decisions *decisions;
	struct scaler *scaler;
	struct store_node *node;
	struct loop_timer *deadline;
	bool late;
	uint64_t second;
	uint64_t cpu_ns; /* of each replica so far */
	/* what was told */
	unsigned told, holds;
	struct decision last, hold;
};

static struct world w;

static void decided(const struct decision *x, void *data)
{
	(void)data;
	if (!x->id) {
		w.holds++;
		w.hold = *x;
		return;
	}
	w.told++;
	w.last = *x;
	loop_stop(w.loop);
}

static void open_scaler(void)
{
	assert_int_equal(decisions_open(w.folder, &w.decisions, NULL), 0);
	w.scaler = scaler_new(w.loop, w.store, w.decisions);
	w.scaler->decided = decided;
}

static void close_scaler(void)
{
	w.scaler = scaler_free(w.scaler);
	w.decisions = decisions_free(w.decisions);
}

static int begin(void **state)
{
	(void)state;
	w = (struct world){0};
	strcpy(w.folder, "/tmp/plimsoll-scaler.XXXXXX");
	if (!mkdtemp(w.folder))
		return -1;
	w.loop = loop_new();
	w.store = store_new(&(struct store_options){.agents_max = 4, .rows_max = 100});
	open_scaler();
	return 0;
}

static int end(void **state)
{
	char command[96];

	(void)state;
	close_scaler();
	store_free(w.store);
	loop_timer_close(w.deadline);
	loop_free(w.loop);
	snprintf(command, sizeof(command), "rm -rf '%s'", w.folder);
	return system(command);
}

static void set_text(const char *text)
{
	struct manifests all = {0};
	struct err e;

	if (manifests_parse("web.yaml", text, strlen(text), &all, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	scaler_set(w.scaler, &all);
	assert_int_equal(all.n, 0);
}

static void set_policy(const char *mode, int down_s, const char *hook)
{
	scoped(freep) char *text = mem_printf(policy_text, mode, down_s, hook);

	set_text(text);
}

static void name_replicas(struct second *x)
{
	char path[32];

	for (uint32_t i = 1; i <= REPLICAS; i++) {
		snprintf(path, sizeof(path), "/web/%u", i);
		second_name(x, i, path);
	}
}

/* One second in which each replica uses so much, then a tick. */
static void pass(uint64_t milli)
{
	struct second x;
	uint64_t held, t = ++w.second;

	if (t == 1) {
		second(&x, 1, 0, S, false);
		name_replicas(&x);
		w.node = fleet_hello(w.store, "node", &x, T0 + S, &held);
	}
	w.cpu_ns += milli * MS;
	second(&x, 1, t, t * S, t == 1);
	for (uint32_t i = 1; i <= REPLICAS; i++)
		second_row(&x, i, w.cpu_ns, 0);
	assert_int_equal(fleet_put(w.store, w.node, &x, T0 + t * S), 0);
	scaler_tick(w.scaler, (clock_boot_t){T0 + t * S});
}

static void pass_seconds(unsigned n, uint64_t milli)
{
	while (n--)
		pass(milli);
}

static void too_late(void *data)
{
	(void)data;
	w.late = true;
	loop_stop(w.loop);
}

/* Until the outcome of the running order is told. */
static void await_outcome(void)
{
	unsigned before = w.told;

	if (!w.deadline)
		w.deadline = loop_timer_new(w.loop, too_late, NULL);
	loop_timer_start(w.deadline, PATIENCE, 0);
	while (w.told == before && !w.late)
		loop_run(w.loop);
	loop_timer_stop(w.deadline);
	assert_false(w.late);
}

static uint64_t decisions_made(void)
{
	return decisions_last_id(w.decisions);
}

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

/* --- HorizontalPodAutoscaler -------------------------------------------------------------------- */

#define HPA_PERIOD 3 /* seconds between two passes */

static const char hpa_text[] = "apiVersion: autoscaling/v2\n"
			       "kind: HorizontalPodAutoscaler\n"
			       "metadata:\n"
			       "  name: web\n"
			       "  annotations:\n"
			       "    plimsoll.io/replicas: \"%s\"\n"
			       "%s"
			       "    plimsoll.io/mode: %s\n"
			       "    plimsoll.io/exec: \"[/bin/sh, -c, '%s']\"\n"
			       "spec:\n"
			       "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
			       "  minReplicas: 1\n"
			       "  maxReplicas: 20\n"
			       "  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, "
			       "averageUtilization: 60}}}]\n"
			       "  behavior: {scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 15}]}}\n";
#define REQUEST "    plimsoll.io/cpu-request: 250m\n"

static void set_hpa(const char *replicas, const char *request, const char *mode, const char *hook)
{
	scoped(freep) char *text = mem_printf(hpa_text, replicas, request, mode, hook);

	w.scaler->hpa_period_ns = HPA_PERIOD * S;
	set_text(text);
}

static const struct hpa_condition *condition(enum hpa_condition_type type)
{
	const struct hpa_status *s = &scaler_find(w.scaler, "web")->hpa->state.status;

	for (size_t i = 0; i < s->n_conditions; i++)
		if (s->condition[i].type == type)
			return &s->condition[i];
	fail_msg("there is no %s", hpa_status_word(type));
	return NULL;
}

static void says(enum hpa_condition_type type, bool is_true, const char *reason, const char *words)
{
	const struct hpa_condition *c = condition(type);

	if (c->is_true != is_true || strcmp(c->reason, reason) != 0 || !strstr(c->message, words))
		fail_msg("%s is %d, %s: %s", hpa_status_word(type), c->is_true, c->reason, c->message);
}

/* What `explain` says of it has all of these texts. */
static void explained(uint64_t id, const char *const *texts)
{
	scoped(buf_done) struct buf text = {0};
	scoped(freep) char *record = NULL;
	struct decision x;

	assert_int_equal(decisions_get(w.decisions, id, &x, &record), 0);
	assert_int_equal(explain_decision(&x, record, &text, NULL), 0);
	for (; *texts; texts++)
		if (!strstr(buf_text(&text), *texts))
			fail_msg("\"%s\" is not in\n%s", *texts, buf_text(&text));
}

/* 210m of 250m: 84 % of 60 %. 4 x 84 / 60 = 5.6, so 6; one pod per 15 s is allowed. */
static void an_hpa_is_decided_on_as_in_kubernetes(void **state)
{
	static const char *const texts[] = {"4 -> 5", "HorizontalPodAutoscaler web",
					    "cpu 84 % of request over 4 of 4 pods (840m of 1000m); target 60 %",
					    "4 x 84 / 60 = 5.60, rounded up: asks for 6",
					    "scaleUp policy Pods 1 per 15 s: 4 + 1 = 5\n",
					    "4 -> 5, limited to 5 by scaleUp policy Pods 1 per 15 s (ScaleUpLimit: ",
					    "give the same outcome again, byte for byte", NULL};

	(void)state;
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	pass_seconds(3 * HPA_PERIOD + 1, 150); /* the first pass is in the first second */
	assert_int_equal(decisions_made(), 0);
	says(HPA_SCALING_ACTIVE, true, "ValidMetricFound", "cpu resource utilization");
	says(HPA_ABLE_TO_SCALE, true, "ReadyForNewScale", "matches current size");
	while (!decisions_made())
		pass(210);
	await_outcome();
	assert_string_equal(w.last.outcome, DECISION_APPLIED);
	assert_string_equal(w.last.reason, "step-limit");
	assert_int_equal(w.last.to, 5);
	says(HPA_ABLE_TO_SCALE, true, "SucceededRescale", "update the target scale to 5");
	says(HPA_SCALING_LIMITED, true, "ScaleUpLimit", "increasing faster");
	explained(1, texts);
	pass_seconds(2 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 1); /* one pod was added in the last 15 s */
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 2);
	await_outcome();
	assert_int_equal(w.last.to, 6);
}

static void an_hpa_without_a_request_says_so_and_does_nothing(void **state)
{
	(void)state;
	set_hpa("/web/*", "", "Enforce", "true");
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 0);
	says(HPA_SCALING_ACTIVE, false, "FailedGetResourceMetric", "missing request for cpu in container");
	assert_string_equal(w.hold.reason, "blind");
	assert_int_equal(w.hold.to, 4);
}

static void an_hpa_that_observes_writes_nothing(void **state)
{
	(void)state;
	set_hpa("/web/*", REQUEST, "Observe", "touch /nonexistent/never");
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 1);
	assert_string_equal(w.last.outcome, DECISION_OBSERVED);
	assert_int_equal(w.last.to, 5);
	says(HPA_ABLE_TO_SCALE, false, "FailedUpdateScale", "observes only");
}

static void an_hpa_does_not_shrink_when_nobody_reports(void **state)
{
	(void)state;
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	pass_seconds(4 * HPA_PERIOD, 150);
	for (int i = 0; i < 200; i++)
		scaler_tick(w.scaler, (clock_boot_t){T0 + ++w.second * S});
	assert_int_equal(decisions_made(), 0);
	says(HPA_SCALING_ACTIVE, false, "FailedGetResourceMetric", "no metrics returned from resource metrics API");
	assert_int_equal(scaler_find(w.scaler, "web")->verdict.to, 4);
}

static void an_hpa_whose_replicas_nobody_knows_has_no_scale(void **state)
{
	(void)state;
	set_hpa("/elsewhere/*", REQUEST, "Enforce", "true");
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 0);
	says(HPA_ABLE_TO_SCALE, false, "FailedGetScale", "Plimsoll knows no replica of Deployment default/web");
}

/* `other` is a document of the name web; it is called alt. */
static void set_hpa_beside(const char *replicas, char *other)
{
	scoped(freep) char *hpa = mem_printf(hpa_text, replicas, REQUEST, "Enforce", "true"), *both = NULL;

	memcpy(strstr(other, "name: web") + strlen("name: "), "alt", 3);
	both = mem_printf("%s---\n%s", hpa, other);
	w.scaler->hpa_period_ns = HPA_PERIOD * S;
	set_text(both);
}

static void two_hpas_on_one_pod_decide_nothing(void **state)
{
	scoped(freep) char *other = mem_printf(hpa_text, "/web/3", REQUEST, "Enforce", "true");
	const struct scaler_workload *first;

	(void)state;
	set_hpa_beside("/web/*", other);
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 0);
	says(HPA_SCALING_ACTIVE, false, "AmbiguousSelector",
	     "pods by selector /web/* are controlled by multiple HPAs: [web alt]");
	says(HPA_ABLE_TO_SCALE, true, "SucceededGetScale", "");
	assert_string_equal(w.hold.reason, "ambiguous");
	assert_string_equal(scaler_find(w.scaler, "alt")->rivals.text, "[alt web]"); /* whose pod is the other's first */
	assert_int_equal(scaler_find(w.scaler, "alt")->verdict.reason, VERDICT_AMBIGUOUS);
	assert_int_equal(rivals_count(w.scaler, true, &first), 2);
	assert_string_equal(first->manifest.policy.name, "web");
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	pass_seconds(HPA_PERIOD + 1, 210);
	says(HPA_SCALING_ACTIVE, true, "ValidMetricFound", "");
	assert_int_equal(decisions_made(), 1);
	await_outcome();
	assert_int_equal(rivals_count(w.scaler, true, &first), 0);
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

/* One of them may: the one that is no HPA, though it comes second. */
static void an_hpa_gives_way_to_a_scaling_policy(void **state)
{
	scoped(freep) char *other = mem_printf(policy_text, "Enforce", 300, "true");

	(void)state;
	set_hpa_beside("/web/**", other);
	pass_seconds(3, 150);
	pass_seconds(1, 200);
	assert_int_equal(decisions_made(), 1);
	await_outcome();
	assert_string_equal(w.last.workload, "alt");
	assert_int_equal(w.last.to, 6);
	pass_seconds(2 * HPA_PERIOD, 200);
	says(HPA_SCALING_ACTIVE, false, "AmbiguousSelector", "[web alt]");
	assert_int_equal(decisions_made(), 1);
}

/* Of two metrics one has no source: by the other it grows, never shrinks, and says why and what to do. */
static void an_external_metric_is_said_to_have_no_source(void **state)
{
	static const char beside[] = "  metrics: [{type: External, external: {metric: {name: lag}, target: {type: AverageValue, "
				     "averageValue: 5}}}, ";
	static const char *const texts[] = {
		"4 -> 5", "not known        external metric lag: could not be had, target 5\n",
		"FailedGetExternalMetric: unable to get external metric default/lag/nil: unable to fetch metrics from external "
		"metrics API: Plimsoll has no source of external metrics; scale on Resource metrics or on the Pods metrics",
		"the same outcome again, byte for byte", NULL};
	scoped(freep) char *text = mem_printf(hpa_text, "/web/*", REQUEST, "Enforce", "true"), *both = NULL;
	char *at = strstr(text, "  metrics: ["), metric[64];
	const char *first = "";

	(void)state;
	both = mem_printf("%.*s%s%s", (int)(at - text), text, beside, at + strlen("  metrics: ["));
	w.scaler->hpa_period_ns = HPA_PERIOD * S;
	set_text(both);
	pass_seconds(2 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 1);
	await_outcome();
	explained(1, texts);
	for (int i = 0; i < 400; i++) /* longer than scaleDown's window */
		pass(10);
	assert_int_equal(decisions_made(), 1);
	says(HPA_SCALING_ACTIVE, false, "FailedGetExternalMetric", "or leave this HPA to Kubernetes");
	assert_int_equal(policies_unmeasured(w.scaler, &first, metric, sizeof(metric)), 1);
	assert_string_equal(first, "web");
	assert_string_equal(metric, "external metric lag");
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	assert_int_equal(policies_unmeasured(w.scaler, &first, metric, sizeof(metric)), 0);
}

static void an_hpa_is_held_by_the_brake(void **state)
{
	struct pause p = {.workload = "web", .why = "a person looks"};

	(void)state;
	set_hpa("/web/*", REQUEST, "Enforce", "true");
	decisions_pause(w.decisions, &p);
	pass_seconds(4 * HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 0);
	assert_string_equal(w.hold.reason, "paused");
	assert_true(decisions_resume(w.decisions, "web"));
	pass_seconds(HPA_PERIOD, 210);
	assert_int_equal(decisions_made(), 1);
	await_outcome();
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		test(a_decision_is_written_down_and_carried_out),
		test(a_hook_that_fails_is_asked_again_later),
		test(a_brake_holds_until_it_is_released),
		test(who_observes_says_a_thing_once),
		test(silence_never_shrinks),
		test(a_restart_knows_what_was_ordered),
		test(a_policy_read_again_keeps_its_windows),
		test(an_order_keeps_its_decision_over_a_change_of_mode),
		test(an_order_cut_off_by_the_end_says_so),
		test(an_hpa_is_decided_on_as_in_kubernetes),
		test(an_hpa_without_a_request_says_so_and_does_nothing),
		test(an_hpa_that_observes_writes_nothing),
		test(an_hpa_does_not_shrink_when_nobody_reports),
		test(an_external_metric_is_said_to_have_no_source),
		test(two_hpas_on_one_pod_decide_nothing),
		test(who_is_deposed_orders_nothing),
		test(scaling_policies_that_overlap_are_told),
		test(an_hpa_gives_way_to_a_scaling_policy),
		test(an_hpa_whose_replicas_nobody_knows_has_no_scale),
		test(an_hpa_is_held_by_the_brake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
