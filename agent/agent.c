/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/metrics.h"
#include "agent/names/account.h"
#include "agent/privilege.h"
#include "agent/serve.h"
#include "agent/stream.h"
#include "agent/victims.h"
#include "agent/watch.h"
#include "base/image.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/scope.h"
#include "pki/pki.h"
#include "plimsoll/version.h"

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
	agent_set(agent_probe_pass_seconds, p.pass_ns_last);
	agent_set(agent_probe_cgroups, p.cgroups);
	agent_set(agent_overflow_cpu_seconds_total, p.overflow_cpu_ns);
	agent_set(agent_unsure_cpu_seconds_total, p.unsure_cpu_ns);
	agent_set(agent_restarts_forgotten_total, sample_forgotten(a->sample));
}

static void take_losses(struct agent *a)
{
	struct probe_stats p;

	probe_stats(a->probe, &p);
	p.losses.spool_dropped = spool_dropped(a->spool);
	p.losses.read_errors = agent_get(agent_read_errors_total);
	p.losses.batches_too_large = agent_get(agent_batches_too_large_total);
	p.losses.late_ticks = agent_get(agent_late_ticks_total);
	shortfall_take(&a->shortfall, &p.losses, clock_monotonic_ns());
}

void agent_observe(struct agent *a)
{
	take_losses(a);
	shortfall_observe(&a->shortfall);
	self_observe(&a->self);
	observe_rpc();
	observe_probe(a);
	account_observe(a->names);
	agent_set(agent_spool_batches, spool_batches(a->spool));
	agent_set(agent_spool_bytes, spool_bytes(a->spool));
}

/* The second */

static void count_late(struct agent *a, uint64_t now_ns)
{
	if (a->last_tick_ns) {
		agent_count(agent_late_ticks_total,
			    delays_take(&a->delays, now_ns - a->last_tick_ns, a->options->interval));
		agent_count(agent_delayed_ticks_total, delays_last(&a->delays));
	}
	a->last_tick_ns = now_ns;
}

static void read_failed(struct agent *a, const struct err *e)
{
	agent_count(agent_read_errors_total, 1);
	if (!a->cannot_read) {
		log_err(LOG_ERROR, e, "this second is missing, trying again every second");
		if (a->serve)
			serve_healthy(a->serve, false);
	}
	a->cannot_read = true;
}

static void read_again(struct agent *a)
{
	if (!a->cannot_read)
		return;
	a->cannot_read = false;
	log_info("the kernel can be read again");
	if (a->serve)
		serve_healthy(a->serve, true);
}

static void add_sleep(struct agent *a, struct node_reading *n)
{
	uint64_t slept_ns = node_add_sleep(&a->sleep, clock_suspended_ns(), n);

	if (!slept_ns)
		return;
	agent_count(agent_suspended_seconds_total, slept_ns);
	log_info("the machine was suspended for %.1f s, which its CPUs count as idle",
		 (double)slept_ns / CLOCK_NS_PER_S);
}

static void fill_second(struct agent *a, clock_boot_t at)
{
	struct encode_second *s = &a->second;

	take_losses(a);
	s->sequence++;
	s->boottime_ns = at.ns;
	s->wall_unix_ns = clock_wall().ns;
	node_read("/proc", &s->node);
	add_sleep(a, &s->node);
	s->losses = a->shortfall.now;
}

static struct encode_bytes encoded(struct agent *a, enum encode_form form,
				   const struct encode_filter *filter, const uint32_t *gone,
				   size_t n_gone)
{
	return encode_batch(a->encode, form, a->sample, &a->second, filter, gone, n_gone);
}

static void spool_second(struct agent *a)
{
	bool keyframe = (a->second.sequence - 1) % ENCODE_KEYFRAME_EVERY == 0;
	struct encode_bytes b =
		encoded(a, keyframe ? ENCODE_KEYFRAME : ENCODE_DELTA, NULL, NULL, 0);

	agent_set(agent_batch_bytes, b.n);
	if (b.n > RPC_MAX_MESSAGE) {
		if (!a->too_large)
			log_error(
				"a second of %zu bytes is more than a message takes: readers miss "
				"it; lower max-cgroups",
				b.n);
		a->too_large = true;
		agent_count(agent_batches_too_large_total, 1);
		spool_skip(a->spool, a->second.sequence);
		return;
	}
	(void)spool_put(a->spool, a->second.sequence, keyframe, b.p,
			b.n); /* a loss is counted there */
}

