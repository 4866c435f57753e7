/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/aggregator.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/doors.h"
#include "aggregator/ingest/intake.h"
#include "aggregator/ingest/scrape.h"
#include "aggregator/metrics.h"
#include "aggregator/options.h"
#include "aggregator/policies.h"
#include "aggregator/ready.h"
#include "aggregator/recommender.h"
#include "aggregator/scaler.h"
#include "aggregator/serve/history.h"
#include "aggregator/serve/http.h"
#include "aggregator/serve/metrics.h"
#include "aggregator/serve/workloads.h"
#include "aggregator/statedir.h"
#include "aggregator/store/decisions.h"
#include "aggregator/store/store.h"
#include "aggregator/tls.h"
#include "base/image.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "loop/loop.h"
#include "plimsoll/version.h"
#include "rpc/rpc.h"

/* Deciding */

static void wait_for_beat(struct aggregator *a)
{
	loop_timer_start(a->tick, beat_wait(&a->beat, clock_boot().ns), 0);
}

static void decide(void *data)
{
	struct aggregator *a = data;
	clock_boot_t now = clock_boot();

	if (a->stopping)
		return; /* an order given now could be killed with its hook half done */
	beat_decided(&a->beat, now.ns);
	scaler_tick(a->scaler, now);
	recommender_tick(a->recommender, now);
	serve_workloads_tick(a);
	aggregator_count(aggregator_ticks_total, 1);
	aggregator_count(aggregator_tick_seconds_total, clock_since(clock_boot(), now));
	wait_for_beat(a);
}

static void decided(const struct decision *x, void *data)
{
	serve_history_tell(data, x);
}

static void stored(struct store_node *n, const Plimsoll__V1__Batch *b, void *data)
{
	struct aggregator *a = data;

	serve_metrics_forward(a, n, b);
	if (!a->stopping && beat_second(&a->beat, clock_boot().ns))
		wait_for_beat(a);
}

/* Less often than there are peaks: of a fleet's heap it takes a while to look. */
static void give_back(struct aggregator *a, clock_boot_t now)
{
	uint64_t used;

	if (now.ns < a->next_heap.ns)
		return;
	a->next_heap.ns = now.ns + HEAP_EVERY_NS;
	used = heap_used();
	aggregator_set(aggregator_heap_bytes, used);
	if (!heap_fell(&a->heap, used, now.ns))
		return;
	heap_give_back();
	aggregator_count(aggregator_heap_given_back_total, 1);
}

static void keep_house(void *data)
{
	struct aggregator *a = data;
	clock_boot_t now = clock_boot();
	struct err e;

	store_expire(a->store, now);
	ingest_expire(a->ingest, now);
	give_back(a, now);
	image_settle(&a->settled, a->started);
	decisions_retry(a->decisions);
	if (a->state_failing || now.ns >= a->next_probe.ns) {
		a->next_probe.ns = now.ns + AGGREGATOR_PROBE_NS;
		ready_check(a);
	} else {
		ready_say(a);
	}
	if (now.ns < a->next_renewal.ns)
		return;
	a->next_renewal.ns = now.ns + AGGREGATOR_RENEW_NS;
	if (tls_ensure(a->options, &e) < 0)
		log_err(LOG_ERROR, &e, "going on with the certificates there are");
}

/* Stop */

static void part_stopped(void *data)
{
	struct aggregator *a = data;

	if (--a->busy == 0)
		loop_stop(a->loop);
}

static void stop(struct aggregator *a)
{
	a->stopping = true;
	ready_say(a);
	a->busy = 2;
	doors_close(a, part_stopped);
	scrape_close(a->scrape, part_stopped, a);
	a->scrape = NULL;
	part_stopped(a);
}

static void got_signal(int signum, void *data)
{
	struct aggregator *a = data;

	(void)signum;
	if (a->stopping)
		return; /* the grace period bounds it */
	log_info("stopping");
	stop(a);
}

static void got_hangup(int signum, void *data)
{
	struct aggregator *a = data;

	(void)signum;
	if (!a->stopping)
		policies_reload(a);
}

/* Start */

static int start_scraping(struct aggregator *a, struct err *e)
{
	struct rpc_tls tls = tls_to_agents(a->options);
	int r = 0;

	if (a->options->scrape.n)
		r = scrape_new(a->loop, a->ingest, &a->options->scrape, &tls, &a->scrape, e);
	tls_done(&tls);
	return r;
}

