/* SPDX-License-Identifier: Apache-2.0 */
/* What the store makes of its rows: views of workloads, summaries, and who is still there. */
#include <errno.h>

#include "app.h"

static void rates_and_idle_rows(void **state)
{
	struct store *s = new_store();
	struct view v;

	(void)state;
	run(s, 1, 10, 20);
	view_at(s, 20, &v);
	assert_int_equal(v.replicas, 2);
	assert_int_equal(v.nodes, 1);
	assert_int_equal(v.nodes_silent, 0);
	assert_string_equal(v.replica[0].name, "node-a:/app/one");
	assert_true(v.replica[0].cpu_known && v.replica[0].runq_known);
	assert_int_equal(v.replica[0].cpu_milli, 500);
	assert_in_range(v.replica[0].runq_permille, 332, 334);
	assert_int_equal(v.replica[0].window_ns, WINDOW);
	assert_int_equal(v.replica[0].sample_age_ns, 0);
	assert_int_equal(v.replica[0].age_ns, 10 * S);
	/* Left out since the keyframe: unchanged, so fresh and idle, not missing. */
	assert_string_equal(v.replica[1].name, "node-a:/app/two");
	assert_true(v.replica[1].cpu_known);
	assert_int_equal(v.replica[1].cpu_milli, 0);
	assert_int_equal(v.replica[1].sample_age_ns, 0);
	store_free(s);
}

static void one_sample_is_no_rate(void **state)
{
	struct store *s = new_store();
	struct view v;

	(void)state;
	run(s, 1, 10, 10);
	view_at(s, 10, &v);
	assert_int_equal(v.replicas, 2);
	assert_false(v.replica[0].cpu_known);
	assert_false(v.replica[1].cpu_known);
	store_free(s);
	s = new_store();
	run(s, 1, 10, 11);
	view_at(s, 11, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].window_ns, S);
	store_free(s);
}

static void silence_is_missing_not_zero(void **state)
{
	struct store *s = new_store();
	struct store_node *n;
	struct view v;

	(void)state;
	n = run(s, 1, 10, 20);
	view_at(s, 23, &v);
	assert_true(v.replica[0].cpu_known);
	assert_int_equal(v.replica[0].sample_age_ns, 3 * S);
	view_at(s, 24, &v);
	assert_int_equal(v.replicas, 2);
	assert_int_equal(v.nodes_silent, 1);
	assert_false(v.replica[0].cpu_known);
	assert_false(v.replica[1].cpu_known);
	store_expire(s, (clock_boot_t){ n->arrival_ns + STORE_SILENT_KEEP_NS - S });
	assert_int_equal(store_rows(s), 2);
	store_expire(s, (clock_boot_t){ n->arrival_ns + STORE_SILENT_KEEP_NS + S });
	assert_int_equal(store_rows(s), 0);
	assert_int_equal(store_counters(s)->rows_expired, 2);
	view_at(s, 1000, &v);
	assert_int_equal(v.replicas, 0);
	store_expire(s, (clock_boot_t){ T0 + 1200 * S });
	assert_int_equal(store_nodes(s), 0);
	assert_int_equal(store_counters(s)->nodes_expired, 1);
	store_free(s);
}

/* An agent that samples every `period` seconds, whose row 1 uses half a CPU; three samples, the last at second 3 x period. */
static struct store_node *run_slow(struct store *s, uint64_t interval_ns, uint64_t period)
{
	struct store_node *n;
	struct second x;
	uint64_t held;

	second(&x, 1, 0, period * S, false);
	second_name(&x, 1, "/app/one");
	n = fleet_hello_slow(s, "node-a", &x, T0 + period * S + LATE, interval_ns, &held);
	for (uint64_t i = 1; i <= 3; i++) {
		second(&x, 1, i, i * period * S, i == 1);
		second_row(&x, 1, i * period * S / 2, 0);
		put_at(s, n, &x, i * period);
	}
	return n;
}

