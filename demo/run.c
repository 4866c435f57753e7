/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/obj.h"
#include "demo/launch.h"
#include "demo/question.h"
#include "demo/run_state.h"
#include "demo/show.h"
#include "demo/step.h"

#define TICK_NS	      (100 * CLOCK_NS_PER_MS)
#define START_NS      (30 * CLOCK_NS_PER_S) /* daemons need 1 to 3 s; a machine that compiles, longer */
#define COLLECT_NS    (10 * CLOCK_NS_PER_S) /* three questions of at most 3 s each */
#define STOP_NS	      (6 * CLOCK_NS_PER_S)  /* then SIGKILL */

static void enter(struct run *r, enum run_phase phase)
{
	r->phase = phase;
	r->phase_began = clock_boot();
	r->questions = 0;
}

static uint64_t in_phase_ns(const struct run *r)
{
	return clock_since(clock_boot(), r->phase_began);
}

/* ---- ending ---- */

static void client_closed(void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	if (--r->clients == 0)
		loop_stop(r->loop);
}

static void close_clients(struct run *r)
{
	struct rpc_client *agent = r->to_agent, *aggregator = r->to_aggregator;

	if (!agent || !aggregator)
		return;
	r->to_agent = r->to_aggregator = NULL;
	rpc_client_close(agent, client_closed, r);
	rpc_client_close(aggregator, client_closed, r);
}

static void maybe_over(struct run *r)
{
	if (r->phase != RUN_STOP || r->agent || r->aggregator || r->top || !r->fleet_empty)
		return;
	if (r->clients > 0)
		close_clients(r);
	else
		loop_stop(r->loop);
}

static void signal_all(struct run *r, int signum)
{
	struct child *all[] = { r->top, r->aggregator, r->agent };

	for (size_t i = 0; i < 3; i++) {
		if (all[i])
			child_kill(all[i], signum);
	}
}

static void stop(struct run *r)
{
	if (r->phase == RUN_STOP)
		return;
	enter(r, RUN_STOP);
	load_stop(r->load);
	signal_all(r, SIGTERM);
	r->hook = hook_close(r->hook);
	(void)fleet_scale(r->fleet, 0, NULL);
}

static void fail(struct run *r, const struct err *e)
{
	if (!r->failed)
		r->err = *e;
	r->failed = true;
	stop(r);
}

static void be_fast(struct run *r)
{
	if (r->fast)
		return;
	r->fast = true;
	signal_all(r, SIGKILL);
	fleet_kill(r->fleet);
}

static void finish(struct run *r);

/* The screen may go whenever it likes: q and Ctrl-C in it end the demo. */
static void top_exited(struct child *c, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);
	struct err e;

	r->top = NULL;
	if (r->phase == RUN_LOAD && child_status(c) > 0 && child_status(c) != 128 + SIGINT) {
		err_set(&e, -ECHILD, "plimsoll top ended");
		err_cause(&e, "it %s", child_fate(c));
		fail(r, &e);
	} else if (r->phase == RUN_LOAD) {
		finish(r);
	}
	maybe_over(r);
}

static void died_early(struct run *r, const struct child *c)
{
	struct err e;

	err_set(&e, -ECHILD, "%s ended while the demo was running", child_name(c));
	err_cause(&e, "it %s", child_fate(c));
	err_fix(&e, "its last lines above say why");
	fail(r, &e);
}

static void daemon_exited(struct child *c, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);
	bool early = r->phase != RUN_STOP;

	*(r->agent == c ? &r->agent : &r->aggregator) = NULL;
	if ((early || child_status(c) != 0) && !r->fast)
		show_child_death(c);
	if (early) {
		died_early(r, c);
	} else if (child_status(c) != 0 && !r->fast && !r->failed) {
		r->failed = true;
		err_set(&r->err, -ECHILD, "%s did not end well", child_name(c));
		err_cause(&r->err, "it %s", child_fate(c));
	}
	maybe_over(r);
}

/* ---- the load ---- */

static const struct step_cycle *cycle(const struct run *r)
{
	return r->o->brisk ? &step_brisk : &step_shown;
}

static void begin(struct run *r)
{
	struct step s = step_at(cycle(r), 0);
	struct err e;

	enter(r, RUN_LOAD);
	load_set(r->load, s.per_s, s.each);
	show_step(r, &s);
	if (r->interactive && launch_top(r, top_exited, &e) < 0)
		fail(r, &e);
}

static void finish(struct run *r)
{
	r->report.elapsed_ns = in_phase_ns(r);
	enter(r, RUN_COLLECT);
	question_last(r);
}

static void answered(struct run *r)
{
	if (r->phase == RUN_START)
		begin(r);
	else
		stop(r);
}

static void step(struct run *r)
{
	struct step s = step_at(cycle(r), in_phase_ns(r));

	report_replicas(&r->report, fleet_replicas(r->fleet));
	if (s.number != r->step) {
		r->step = s.number;
		load_set(r->load, s.per_s, s.each);
		report_step(&r->report, s.name, clock_boot());
		show_step(r, &s);
	}
	question_news(r);
	if (r->o->seconds && in_phase_ns(r) >= r->o->seconds * CLOCK_NS_PER_S)
		finish(r);
}

