/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/obj.h"
#include "demo/ask.h"
#include "demo/owner.h"
#include "demo/run_state.h"
#include "demo/show.h"
#include "demo/step.h"

#define TICK_NS	      (100 * CLOCK_NS_PER_MS)
#define ASK_EVERY     5 /* ticks: decisions are shown within half a second */
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
	load_rate(r->load, 0);
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

/* ---- questions ---- */

static void collect(struct run *r);

static void got_workloads(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);
	const Plimsoll__V1__ListWorkloadsResponse *l = (const void *)answer;

	(void)why; /* not up yet: START has its own deadline */
	r->asking = false;
	for (size_t i = 0; r->phase == RUN_START && l && i < l->n_workload; i++) {
		const Plimsoll__V1__Workload *w = l->workload[i];
		if (strcmp(w->name, RUN_WORKLOAD) == 0 && w->replicas > 0 && w->cpu_cores &&
		    w->cpu_cores->known)
			collect(r); /* the agent's counters at the beginning */
	}
}

static void take_decisions(struct run *r, const ProtobufCMessage *answer)
{
	report_decisions(&r->report, (const void *)answer);
	show_news(r);
}

static void got_news(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	(void)why; /* asked again in half a second */
	r->asking = false;
	if (answer && r->phase == RUN_LOAD)
		take_decisions(r, answer);
}

static void got_last_decisions(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	if (r->phase == RUN_STOP)
		return;
	if (answer)
		take_decisions(r, answer);
	else
		show_line(r, "the aggregator did not list its decisions: %s", why);
	stop(r);
}

static void ask_decisions(struct run *r, ask_answered_t answered)
{
	Plimsoll__V1__ListDecisionsRequest q = PLIMSOLL__V1__LIST_DECISIONS_REQUEST__INIT;

	q.limit = REPORT_DECISIONS;
	r->asking = true;
	ask(r->to_aggregator, ASK_DECISIONS, &q.base, answered, r);
}

static void got_aggregator(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	if (r->phase == RUN_STOP)
		return;
	if (answer)
		report_aggregator(r->report.aggregator, (const void *)answer);
	else
		show_line(r, "the aggregator did not tell its counters: %s", why);
	ask_decisions(r, got_last_decisions);
}

static void ask_status(struct rpc_client *c, ask_answered_t answered, struct run *r)
{
	Plimsoll__V1__StatusRequest q = PLIMSOLL__V1__STATUS_REQUEST__INIT;

	r->asking = true;
	ask(c, ASK_STATUS, &q.base, answered, r);
}

static void begin(struct run *r);

static void got_agent(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);
	bool first = r->phase == RUN_START;
	struct report *p = &r->report;

	r->asking = false;
	if (r->phase == RUN_STOP)
		return;
	if (!answer)
		show_line(r, "the agent did not tell its counters: %s", why);
	else
		report_agent(first ? p->agent_begin : p->agent_end, (const void *)answer);
	*(first ? &p->agent_begin_ns : &p->agent_end_ns) = clock_boot().ns;
	if (first)
		begin(r);
	else
		ask_status(r->to_aggregator, got_aggregator, r);
}

/* The chain of last questions: agent, aggregator, decisions, then stop(). */
static void collect(struct run *r)
{
	ask_status(r->to_agent, got_agent, r);
}

/* ---- the load ---- */

static int check_runnable(const char *path, struct err *e)
{
	if (access(path, X_OK) == 0)
		return 0;
	err_set(e, -errno, "cannot run %s", path);
	return err_fix(e, "./dev build makes it");
}

static void start_top(struct run *r)
{
	char path[PLACE_PATH + 16], server[PLACE_PATH + 16];
	char *argv[] = { path, "top", "--server", server, NULL };
	struct err e;

	snprintf(path, sizeof(path), "%s/plimsoll", r->bin);
	snprintf(server, sizeof(server), "unix:%s", r->place.aggregator_socket);
	const struct child_options o = { .name = "plimsoll top", .argv = argv, .socket = -1,
					 .death_signal = SIGTERM, .terminal = true,
					 .exited = top_exited, .data = r };
	if (check_runnable(path, &e) < 0 || child_start(r->loop, &o, &r->top, &e) < 0)
		fail(r, &e);
}

static void begin(struct run *r)
{
	struct step s = step_at(0);

	enter(r, RUN_LOAD);
	load_rate(r->load, s.per_s);
	show_step(r, s.per_s);
	if (r->interactive)
		start_top(r);
}

static void finish(struct run *r)
{
	r->report.elapsed_ns = in_phase_ns(r);
	enter(r, RUN_COLLECT);
	collect(r);
}

static void step(struct run *r)
{
	struct step s = step_at(in_phase_ns(r));

	report_replicas(&r->report, fleet_replicas(r->fleet));
	if (s.number != r->step) {
		r->step = s.number;
		load_rate(r->load, s.per_s);
		report_step(&r->report, clock_boot());
		show_step(r, s.per_s);
	}
	if (!r->asking && r->questions++ % ASK_EVERY == 0)
		ask_decisions(r, got_news);
	if (r->o->seconds && in_phase_ns(r) >= r->o->seconds * CLOCK_NS_PER_S)
		finish(r);
}