/* How old a sample may be goes by how often its agent takes one. */
static void a_slow_agent_is_fresh_between_its_samples(void **state)
{
	struct store_summary sum;
	struct store *s = new_store();
	struct view v;

	(void)state;
	run_slow(s, 15 * S, 15);
	for (uint64_t t = 45; t <= 90; t += 15) {
		view_at(s, t, &v);
		assert_int_equal(v.replica[0].period_ns, 15 * S);
		assert_int_equal(v.replica[0].sample_age_ns, (t - 45) * S);
		assert_true(v.replica[0].cpu_known);
		assert_int_equal(v.replica[0].cpu_milli, 500);
		assert_int_equal(v.nodes_silent, 0);
	}
	store_summarize(store_find_workload(s, "app"), (clock_boot_t){T0 + 90 * S + LATE}, WINDOW, FRESH, &sum);
	assert_true(sum.cpu_cores.known);
	view_at(s, 91, &v);
	assert_false(v.replica[0].cpu_known);
	assert_int_equal(v.nodes_silent, 1);
	store_summarize(store_find_workload(s, "app"), (clock_boot_t){T0 + 91 * S + LATE}, WINDOW, FRESH, &sum);
	assert_false(sum.cpu_cores.known);
	store_free(s);
}

/* Or a node could make its last word hold for hours. */
static void who_says_it_is_slower_than_agents_are_is_not_believed(void **state)
{
	struct store *s = new_store();
	struct view v;

	(void)state;
	run_slow(s, 3600 * S, 60);
	view_at(s, 180 + 180, &v);
	assert_true(v.replica[0].cpu_known);
	view_at(s, 180 + 181, &v);
	assert_false(v.replica[0].cpu_known);
	assert_int_equal(v.nodes_silent, 1);
	store_free(s);
}

static void limits_are_counted(void **state)
{
	struct store *s = store_new(&(struct store_options){ .agents_max = 1, .rows_max = 1 });
	struct store_source source = { .node = "other", .boot_id = "", .agent_version = "" };
	struct store_node *n = NULL;
	struct second x;
	uint64_t held;

	(void)state;
	run(s, 1, 10, 11);
	assert_int_equal(store_rows(s), 1);
	assert_true(store_counters(s)->rows_over_limit > 0);
	assert_int_equal(store_counters(s)->refused[STORE_REFUSED_UNKNOWN_ROW], 0);
	second(&x, 1, 0, S, false);
	assert_int_equal(store_hello(s, &source, &x.b, (clock_boot_t){ T0 }, &n, &held), -ENOSPC);
	assert_null(n);
	assert_int_equal(store_counters(s)->agents_over_limit, 1);
	store_free(s);
}

static void gone_rows_leave_the_view(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_row(&x, 2, 6 * S, 0); /* its last second comes with its end */
	x.gone[x.b.n_gone++] = 2;
	put_at(s, n, &x, 21);
	view_at(s, 21, &v);
	assert_int_equal(v.replicas, 1);
	assert_int_equal(store_rows(s), 1);
	assert_non_null(n->gone); /* kept for a while */
	assert_int_equal(n->gone->value[SIGNAL_CPU_NS], 6 * S);
	store_expire(s, (clock_boot_t){ T0 + 21 * S + STORE_GONE_KEEP_NS - 2 * S });
	assert_non_null(n->gone);
	store_expire(s, (clock_boot_t){ T0 + 21 * S + STORE_GONE_KEEP_NS + 2 * S });
	assert_null(n->gone);
	/* Not in a keyframe: ended without our hearing of it. */
	second(&x, 1, 13, 22 * S, true);
	put_at(s, n, &x, 22);
	assert_int_equal(store_rows(s), 0);
	store_free(s);
}

static void workloads_and_groups(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct seen seen = { 0 };
	struct store_workload *one;
	struct second x;
	struct view v;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_name(&x, 3, "/system.slice/ssh.service");
	x.identity[0].kind = STORE_KIND_UNIT;
	second_name(&x, 4, "/kubepods/pod1/aaa");
	second_name(&x, 5, "/kubepods/pod1/bbb");
	x.identity[1].kind = x.identity[2].kind = STORE_KIND_POD_CONTAINER;
	x.identity[1].pod_uid = x.identity[2].pod_uid = "1-2-3";
	put_at(s, n, &x, 21);
	one = store_workload(s, "zz-one", "/app/one");
	store_each(s, (clock_boot_t){ T0 + 21 * S }, WINDOW, FRESH, note, &seen);
	assert_string_equal(seen.names, "zz-one pod/1-2-3 ssh.service ");
	assert_int_equal(seen.n, 4);
	/* The first policy keeps a row; forgetting it lets the next one have it. */
	view_at(s, 21, &v);
	assert_int_equal(v.replicas, 1);
	assert_true(store_counters(s)->rows_ambiguous > 0);
	store_forget(s, one);
	view_at(s, 21, &v);
	assert_int_equal(v.replicas, 2);
	assert_null(store_find_workload(s, "zz-one"));
	/* A policy may change its glob. */
	store_workload(s, "app", "/nothing");
	assert_int_equal(store_view(store_find_workload(s, "app"), (clock_boot_t){ T0 }, WINDOW,
				    FRESH, &v),
			 0);
	assert_int_equal(v.replicas, 0);
	store_free(s);
}

