/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "agent/metrics.h"
#include "agent/names/account.h"
#include "agent/peers.h"
#include "agent/sample.h"
#include "agent/second.h"
#include "agent/serve.h"
#include "agent/start.h"
#include "agent/stream.h"
#include "agent/watch.h"
#include "base/image.h"
#include "base/log.h"
#include "pki/pki.h"

/* About ourselves */

static void observe_rpc(void)
{
	struct rpc_counters c;

	rpc_counters(&c);
	agent_set(agent_calls_refused_total, c.calls_refused);
	agent_set(agent_decode_errors_total, c.decode_errors);
	agent_set(agent_handshake_errors_total, c.handshake_errors);
	agent_set(agent_accept_errors_total, c.accept_errors);
}

static void observe_probe(struct agent *a)
{
	struct probe_stats p;

	probe_stats(a->probe, &p);
	agent_set(agent_bpf_map_bytes, p.map_bytes);
	agent_set(agent_bpf_mapped_bytes, p.mapped_bytes);
	agent_set(agent_probe_pass_seconds, p.pass_ns_last);
	agent_set(agent_probe_cgroups, p.cgroups);
	agent_set(agent_overflow_cpu_seconds_total, p.overflow_cpu_ns);
	agent_set(agent_unsure_cpu_seconds_total, p.unsure_cpu_ns);
	agent_set(agent_restarts_forgotten_total, sample_forgotten(a->sample));
}

void agent_observe(struct agent *a)
{
	second_take_losses(a);
	shortfall_observe(&a->shortfall);
	self_observe(&a->self);
	observe_rpc();
	observe_probe(a);
	account_observe(a->names);
	agent_set(agent_spool_batches, spool_batches(a->spool));
	agent_set(agent_spool_bytes, spool_bytes(a->spool));
}

/* rpc reads changed files by itself. We cannot make any: the CA's key went with root. */
static void look_at_certificates(struct agent *a)
{
	const struct agent_options *o = a->options;
	int64_t days = 0;
	struct err e;

	if (!a->tls.cert || a->last_tick_ns < a->renew_at_ns)
		return;
	a->renew_at_ns = a->last_tick_ns + AGENT_RENEW_EVERY_NS;
	if (pki_check(a->tls.cert, a->tls.key, a->tls.ca, &days, &e) < 0)
		log_err(LOG_ERROR, &e, "going on with the certificates read before");
	else if (days < PKI_RENEW_DAYS)
		log_warn("the certificate %s ends in %lld days; %s", a->tls.cert, (long long)days,
			 *o->tls_cert ? "put a new one in its place"
				      : "restart the agent, which makes a new one");
}

/* The room of the encoder is as large as the largest second was: the next one makes what it needs. */
static void give_back(struct agent *a)
{
	uint64_t used = heap_used();

	agent_set(agent_heap_bytes, used);
	if (!heap_fell(&a->heap, used, a->last_tick_ns))
		return;
	encode_free(a->encode);
	a->encode = encode_new();
	heap_give_back();
	agent_count(agent_heap_given_back_total, 1);
}

static void tick(void *data)
{
	struct agent *a = data;

	second_take(a);
	watch_second(a);
	stream_pump(a->stream);
	self_tick(&a->self, a->last_tick_ns, sample_live(a->sample), a->second.node.cpus);
	look_at_certificates(a);
	give_back(a);
	image_settle(&a->settled, a->started);
}

/* Stop */

static void part_stopped(void *data)
{
	struct agent *a = data;

	if (--a->busy == 0)
		loop_stop(a->loop);
}

static void stop(struct agent *a)
{
	struct serve *serve = a->serve;
	struct stream *stream = a->stream;

	a->stopping = true;
	a->serve = NULL;
	a->stream = NULL;
	if (a->tick)
		loop_timer_stop(a->tick);
	a->busy = 1 + (serve ? 1 : 0) + (stream ? 1 : 0);
	if (serve)
		serve_stop(serve, part_stopped, a);
	if (stream)
		stream_stop(stream, part_stopped, a);
	part_stopped(a);
}

static void got_signal(int signum, void *data)
{
	struct agent *a = data;

	if (signum == SIGHUP) {
		log_info("nothing to reload: options are read at start, certificates when they "
			 "change");
	} else if (a->stopping) {
		log_info("stopping already: readers have a moment to take what is theirs");
	} else {
		log_info("stopping");
		stop(a);
	}
}

static void watch_signals(struct agent *a)
{
	a->interrupt = loop_signal_new(a->loop, SIGINT, got_signal, a);
	a->terminate = loop_signal_new(a->loop, SIGTERM, got_signal, a);
	a->hangup = loop_signal_new(a->loop, SIGHUP, got_signal, a);
}

static int start(struct agent *a, struct err *e)
{
	int r = start_parts(a, e);

	if (r < 0)
		return r;
	a->tick = loop_timer_new(a->loop, tick, a);
	loop_timer_start(a->tick, a->options->interval, a->options->interval);
	return 0;
}

static void release(struct agent *a)
{
	loop_timer_close(a->tick);
	loop_signal_end(a->interrupt);
	loop_signal_end(a->terminate);
	loop_signal_end(a->hangup);
	for (int i = 0; i < NAMES_KINDS; i++)
		a->names[i] = names_free(a->names[i]);
	a->probe = probe_close(a->probe);
	a->peers = peers_free(a->peers);
	a->sample = sample_free(a->sample);
	a->encode = encode_free(a->encode);
	a->spool = spool_free(a->spool);
	free((char *)(uintptr_t)a->tls.cert);
	free((char *)(uintptr_t)a->tls.key);
	free((char *)(uintptr_t)a->tls.ca);
	free((char *)(uintptr_t)a->tls.server_name);
	a->loop = loop_free(a->loop);
}

int agent_run(const struct agent_options *o, struct err *e)
{
	struct agent a = {.options = o, .started = clock_boot()};

	a.loop = loop_new();
	if (!a.loop) {
		err_set(e, -EMFILE, "cannot make an event loop");
		err_fix(e, "raise the limit of open files");
		return 1;
	}
	watch_signals(&a);
	if (start(&a, e) < 0) {
		a.exit_code = 1;
		stop(&a);
	}
	loop_run(a.loop);
	release(&a);
	rpc_shutdown();
	return a.exit_code;
}
