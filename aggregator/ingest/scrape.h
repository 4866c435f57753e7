/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other way round: the aggregator subscribes to Metrics.Watch of agents that it dials. What comes
 * is the same as on Report, and after a break it asks for what follows the last second it holds. An
 * agent that is away is tried again after 0.5 s, doubling to 10 s, with jitter so that a fleet does
 * not come back in one moment.
 */
#ifndef AGGREGATOR_INGEST_SCRAPE_H
#define AGGREGATOR_INGEST_SCRAPE_H

#include "base/err.h"
#include "base/opt.h"
#include "rpc/rpc.h"

#define SCRAPE_RETRY_LEAST_NS 500000000ull
#define SCRAPE_RETRY_MOST_NS 10000000000ull

struct ingest;
struct scrape;

/* Starts at once; `tls` is used for every agent but those on unix sockets. */
int scrape_new(struct loop *l, struct ingest *ingest, const struct opt_list *addresses,
	       const struct rpc_tls *tls, struct scrape **ret_s, struct err *e);
/* Cancels; done() when the last call is over and everything is freed. NULL is fine, done comes too. */
void scrape_close(struct scrape *s, void (*done)(void *data), void *data);
size_t scrape_targets(const struct scrape *s);
size_t scrape_connected(const struct scrape *s); /* streams that have sent their preamble */

#endif