/* As each reload of policies asks for it, mostly in the order that they have. */
static void an_order_that_is_there_moves_no_row(void **state)
{
	struct store *s = new_store();
	struct store_workload *order[2] = { store_workload(s, "app", "/app/*"), store_workload(s, "one", "/app/one") };
	uint64_t ambiguous;
	struct view v;

	(void)state;
	run(s, 1, 10, 20);
	view_at(s, 20, &v);
	assert_int_equal(v.replicas, 2);
	ambiguous = store_counters(s)->rows_ambiguous;
	store_arrange(s, order, 2);
	view_at(s, 20, &v);
	assert_int_equal(store_counters(s)->rows_ambiguous, ambiguous);
	order[1] = order[0];
	order[0] = store_find_workload(s, "one");
	store_arrange(s, order, 2);
	view_at(s, 20, &v);
	assert_int_equal(v.replicas, 1);
	store_free(s);
}

static uint32_t replicas_of(struct store *s, struct store_workload *w)
{
	struct view v;

	(void)s;
	assert_int_equal(store_view(w, (clock_boot_t){T0 + 20 * S}, WINDOW, FRESH, &v), 0);
	return v.replicas;
}

/* Rows one and two. An HPA sees all that it selects, a ScalingPolicy what is its own, and each knows of the other. */
static void who_shares_rows_is_a_rival(void **state)
{
	struct store *s = new_store();
	struct store_workload *hpa = store_workload(s, "hpa", "/app/*"), *other = store_workload(s, "other", "/app/t*"),
			      *vpa = store_workload(s, "vpa", "/app/**");
	const char *name[4];

	(void)state;
	store_set_role(hpa, STORE_CONTROLS);
	store_set_role(vpa, STORE_WATCHES);
	run(s, 1, 10, 20);
	assert_int_equal(replicas_of(s, hpa), 2);
	assert_int_equal(replicas_of(s, other), 1); /* though it is not the first */
	assert_int_equal(replicas_of(s, vpa), 2);
	assert_int_equal(store_rivals(hpa, name, 4), 1);
	assert_string_equal(name[0], "other");
	assert_int_equal(store_rivals(other, name, 4), 1);
	assert_string_equal(name[0], "hpa");
	store_set_role(other, STORE_CONTROLS);
	assert_int_equal(replicas_of(s, other), 1);
	assert_int_equal(store_rivals(other, name, 4), 1);
	assert_int_equal(store_rivals(other, name, 0), 0);
	store_forget(s, hpa);
	assert_int_equal(store_rivals(other, name, 4), 0);
	assert_int_equal(replicas_of(s, vpa), 2);
	store_free(s);
}

/* Whoever goes first, the row or one of those that select it, nothing points to what is gone. */
static void shared_rows_and_their_workloads_come_and_go(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct store_workload *w[6];
	char path[] = "/app/**", name[] = "w0";
	struct second x;

	(void)state;
	for (size_t i = 0; i < 6; i++, name[1]++) {
		path[6] = i % 2 ? '*' : '\0';
		w[i] = store_workload(s, name, path);
		store_set_role(w[i], (enum store_role)(2 - i / 2));
	}
	assert_int_equal(replicas_of(s, w[0]), 2);
	second(&x, 1, 12, 21 * S, false);
	x.gone[x.b.n_gone++] = 1;
	put_at(s, n, &x, 21);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(replicas_of(s, w[i]), 1);
	assert_int_equal(replicas_of(s, w[4]), 1); /* of the policies the first */
	assert_int_equal(replicas_of(s, w[5]), 0);
	store_forget(s, w[4]); /* it is nobody's now until somebody looks, … */
	store_forget(s, w[1]);
	second(&x, 1, 13, 22 * S, false);
	x.gone[x.b.n_gone++] = 2; /* … which it does not live to see */
	put_at(s, n, &x, 22);
	for (size_t i = 0; i < 4; i += 2)
		assert_int_equal(replicas_of(s, w[i]), 0);
	store_free(s);
}

