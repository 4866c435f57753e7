/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent: everything it owns, put together in one place. Once an interval: probe pass, sample,
 * encode, spool, and then whoever reads. rpc_server_data() of both its servers is the struct agent.
 * Lives from start to the end of the loop; loop-thread-only.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/names/names.h"
#include "agent/delays.h"
#include "agent/encode.h"
#include "agent/options.h"
#include "agent/probe/probe.h"
#include "agent/sandbox/user.h"
#include "agent/self.h"
#include "agent/shortfall.h"
#include "agent/spool.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/heap.h"
#include "rpc/rpc.h"

#define AGENT_GRACE_NS	     (2 * CLOCK_NS_PER_S) /* open calls at shutdown */
#define AGENT_RENEW_EVERY_NS (24 * 3600 * CLOCK_NS_PER_S) /* own certificates, see pki.h */

struct peers;
struct serve;
struct stream;
struct watch;

struct agent {
	const struct agent_options *options;
	struct loop *loop;
	struct probe *probe;
	struct sample *sample;
	struct peers *peers;
	struct names *names[NAMES_KINDS];
	struct encode *encode;
	struct spool *spool;
	struct serve *serve;
	struct stream *stream; /* NULL: no aggregator */
	struct loop_timer *tick;
	struct loop_signal *interrupt, *terminate, *hangup;
	struct encode_second second; /* the last one sampled */
	struct user user;            /* whom it became, or stayed */
	struct node_facts facts;
	struct node_sleep sleep;
	struct self self;
	struct shortfall shortfall;
	struct delays delays;
	struct heap heap;
	struct rpc_tls tls; /* own its texts; all NULL: plain text */
	struct watch *watches; /* open Watch calls */
	clock_boot_t started;
	uint64_t last_tick_ns, renew_at_ns; /* CLOCK_MONOTONIC: suspend is nobody's lateness */
	bool cannot_read, too_large, settled, stopping;
	unsigned busy; /* parts still stopping */
	int exit_code;
};

/* Runs until SIGTERM, SIGINT or a failure. 0 fine, 1 failed; *e is filled when it did not start. */
int agent_run(const struct agent_options *o, struct err *e);

/* Brings gauges about the process up to date, for Status.Get. */
void agent_observe(struct agent *a);

#endif