static void start_timers(struct aggregator *a)
{
	a->tick = loop_timer_new(a->loop, decide, a);
	a->housekeeping = loop_timer_new(a->loop, keep_house, a);
	a->interrupt = loop_signal_new(a->loop, SIGINT, got_signal, a);
	a->terminate = loop_signal_new(a->loop, SIGTERM, got_signal, a);
	a->hangup = loop_signal_new(a->loop, SIGHUP, got_hangup, a);
	beat_begin(&a->beat, a->options->tick, clock_boot().ns);
	wait_for_beat(a);
	loop_timer_start(a->housekeeping, AGGREGATOR_HOUSEKEEPING_NS, AGGREGATOR_HOUSEKEEPING_NS);
	a->next_renewal.ns = clock_boot().ns + AGGREGATOR_RENEW_NS;
}

static int start_scaling(struct aggregator *a, struct err *e)
{
	int r = decisions_open(a->options->state_dir, &a->decisions, e);

	if (r < 0)
		return r;
	a->scaler = scaler_new(a->loop, a->store, a->decisions);
	a->scaler->decided = decided;
	a->scaler->data = a;
	a->scaler->hpa_period_ns = a->options->hpa_period;
	a->scaler->budget.a_minute = (uint32_t)a->options->budget;
	scaler_remember(a->scaler, clock_boot());
	a->recommender = recommender_new(a->store, a->options->state_dir);
	policies_load(a);
	return 0;
}

static int start(struct aggregator *a, struct err *e)
{
	int r = statedir_make(a->options->state_dir, 0700, e);

	if (r == 0)
		r = statedir_probe(a->options->state_dir, e);
	if (r == 0)
		r = tls_ensure(a->options, e);
	if (r == 0)
		r = start_scaling(a, e);
	if (r < 0)
		return r;
	start_timers(a);
	r = doors_open(a, e);
	if (r == 0 && *a->options->http)
		r = http_start(a, a->options->http, &a->http, e);
	a->serving = true; /* as lib/rpc starts them */
	if (r == 0)
		r = start_scraping(a, e);
	if (r == 0)
		ready_check(a);
	return r;
}

static void log_ready(const struct aggregator *a)
{
	const struct aggregator_options *o = a->options;
	char http[32] = "no HTTP";

	if (a->http)
		snprintf(http, sizeof(http), "HTTP port %d", http_port(a->http));
	log_info("agents on port %d (%s), socket %s, %s, %zu to scrape, %zu policies, state in %s",
		 rpc_server_port(a->door[DOOR_NETWORK]), o->insecure ? "plain text" : "mutual TLS",
		 *o->socket ? o->socket : "none", http, scrape_targets(a->scrape), a->scaler->n, o->state_dir);
}

/* What could not be written down until now goes with the process. */
static void say_what_is_lost(const struct decisions *d)
{
	if (d && decisions_waiting(d))
		log_error("%zu changes to decisions and pauses are lost: %s", decisions_waiting(d),
			  decisions_trouble(d) ? decisions_trouble(d) : "they were never written");
}

static void release(struct aggregator *a)
{
	http_stop(a->http);
	loop_timer_close(a->tick);
	loop_timer_close(a->housekeeping);
	loop_signal_end(a->interrupt);
	loop_signal_end(a->terminate);
	loop_signal_end(a->hangup);
	policies_free(a);
	recommender_free(a->recommender);
	scaler_free(a->scaler);
	say_what_is_lost(a->decisions);
	decisions_free(a->decisions);
	ingest_free(a->ingest);
	store_free(a->store);
	loop_free(a->loop);
	rpc_shutdown();
}

/* core's own words are for developers; what matters is counted. */
static void rpc_said(int severity, const char *text)
{
	(void)severity;
	log_debug("grpc: %s", text);
}

int aggregator_run(const struct aggregator_options *o, struct err *e)
{
	struct aggregator a = {.options = o, .started = clock_boot(), .epoch = clock_wall().ns};
	int r;

	rpc_init(rpc_said);
	a.loop = loop_new();
	if (!a.loop)
		return err_set(e, -EMFILE, "cannot make an event loop");
	a.store = store_new(&(struct store_options){.agents_max = (uint32_t)o->agents_max,
						    .rows_max = (uint32_t)o->rows_max});
	a.ingest = ingest_new(a.store);
	a.ingest->stored = stored;
	a.ingest->data = &a;
	r = start(&a, e);
	if (r == 0)
		log_ready(&a);
	else
		stop(&a);
	loop_run(a.loop);
	release(&a);
	return r;
}
