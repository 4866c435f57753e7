/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/second.h"

#include "agent/metrics.h"
#include "agent/names/names.h"
#include "agent/peers.h"
#include "agent/sample.h"
#include "agent/serve.h"
#include "agent/victims.h"
#include "agent/weights.h"
#include "base/log.h"

void second_take_losses(struct agent *a)
{
	struct probe_stats p;

	probe_stats(a->probe, &p);
	p.losses.spool_dropped = spool_dropped(a->spool);
	p.losses.read_errors = agent_get(agent_read_errors_total);
	p.losses.batches_too_large = agent_get(agent_batches_too_large_total);
	p.losses.late_ticks = agent_get(agent_late_ticks_total);
	shortfall_take(&a->shortfall, &p.losses, clock_monotonic_ns());
}

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
	struct sample_row *const *rows;
	size_t n_rows;

	second_take_losses(a);
	s->sequence++;
	s->boottime_ns = at.ns;
	s->wall_unix_ns = clock_wall().ns;
	node_read("/proc", &s->node);
	add_sleep(a, &s->node);
	rows = sample_rows(a->sample, &n_rows);
	s->node.cpu_weights = weights_scale(rows, n_rows, probe_has_shares(a->probe), s->node.cpus);
	s->losses = a->shortfall.now;
	s->peers = a->peers;
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

void second_take(struct agent *a)
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
	peers_take(a->peers, a->probe, a->sample);
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

struct rpc_packed *second_pack(struct agent *a, enum encode_form form,
			      const struct encode_filter *filter, const uint32_t *extra_gone,
			      size_t n_extra_gone)
{
	struct encode_bytes b = encoded(a, form, filter, extra_gone, n_extra_gone);

	return rpc_pack_bytes(b.p, b.n);
}