static void take_second(struct agent *a)
{
	uint64_t begin_ns = clock_monotonic_ns();
	clock_boot_t at;
	struct err e;

	count_late(a, begin_ns);
	if (probe_pass(a->probe, &at, &e) < 0) {
		read_failed(a, &e);
		return;
	}
	read_again(a);
	sample_take(a->sample, at);
	victims_log(a->sample);
	for (int i = 0; i < NAMES_KINDS; i++)
		names_apply(a->names[i], a->sample, clock_boot());
	fill_second(a, at);
	spool_second(a);
	agent_count(agent_ticks_total, 1);
	agent_count(agent_samples_total, sample_live(a->sample));
	agent_set(agent_rows, sample_live(a->sample));
	agent_set(agent_sequence, a->second.sequence);
	agent_set(agent_tick_seconds, clock_monotonic_ns() - begin_ns);
}

static int make_certificates(struct agent *a, struct err *e)
{
	static const char *const names[] = {"agent"};
	const struct agent_options *o = a->options;

	if (!agent_options_tls(o) || *o->tls_cert)
		return 0;
	return pki_ensure(o->tls_dir, names, 1, e);
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

/* What the start took of the program's and the libraries' files. Once: whoever traces this code looks for it there. */
static void settle(struct agent *a)
{
	if (!a->settles_at_ns || a->last_tick_ns < a->settles_at_ns)
		return;
	(void)image_give_back();
	a->settles_at_ns = 0;
}

static void tick(void *data)
{
	struct agent *a = data;

	take_second(a);
	watch_second(a);
	stream_pump(a->stream);
	self_tick(&a->self, a->last_tick_ns, sample_live(a->sample), a->second.node.cpus);
	look_at_certificates(a);
	give_back(a);
	settle(a);
}

struct rpc_packed *agent_pack(struct agent *a, enum encode_form form,
			      const struct encode_filter *filter, const uint32_t *extra_gone,
			      size_t n_extra_gone)
{
	struct encode_bytes b = encoded(a, form, filter, extra_gone, n_extra_gone);

	return rpc_pack_bytes(b.p, b.n);
}

static struct rpc_packed *preamble(void *data)
{
	return agent_pack(data, ENCODE_PREAMBLE, NULL, NULL, 0);
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

/* Start */

static void fill_tls(struct agent *a)
{
	const struct agent_options *o = a->options;

	if (!agent_options_tls(o))
		return;
	a->tls.cert =
		*o->tls_cert ? mem_strdup(o->tls_cert) : mem_printf("%s/agent.crt", o->tls_dir);
	a->tls.key = *o->tls_key ? mem_strdup(o->tls_key) : mem_printf("%s/agent.key", o->tls_dir);
	a->tls.ca = *o->tls_ca ? mem_strdup(o->tls_ca) : mem_printf("%s/ca.crt", o->tls_dir);
	a->tls.server_name = *o->server_name ? mem_strdup(o->server_name) : NULL;
}

static void describe(struct agent *a)
{
	struct encode_second *s = &a->second;

	node_describe("/proc", &a->facts);
	node_read("/proc", &s->node); /* the source tells of it even while no second can be taken */
	s->epoch = clock_wall().ns; /* later runs have later ones, and no two are the same */
	s->source = (struct encode_source){
		.node = a->options->node,
		.boot_id = a->facts.boot_id,
		.agent_version = PLIMSOLL_VERSION,
		.interval_ns = a->options->interval,
		.memory_bytes = a->facts.memory_bytes,
	};
}

static int start_sampling(struct agent *a, struct err *e)
{
	const struct agent_options *o = a->options;
	struct probe_options probe = {.max_cgroups = (uint32_t)o->max_cgroups,
				      .also = o->requests ? SIGNAL_NO_REQUESTS : 0};
	int r;

	a->sample = sample_new(probe_read);
	a->encode = encode_new();
	a->spool = spool_new((uint32_t)(o->spool / o->interval) + 1, SPOOL_MAX_BYTES);
	probe.watcher = sample_watcher(a->sample);
	r = probe_open(&probe, &a->probe, e);
	if (r < 0)
		return r;
	sample_attach(a->sample, a->probe);
	heap_give_back(); /* loading read the kernel's types, some 10 MiB that are free again */
	take_second(a);
	agent_set(agent_first_sample_seconds, clock_since(clock_boot(), a->started));
	self_start(&a->self, a->probe, o, a->second.node.cpus, a->last_tick_ns);
	a->renew_at_ns = a->last_tick_ns + AGENT_RENEW_EVERY_NS;
	a->settles_at_ns = a->last_tick_ns + AGENT_SETTLED_NS;
	return 0;
}

static int start_stream(struct agent *a, struct err *e)
{
	const struct stream_options o = {
		.loop = a->loop,
		.address = a->options->aggregator,
		.tls = strncmp(a->options->aggregator, "unix:", 5) ? a->tls : (struct rpc_tls){0},
		.spool = a->spool,
		.epoch = a->second.epoch,
		.preamble = preamble,
		.data = a,
	};

	return *o.address ? stream_start(&o, &a->stream, e) : 0;
}

static void watch_signals(struct agent *a)
{
	a->interrupt = loop_signal_new(a->loop, SIGINT, got_signal, a);
	a->terminate = loop_signal_new(a->loop, SIGTERM, got_signal, a);
	a->hangup = loop_signal_new(a->loop, SIGHUP, got_signal, a);
}

static void log_notices(const struct agent *a)
{
	struct probe_notice n[32];
	int found = probe_notices(a->probe, n, 32);

	for (int i = 0; i < found; i++)
		log_write(strcmp(n[i].level, "ok") ? LOG_WARN : LOG_DEBUG, "%s: %s%s%s", n[i].id,
			  n[i].text, n[i].fix[0] ? "; " : "", n[i].fix);
}

static void log_ready(const struct agent *a)
{
	const struct agent_options *o = a->options;
	char port[16] = "none";

	if (*o->listen)
		snprintf(port, sizeof(port), "%d", serve_port(a->serve));
	log_info("node %s: %u rows every %g s; socket %s, TCP port %s, aggregator %s", o->node,
		 sample_live(a->sample), (double)o->interval / 1e9, *o->socket ? o->socket : "none", port,
		 *o->aggregator ? o->aggregator : "none");
}

static void log_core(int severity, const char *text)
{
	(void)severity; /* what it calls errors is our peers' doing, and counted */
	log_debug("grpc: %s", text);
}

static void start_names(struct agent *a, const struct user *u)
{
	const char *const option[NAMES_KINDS] = {
		[NAMES_CRI] = a->options->cri,
		[NAMES_DOCKER] = a->options->docker,
		[NAMES_PODMAN] = a->options->podman,
	};

	for (int i = 0; i < NAMES_KINDS; i++)
		a->names[i] = names_start((enum names_kind)i, option[i], u);
	for (int i = 0; i < NAMES_KINDS; i++)
		names_listen(a->names[i], a->loop);
}

/* rpc_init() starts the first threads: privileges end before it. */
static int load_and_drop(struct agent *a, struct err *e)
{
	int r = make_certificates(a, e);

	if (r == 0)
		r = privilege_prepare(a->options, &a->user, e);
	if (r < 0)
		return r;
	start_names(a, &a->user);
	fill_tls(a);
	describe(a);
	r = start_sampling(a, e);
	if (r == 0)
		r = privilege_drop(a->options, &a->user, e);
	if (r == 0)
		agent_set(agent_privileged_seconds, clock_since(clock_boot(), a->started));
	return r;
}

static int start(struct agent *a, struct err *e)
{
	int r = load_and_drop(a, e);

	if (r < 0)
		return r;
	rpc_init(log_core);
	r = serve_start(a, &a->serve, e);
	if (r == 0)
		r = start_stream(a, e);
	if (r < 0)
		return r;
	log_notices(a);
	log_ready(a);
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