static void wait_percentile(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct store_summary sum;
	struct second x;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_row(&x, 1, 21 * S / 2, 21 * S / 4);
	x.b.hist[0].n = 1;
	x.hist_bucket[0] = hist_bucket(3 * MS);
	x.hist_count[0] = 40;
	put_at(s, n, &x, 21);
	store_summarize(store_workload(s, "app", "/app/*"), (clock_boot_t){ T0 + 21 * S + LATE },
			WINDOW, FRESH, &sum);
	assert_true(sum.runq_wait_p95_ns.known);
	assert_in_range((uint64_t)sum.runq_wait_p95_ns.value, 2 * MS, 5 * MS);
	store_free(s);
}

/* Second `t` of the agent of run(), with one bucket of row 1 of which it says how many waits there ever were. */
static void waited(struct store *s, struct store_node *n, uint64_t t, bool keyframe, uint64_t wait_ns, uint32_t count)
{
	struct second x;

	second(&x, 1, t - 9, t * S, keyframe);
	second_row(&x, 1, t * S / 2, t * S / 4);
	x.hist_bucket[0] = hist_bucket(wait_ns);
	x.hist_count[0] = count;
	x.b.hist[0].n = 1;
	put_at(s, n, &x, t);
}

static struct store_value p95_at(struct store *s, uint64_t t)
{
	struct store_summary sum;

	store_summarize(store_workload(s, "app", "/app/*"), (clock_boot_t){T0 + t * S + LATE}, WINDOW, FRESH, &sum);
	return sum.runq_wait_p95_ns;
}

/* A stream tells only buckets that changed, and of those all that they ever counted. */
static void a_row_that_begins_in_mid_stream_has_no_waits_of_before(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;

	(void)state;
	waited(s, n, 21, false, 100 * MS, 5000);
	waited(s, n, 22, false, 3 * MS, 1000);
	second(&x, 1, 14, 23 * S, false);
	second_row(&x, 1, 0, 0); /* what cannot be: from here on it begins anew */
	put_at(s, n, &x, 23);
	assert_false(p95_at(s, 23).known);
	waited(s, n, 24, false, 3 * MS, 1001);
	waited(s, n, 25, false, 3 * MS, 1002);
	waited(s, n, 26, false, 100 * MS, 5001);
	waited(s, n, 27, false, 3 * MS, 1022); /* 20 of 3 ms, and of 100 ms nobody knows */
	assert_in_range((uint64_t)p95_at(s, 27).value, 2 * MS, 5 * MS);
	waited(s, n, 28, true, 3 * MS, 1022);
	waited(s, n, 29, false, 20 * MS, 2000); /* a keyframe had none of those */
	assert_in_range((uint64_t)p95_at(s, 29).value, 16 * MS, 25 * MS);
	store_free(s);
}

/* Second `t` of an agent whose row 1 answered so many requests, `failed` of them with an error; row 2 answers none. Of their
 * durations the bucket of 3 ms is told. */
static void answered(struct store *s, struct store_node *n, uint64_t t, bool keyframe, uint32_t requests, uint32_t failed)
{
	struct second x;

	second(&x, 1, t - 9, t * S, keyframe);
	second_row(&x, 1, t * S / 2, t * S / 4);
	x.column[SIGNAL_REQUESTS][0] = requests;
	x.column[SIGNAL_REQUEST_ERRORS][0] = failed;
	if (keyframe)
		second_row(&x, 2, 5 * S, 0);
	x.b.hist[1] = x.b.hist[0];
	x.hist_bucket[0] = SIGNAL_HIST_REQUEST * HIST_BUCKETS + hist_bucket(3 * MS);
	x.hist_count[0] = requests;
	x.b.hist[1].n = requests != 0;
	put_at(s, n, &x, t);
}