static void wait_for_first_sample(struct run *r)
{
	struct err e;

	if (in_phase_ns(r) > START_NS) {
		err_set(&e, -ETIMEDOUT, "the aggregator saw no replica within %llu s",
			START_NS / CLOCK_NS_PER_S);
		err_cause(&e, "the agent does not sample, or its stream does not arrive");
		err_fix(&e, "the last lines of both daemons are above");
		show_child_death(r->agent);
		show_child_death(r->aggregator);
		fail(r, &e);
	} else {
		question_first_sample(r);
	}
}

static void tick(void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	switch (r->phase) {
	case RUN_START:
		wait_for_first_sample(r);
		break;
	case RUN_LOAD:
		step(r);
		break;
	case RUN_COLLECT:
		if (in_phase_ns(r) > COLLECT_NS)
			stop(r);
		break;
	case RUN_STOP:
		if (in_phase_ns(r) > STOP_NS)
			be_fast(r);
		break;
	}
}

/* First time: the last questions are still asked. Second time: at once. */
static void interrupted(int signum, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	(void)signum;
	switch (r->phase) {
	case RUN_START:
		stop(r);
		break;
	case RUN_LOAD:
		finish(r);
		break;
	case RUN_COLLECT:
	case RUN_STOP:
		stop(r);
		be_fast(r);
		break;
	}
}

/* ---- the fleet's and the hook's news ---- */

static void replica_lost(const char *name, const char *fate, const char *tail, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);
	struct err e;

	if (r->phase == RUN_STOP)
		return;
	err_set(&e, -ECHILD, "%s ended though nobody stopped it", name);
	err_cause(&e, "it %s%s%s", fate, tail[0] ? ": " : "", tail);
	fail(r, &e);
}

static void fleet_settled(void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	report_replicas(&r->report, fleet_replicas(r->fleet));
	if (r->hook)
		hook_settled(r->hook);
	r->fleet_empty = fleet_replicas(r->fleet) == 0;
	maybe_over(r);
}

static int scale_asked(const struct scale_request *request, void *data, struct err *e)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	if (strcmp(request->workload, RUN_WORKLOAD) != 0) {
		err_set(e, -ENOENT, "no workload %s here", request->workload);
		return err_cause(e, "the demo has one, \"" RUN_WORKLOAD "\"");
	}
	return fleet_scale(r->fleet, request->to, e);
}

/* ---- the beginning ---- */

static int start(struct run *r, struct err *e)
{
	const struct fleet_options f = { .loop = r->loop, .mounts = &r->mounts, .root = r->root,
					 .binary = r->binary, .load = r->load,
					 .lost = replica_lost, .settled = fleet_settled,
					 .data = r };
	int error;

	r->fleet = fleet_new(&f);
	if ((error = hook_listen(r->loop, r->place.hook, scale_asked, r, &r->hook, e)) < 0 ||
	    (error = fleet_scale(r->fleet, 1, e)) < 0)
		return error;
	return launch_daemons(r, daemon_exited, e);
}

static void live(struct run *r)
{
	struct err e;

	r->loop = loop_new();
	must(r->loop);
	r->load = load_new(r->loop);
	r->tick = loop_timer_new(r->loop, tick, r);
	r->interrupt = loop_signal_new(r->loop, SIGINT, interrupted, r);
	r->terminate = loop_signal_new(r->loop, SIGTERM, interrupted, r);
	r->hangup = loop_signal_new(r->loop, SIGHUP, interrupted, r);
	enter(r, RUN_START);
	if (start(r, &e) < 0)
		fail(r, &e);
	else
		show_place(r);
	loop_timer_start(r->tick, 0, TICK_NS);
	loop_run(r->loop);
	r->fleet = fleet_free(r->fleet);
	r->load = load_free(r->load);
	loop_timer_close(r->tick);
	loop_signal_end(r->interrupt);
	loop_signal_end(r->terminate);
	loop_signal_end(r->hangup);
	r->loop = loop_free(r->loop);
}

static void print_end(struct run *r)
{
	if (r->failed)
		err_print(&r->err, "plimsoll-demo", stderr);
	if (r->report.elapsed_ns == 0)
		return;
	if (r->o->json && !r->failed)
		report_json(&r->report, RUN_WORKLOAD, stdout);
	else if (!r->o->json)
		report_text(&r->report, stdout);
}

int run(const struct run_options *o)
{
	struct run r = { .magic = RUN_MAGIC, .o = o, .answered = answered };

	r.interactive = !o->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	signal(SIGPIPE, SIG_IGN);
	if (launch_prepare(&r, &r.err) < 0) {
		r.failed = true;
	} else {
		rpc_init(NULL);
		live(&r);
		rpc_shutdown();
	}
	if (r.root[0])
		(void)cgroup_remove(&r.mounts, r.root);
	place_remove(&r.place);
	print_end(&r);
	report_done(&r.report);
	return r.failed ? 1 : 0;
}
