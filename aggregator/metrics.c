/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/metrics.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "aggregator/aggregator.h"
#include "aggregator/ingest/intake.h"
#include "aggregator/ingest/scrape.h"
#include "aggregator/scaler.h"
#include "aggregator/store/decisions.h"
#include "aggregator/store/store.h"
#include "base/scope.h"

static const struct metric_desc rows[] = {
#define METRIC(id, kind, unit, scale, help) {#id, METRIC_##kind, unit, scale, help},
#include "aggregator/metrics.def"
#undef METRIC
};

static _Atomic uint64_t values[AGGREGATOR_METRICS];

const struct metric_table aggregator_metric_table = {rows, values, AGGREGATOR_METRICS};

static uint64_t resident_bytes(void)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long size, resident;

	if (!f || fscanf(f, "%llu %llu", &size, &resident) != 2)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void refresh_process(void)
{
	aggregator_set(aggregator_cpu_seconds_total, clock_process_ns());
	aggregator_set(aggregator_resident_memory_bytes, resident_bytes());
}

static void refresh_store(const struct store *s)
{
	const struct store_counters *c = store_counters(s);
	clock_boot_t now = clock_boot();
	uint64_t sum = 0;

	aggregator_set(aggregator_agents, store_nodes(s));
	aggregator_set(aggregator_agents_silent, store_nodes_silent(s, now));
	aggregator_set(aggregator_rows, store_rows(s));
	aggregator_set(aggregator_newest_sample_age_seconds,
		       store_newest_age(s, now) == UINT64_MAX ? (uint64_t) - (int64_t)CLOCK_NS_PER_S
							      : store_newest_age(s, now));
	aggregator_set(aggregator_batches_total, c->batches);
	aggregator_set(aggregator_samples_total, c->samples);
	aggregator_set(aggregator_duplicates_total, c->duplicates);
	aggregator_set(aggregator_gaps_total, c->gaps);
	aggregator_set(aggregator_epochs_total, c->epochs);
	for (size_t i = 0; i < STORE_REFUSALS; i++) {
		metric_set(&aggregator_metric_table, M_aggregator_refused_wire_version_total + i,
			   c->refused[i]);
		sum += c->refused[i];
	}
	aggregator_set(aggregator_refused_total, sum);
	aggregator_set(aggregator_agents_over_limit_total, c->agents_over_limit);
	aggregator_set(aggregator_rows_over_limit_total, c->rows_over_limit);
	aggregator_set(aggregator_edges_over_limit_total, c->edges_over_limit);
	aggregator_set(aggregator_agents_expired_total, c->nodes_expired);
	aggregator_set(aggregator_rows_expired_total, c->rows_expired);
	aggregator_set(aggregator_rows_renamed_total, c->rows_renamed);
	aggregator_set(aggregator_rows_ambiguous_total, c->rows_ambiguous);
}

static void refresh_decisions(const struct aggregator *a)
{
	clock_boot_t now = clock_boot();
	uint64_t paused = 0;

	if (!a->scaler)
		return; /* still starting */
	for (size_t i = 0; i < a->scaler->n; i++)
		paused += decisions_paused(a->decisions, a->scaler->item[i]->manifest.policy.name, now) != NULL;
	aggregator_set(aggregator_paused, paused);
	aggregator_set(aggregator_decisions_waiting, decisions_waiting(a->decisions));
	aggregator_set(aggregator_decisions_lost_total, decisions_counters(a->decisions)->lost);
}

static void refresh_rpc(void)
{
	struct rpc_counters c;

	rpc_counters(&c);
	aggregator_set(aggregator_calls, c.calls_live);
	aggregator_set(aggregator_calls_opened_total, c.calls_opened);
	aggregator_set(aggregator_calls_refused_total, c.calls_refused);
	aggregator_set(aggregator_messages_received_total, c.messages_received);
	aggregator_set(aggregator_messages_sent_total, c.messages_sent);
	aggregator_set(aggregator_received_bytes_total, c.bytes_received);
	aggregator_set(aggregator_sent_bytes_total, c.bytes_sent);
	aggregator_set(aggregator_decode_errors_total, c.decode_errors);
	aggregator_set(aggregator_too_large_total, c.too_large);
	aggregator_set(aggregator_unknown_methods_total, c.unknown_methods);
	aggregator_set(aggregator_send_queue_full_total, c.send_queue_full);
	aggregator_set(aggregator_handshake_errors_total, c.handshake_errors);
	aggregator_set(aggregator_accept_errors_total, c.accept_errors);
}

void aggregator_metrics_refresh(const struct aggregator *a)
{
	refresh_process();
	refresh_store(a->store);
	aggregator_set(aggregator_streams, a->ingest->n_streams);
	aggregator_set(aggregator_streams_replaced_total, a->ingest->replaced);
	aggregator_set(aggregator_streams_silent_total, a->ingest->silent);
	aggregator_set(aggregator_scrape_targets, scrape_targets(a->scrape));
	aggregator_set(aggregator_scrape_connected, scrape_connected(a->scrape));
	aggregator_set(aggregator_ready, !*a->not_ready);
	refresh_decisions(a);
	refresh_rpc();
}