static struct store_node *answering(struct store *s)
{
	struct second x;
	uint64_t held;

	second(&x, 1, 0, 10 * S, false);
	second_name(&x, 1, "/app/one");
	second_name(&x, 2, "/app/two");
	return fleet_hello(s, "node-a", &x, T0 + 10 * S + LATE, &held);
}

static void sum_at(struct store *s, uint64_t t, struct store_summary *ret)
{
	store_summarize(store_workload(s, "app", "/app/*"), (clock_boot_t){T0 + t * S + LATE}, WINDOW, FRESH, ret);
}

static void requests_are_summed_up(void **state)
{
	struct store *s = new_store();
	struct store_node *n = answering(s);
	struct store_summary sum;

	(void)state;
	answered(s, n, 10, true, 1000, 500); /* before anybody looked */
	sum_at(s, 10, &sum);
	assert_false(sum.requests_per_second.known);
	for (uint64_t t = 11; t <= 30; t++)
		answered(s, n, t, false, (uint32_t)(1000 + 20 * (t - 10)), (uint32_t)(500 + 5 * (t - 10)));
	sum_at(s, 30, &sum);
	assert_float_equal(sum.requests_per_second.value, 20, 0.01);
	assert_float_equal(sum.request_error_share.value, 0.25, 0.001);
	assert_float_equal(sum.requests_per_second.coverage, 1, 0.001);
	assert_in_range((uint64_t)sum.request_p50_ns.value, 2 * MS, 5 * MS);
	assert_in_range((uint64_t)sum.request_p99_ns.value, 2 * MS, 5 * MS);
	sum_at(s, 31, &sum);
	assert_int_equal(sum.request_p95_ns.age_ns, S);
	store_free(s);
}

/* No request is a rate of 0, but has no duration and no share of errors. */
static void no_request_has_no_duration(void **state)
{
	struct store *s = new_store();
	struct store_node *n = answering(s);
	struct store_summary sum;

	(void)state;
	for (uint64_t t = 10; t <= 20; t++)
		answered(s, n, t, t == 10, 0, 0);
	sum_at(s, 20, &sum);
	assert_true(sum.requests_per_second.known && sum.requests_per_second.value == 0);
	assert_false(sum.request_error_share.known || sum.request_p50_ns.known || sum.request_p99_ns.known);
	answered(s, n, 21, false, 20, 20); /* the first, after a rest: over the window, not over its second */
	sum_at(s, 21, &sum);
	assert_in_range((uint64_t)sum.requests_per_second.value, 2, 4);
	assert_true(sum.request_error_share.value == 1 && sum.request_p95_ns.known);
	store_free(s);
}

/* Or ceases to: what it counted before is no news when it hears again. */
static void who_hears_no_requests_has_none(void **state)
{
	struct store *s = new_store();
	struct store_node *n = answering(s);
	struct store_summary sum;
	struct second x;

	(void)state;
	answered(s, n, 10, true, 1000, 0);
	for (uint64_t t = 11; t <= 20; t++)
		answered(s, n, t, false, (uint32_t)(1000 + 20 * (t - 10)), 0);
	second(&x, 1, 12, 21 * S, false);
	second_row(&x, 1, 21 * S / 2, 21 * S / 4);
	x.flags[0] = SIGNAL_NO_REQUESTS;
	put_at(s, n, &x, 21);
	sum_at(s, 21, &sum);
	assert_true(sum.requests_per_second.known && sum.requests_per_second.value == 0); /* row 2 */
	assert_float_equal(sum.requests_per_second.coverage, 0.5, 0.001);
	assert_false(sum.request_p95_ns.known);
	answered(s, n, 22, false, 9000, 0);
	answered(s, n, 23, false, 9007, 0);
	sum_at(s, 23, &sum);
	assert_float_equal(sum.requests_per_second.value, 7, 0.01);
	store_free(s);
}

#define CONNECT (SIGNAL_HIST_CONNECT * HIST_BUCKETS + 20)

static uint32_t told(const struct store_row *r, uint32_t wanted)
{
	uint32_t bucket, count;

	for (size_t at = 0; buckets_next(&r->others, &at, &bucket, &count);)
		if (bucket == wanted)
			return count;
	return 0;
}

