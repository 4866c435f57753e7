/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The aggregator: everything it owns, put together in one place. rpc_server_data() of each of its
 * servers is the struct aggregator. Lives from start to the end of the loop; loop-thread-only.
 */
#ifndef AGGREGATOR_AGGREGATOR_H
#define AGGREGATOR_AGGREGATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aggregator/beat.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/heap.h"

struct aggregator_options; /* aggregator/options.h */
struct decisions;          /* aggregator/store/decisions.h */
struct fleet_watch;        /* aggregator/serve/metrics.c */
struct http;               /* aggregator/serve/http.h */
struct ingest;             /* aggregator/ingest/intake.h */
struct loop;
struct loop_signal;
struct loop_timer;
struct policies;    /* aggregator/policies.h */
struct recommender; /* aggregator/recommender.h */
struct rpc_method;
struct rpc_server;
struct scaler; /* aggregator/scaler.h */
struct scrape; /* aggregator/ingest/scrape.h */
struct store;  /* aggregator/store/store.h */
struct watcher; /* aggregator/serve/watcher.h */

#define AGGREGATOR_GRACE_NS (2 * CLOCK_NS_PER_S)    /* open calls at shutdown */
#define AGGREGATOR_NOTICES 32

struct aggregator_notice { /* for Status.Get and readyz */
	const char *id, *level; /* level: ok, warn, fail */
	char text[320], fix[200];
};

#define AGGREGATOR_HOUSEKEEPING_NS CLOCK_NS_PER_S
#define AGGREGATOR_PROBE_NS (5 * CLOCK_NS_PER_S) /* how often the state directory is tried; 1 s while it fails */
#define AGGREGATOR_RENEW_NS (3600 * CLOCK_NS_PER_S) /* how often certificates are looked at */

enum { DOOR_NETWORK, DOOR_LOCAL, DOOR_AGENTS, DOORS }; /* see aggregator/doors.h */

struct aggregator {
	struct loop *loop;
	const struct aggregator_options *options;
	struct store *store;
	struct decisions *decisions;
	struct scaler *scaler;
	struct recommender *recommender;
	struct policies *policies;
	struct ingest *ingest;
	struct scrape *scrape;
	struct http *http;
	struct rpc_server *door[DOORS]; /* NULL: closed */
	struct fleet_watch *watches;    /* open Metrics.Watch calls */
	struct watcher *workload_watchers, *decision_watchers; /* open calls of Scaling */
	struct loop_timer *tick, *housekeeping;
	struct loop_signal *interrupt, *terminate, *hangup;
	uint64_t epoch;                 /* of this run, for Status.Get */
	struct beat beat;
	clock_boot_t started, next_renewal, next_probe, next_heap;
	struct heap heap;
	bool policies_loaded, serving, stopping;
	bool settled;                   /* the start is over, and what it alone needed was given back */
	bool state_failing;             /* the state directory cannot be written now */
	char not_ready[320];            /* why, empty: ready */
	unsigned busy;                  /* parts that have not stopped yet */
};

/* Runs until SIGTERM or SIGINT. 0 fine; negative errno with *e filled when it could not start. */
int aggregator_run(const struct aggregator_options *o, struct err *e);

/* What a person should know now; fills at most AGGREGATOR_NOTICES, returns how many. */
size_t aggregator_notices(const struct aggregator *a,
			  struct aggregator_notice ret[AGGREGATOR_NOTICES]);

#endif