static void wait_for_first_sample(struct run *r)
{
	Plimsoll__V1__ListWorkloadsRequest q = PLIMSOLL__V1__LIST_WORKLOADS_REQUEST__INIT;
	struct err e;

	if (in_phase_ns(r) > START_NS) {
		err_set(&e, -ETIMEDOUT, "the aggregator saw no replica within %llu s",
			START_NS / CLOCK_NS_PER_S);
		err_cause(&e, "the agent does not sample, or its stream does not arrive");
		err_fix(&e, "the last lines of both daemons are above");
		show_child_death(r->agent);
		show_child_death(r->aggregator);
		fail(r, &e);
	} else if (!r->asking) {
		r->asking = true;
		ask(r->to_aggregator, ASK_WORKLOADS, &q.base, got_workloads, r);
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

static int start_daemon(struct run *r, const char *name, char **argv, struct child **ret_c,
			struct err *e)
{
	const struct child_options o = { .name = name, .argv = argv, .socket = -1,
					 .death_signal = SIGTERM, .exited = daemon_exited,
					 .data = r };

	int error = check_runnable(argv[0], e);
	return error < 0 ? error : child_start(r->loop, &o, ret_c, e);
}

static int start_aggregator(struct run *r, struct err *e)
{
	char path[PLACE_PATH + 32], listen[64], http[64];
	char *argv[] = { path, "--config", r->place.config, "--listen", listen, "--http", http, "--socket",
			 r->place.aggregator_socket, "--tls-dir", r->place.tls, "--state-dir",
			 r->place.state, "--policy", r->place.policy, NULL };

	snprintf(path, sizeof(path), "%s/plimsoll-aggregator", r->bin);
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", r->place.grpc_port);
	snprintf(http, sizeof(http), "127.0.0.1:%u", r->place.http_port);
	return start_daemon(r, "plimsoll-aggregator", argv, &r->aggregator, e);
}

static int start_agent(struct run *r, struct err *e)
{
	char path[PLACE_PATH + 32], aggregator[64];
	char *argv[] = { path, "--config", r->place.config, "--user", r->place.closed ? "" : "plimsoll",
			 "--socket", r->place.agent_socket, "--aggregator", aggregator,
			 "--server-name", "aggregator", "--tls-dir", r->place.tls, NULL };

	snprintf(path, sizeof(path), "%s/plimsoll-agent", r->bin);
	snprintf(aggregator, sizeof(aggregator), "127.0.0.1:%u", r->place.grpc_port);
	return start_daemon(r, "plimsoll-agent", argv, &r->agent, e);
}

static int dial(struct run *r, const char *socket, struct rpc_client **ret_c, struct err *e)
{
	char address[PLACE_PATH + 16];
	const struct rpc_client_options o = { .address = address };

	snprintf(address, sizeof(address), "unix:%s", socket);
	int error = rpc_client_new(r->loop, &o, ret_c, e);
	r->clients += error == 0;
	return error;
}

static int find_binaries(struct run *r, struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", r->binary, sizeof(r->binary) - 1);

	if (n < 0)
		return err_set(e, -errno, "cannot read /proc/self/exe");
	if (n >= PLACE_PATH)
		return err_set(e, -ENAMETOOLONG, "the path of plimsoll-demo is too long");
	memcpy(r->bin, r->binary, (size_t)n);
	*strrchr(r->bin, '/') = '\0';
	return 0;
}

static int prepare(struct run *r, struct err *e)
{
	int error;

	if (geteuid() != 0) {
		err_set(e, -EPERM, "the demo needs root");
		err_cause(e, "it loads BPF programs and makes cgroups");
		return err_fix(e, "sudo ./dev run");
	}
	if ((error = find_binaries(r, e)) < 0 ||
	    (error = cgroup_find("/proc/self/mountinfo", &r->mounts, e)) < 0)
		return error;
	int swept = cgroup_sweep(&r->mounts) + place_sweep();
	if (swept)
		show_line(r, "removed what a killed run had left (%d)", swept);
	snprintf(r->root, sizeof(r->root), "/" OWNER_PREFIX "%d", (int)getpid());
	if ((error = place_make(&r->place, e)) < 0 ||
	    (error = cgroup_make(&r->mounts, r->root, e)) < 0)
		return error;
	return place_write_files(&r->place, r->root, r->binary, e);
}

static int start(struct run *r, struct err *e)
{
	const struct fleet_options f = { .loop = r->loop, .mounts = &r->mounts, .root = r->root,
					 .binary = r->binary, .load = r->load,
					 .lost = replica_lost, .settled = fleet_settled,
					 .data = r };
	int error;

	r->fleet = fleet_new(&f);
	if ((error = hook_listen(r->loop, r->place.hook, scale_asked, r, &r->hook, e)) < 0 ||
	    (error = fleet_scale(r->fleet, 1, e)) < 0 ||
	    (error = start_aggregator(r, e)) < 0 || (error = start_agent(r, e)) < 0 ||
	    (error = dial(r, r->place.agent_socket, &r->to_agent, e)) < 0)
		return error;
	return dial(r, r->place.aggregator_socket, &r->to_aggregator, e);
}

static void live(struct run *r)
{
	struct err e;

	r->loop = loop_new();
	must(r->loop);
	r->load = load_new(r->loop, STEP_REQUEST_US);
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
	struct run r = { .magic = RUN_MAGIC, .o = o };

	r.interactive = !o->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	signal(SIGPIPE, SIG_IGN);
	if (prepare(&r, &r.err) < 0) {
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