/* They go on over whatever makes a row begin anew, as its counters do; a new agent counts from 0. */
static void other_histograms_are_kept_for_readers(void **state)
{
	struct store *s = new_store();
	struct store_node *n = run(s, 1, 10, 20);
	struct second x;

	(void)state;
	second(&x, 1, 12, 21 * S, false);
	second_row(&x, 1, 0, 0); /* fell */
	x.b.hist[1] = x.b.hist[0];
	x.b.hist[1].n = 1;
	x.hist_bucket[0] = CONNECT;
	x.hist_count[0] = 9;
	put_at(s, n, &x, 21);
	assert_int_equal(told(map_get(n->rows, 1), CONNECT), 9);
	run(s, 2, 30, 31);
	assert_int_equal(told(map_get(n->rows, 1), CONNECT), 0);
	store_free(s);
}

/* One replica that runs a fifth of the time and waits four fifths, from its 10th second on. */
static struct store_node *waiting_hello(struct store *s)
{
	struct second x;
	uint64_t held;

	second(&x, 1, 0, 10 * S, false);
	second_name(&x, 1, "/app/one");
	return fleet_hello(s, "node-a", &x, T0 + 10 * S + LATE, &held);
}

static void waiting_second(struct second *x, uint64_t t)
{
	second(x, 1, t - 9, t * S, t == 10);
	second_row(x, 1, t * S / 5, t * 8 * S / 10);
}

/* A replica that a quota stops, as it comes second by second: of 0.8 s of wait 0.6 s are the quota's. */
static void a_quota_is_a_cause_of_its_own(void **state)
{
	struct store *s = new_store();
	struct store_workload *w = store_workload(s, "app", "/app/*");
	struct store_summary sum;
	struct store_node *n;
	struct second x;
	struct view v;

	(void)state;
	n = waiting_hello(s);
	for (uint64_t t = 10; t <= 20; t++) {
		waiting_second(&x, t);
		x.column[SIGNAL_CPU_THROTTLED_NS][0] = t * 6 * S / 10;
		x.column[SIGNAL_PSI_IO_SOME_NS][0] = t * S / 50;
		put_at(s, n, &x, t);
	}
	store_summarize(w, (clock_boot_t){T0 + 20 * S + LATE}, WINDOW, FRESH, &sum);
	assert_true(sum.saturation[SATURATION_CPU_THROTTLE].known);
	assert_in_range((uint64_t)(sum.saturation[SATURATION_CPU_THROTTLE].value * 1000), 590, 610);
	assert_in_range((uint64_t)(sum.saturation[SATURATION_CPU_RUNQUEUE].value * 1000), 190, 210);
	assert_in_range((uint64_t)(sum.saturation[SATURATION_IO].value * 1000), 16, 24);
	assert_int_equal(sum.advice, SATURATION_RAISE_CPU_LIMIT);
	assert_in_range((uint64_t)(sum.runq.value * 1000), 490, 510); /* 0.2 of 0.4: without the quota's */
	view_at(s, 20, &v);
	assert_in_range(v.replica[0].runq_permille, 490, 510);
	store_free(s);
}

/* Two replicas that wait for a CPU more than they run, and one that sleeps while its queue is full: what holds the workload
 * back is the run queue, by their mean, and so the advice is not that for the one that is held back most. */
static void the_advice_is_against_the_cause_that_is_told(void **state)
{
	struct store *s = new_store();
	struct store_workload *w = store_workload(s, "app", "/app/*");
	struct store_summary sum;
	struct store_node *n;
	struct second x;
	uint64_t held;

	(void)state;
	second(&x, 1, 0, 10 * S, false);
	second_name(&x, 1, "/app/one");
	second_name(&x, 2, "/app/two");
	second_name(&x, 3, "/app/three");
	n = fleet_hello(s, "node-a", &x, T0 + 10 * S + LATE, &held);
	for (uint64_t t = 10; t <= 20; t++) {
		second(&x, 1, t - 9, t * S, t == 10);
		second_row(&x, 1, t * 4 * S / 10, t * 6 * S / 10);
		second_row(&x, 2, t * 4 * S / 10, t * 6 * S / 10);
		second_row(&x, 3, t * S / 100, 0);
		x.column[SIGNAL_ACCEPT_QUEUE_FILL][2] = 1000;
		put_at(s, n, &x, t);
	}
	store_summarize(w, (clock_boot_t){T0 + 20 * S + LATE}, WINDOW, FRESH, &sum);
	assert_in_range((uint64_t)(sum.saturation[SATURATION_CPU_RUNQUEUE].value * 1000), 390, 401);
	assert_in_range((uint64_t)(sum.saturation[SATURATION_ACCEPT_QUEUE].value * 1000), 330, 334);
	assert_int_equal(sum.advice, SATURATION_ADD_REPLICAS);
	assert_int_equal(sum.by_what, SATURATION_CPU_RUNQUEUE);
	store_free(s);
}

