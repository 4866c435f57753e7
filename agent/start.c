/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/start.h"

#include <stdio.h>
#include <string.h>

#include "agent/metrics.h"
#include "agent/names/names.h"
#include "agent/peers.h"
#include "agent/privilege.h"
#include "agent/sample.h"
#include "agent/second.h"
#include "agent/serve.h"
#include "agent/stream.h"
#include "base/log.h"
#include "base/mem.h"
#include "pki/pki.h"
#include "plimsoll/version.h"

static int make_certificates(struct agent *a, struct err *e)
{
	static const char *const names[] = {"agent"};
	const struct agent_options *o = a->options;

	if (!agent_options_tls(o) || *o->tls_cert)
		return 0;
	return pki_ensure(o->tls_dir, names, 1, e);
}

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
	a->peers = peers_new();
	a->encode = encode_new();
	a->spool = spool_new((uint32_t)(o->spool / o->interval) + 1, SPOOL_MAX_BYTES);
	probe.watcher = sample_watcher(a->sample);
	r = probe_open(&probe, &a->probe, e);
	if (r < 0)
		return r;
	sample_attach(a->sample, a->probe);
	heap_give_back(); /* loading read the kernel's types, some 10 MiB that are free again */
	second_take(a);
	agent_set(agent_first_sample_seconds, clock_since(clock_boot(), a->started));
	self_start(&a->self, a->probe, o, a->second.node.cpus, a->last_tick_ns);
	a->renew_at_ns = a->last_tick_ns + AGENT_RENEW_EVERY_NS;
	return 0;
}

static struct rpc_packed *preamble(void *data)
{
	return second_pack(data, ENCODE_PREAMBLE, NULL, NULL, 0);
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

int start_parts(struct agent *a, struct err *e)
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
	return 0;
}