/* It runs for 2 ms a second, and waits for 6: three quarters of the time that it wants. */
static void who_hardly_works_asks_for_nothing(void **state)
{
	struct store *s = new_store();
	struct store_workload *w = store_workload(s, "app", "/app/*");
	struct store_summary sum;
	struct store_node *n;
	struct second x;
	struct view v;

	(void)state;
	n = waiting_hello(s);
	for (uint64_t t = 10; t <= 20; t++) {
		second(&x, 1, t - 9, t * S, t == 10);
		second_row(&x, 1, t * 2 * MS, t * 6 * MS);
		put_at(s, n, &x, t);
	}
	view_at(s, 20, &v);
	assert_in_range(v.replica[0].runq_permille, 25, 35); /* 6 ms of a fifth of a second */
	store_summarize(w, (clock_boot_t){T0 + 20 * S + LATE}, WINDOW, FRESH, &sum);
	assert_in_range((uint64_t)(sum.runq.value * 1000), 25, 35);
	store_free(s);
}

static void unknown_groups_have_no_cause(void **state)
{
	struct store *s = new_store();
	struct store_summary sum;
	struct store_node *n;
	struct second x;

	(void)state;
	n = waiting_hello(s);
	for (uint64_t t = 10; t <= 14; t++) {
		waiting_second(&x, t);
		x.flags[0] = SIGNAL_NO_BANDWIDTH;
		x.b.unknown = SIGNAL_NO_TCP | SIGNAL_NO_LISTEN;
		put_at(s, n, &x, t);
	}
	store_summarize(store_workload(s, "app", "/app/*"), (clock_boot_t){T0 + 14 * S + LATE}, WINDOW,
			FRESH, &sum);
	assert_true(sum.saturation[SATURATION_CPU_RUNQUEUE].known);
	assert_false(sum.saturation[SATURATION_CPU_THROTTLE].known);
	assert_false(sum.saturation[SATURATION_NETWORK].known);
	assert_false(sum.saturation[SATURATION_ACCEPT_QUEUE].known);
	store_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_and_idle_rows),
		cmocka_unit_test(one_sample_is_no_rate),
		cmocka_unit_test(silence_is_missing_not_zero),
		cmocka_unit_test(a_slow_agent_is_fresh_between_its_samples),
		cmocka_unit_test(who_says_it_is_slower_than_agents_are_is_not_believed),
		cmocka_unit_test(limits_are_counted),
		cmocka_unit_test(gone_rows_leave_the_view),
		cmocka_unit_test(workloads_and_groups),
		cmocka_unit_test(an_order_that_is_there_moves_no_row),
		cmocka_unit_test(who_shares_rows_is_a_rival),
		cmocka_unit_test(shared_rows_and_their_workloads_come_and_go),
		cmocka_unit_test(wait_percentile),
		cmocka_unit_test(requests_are_summed_up),
		cmocka_unit_test(no_request_has_no_duration),
		cmocka_unit_test(who_hears_no_requests_has_none),
		cmocka_unit_test(a_row_that_begins_in_mid_stream_has_no_waits_of_before),
		cmocka_unit_test(other_histograms_are_kept_for_readers),
		cmocka_unit_test(a_quota_is_a_cause_of_its_own),
		cmocka_unit_test(the_advice_is_against_the_cause_that_is_told),
		cmocka_unit_test(who_hardly_works_asks_for_nothing),
		cmocka_unit_test(unknown_groups_have_no_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
