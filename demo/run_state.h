/* SPDX-License-Identifier: Apache-2.0 */
/* One run's state, shared by run.c (its life), launch.c (its begin), question.c (what it asks) and show.c (what it prints). */
#ifndef DEMO_RUN_STATE_H
#define DEMO_RUN_STATE_H

#include "base/clock.h"
#include "base/err.h"
#include "demo/cgroup.h"
#include "demo/child.h"
#include "demo/fleet.h"
#include "demo/hook.h"
#include "demo/load.h"
#include "demo/place.h"
#include "demo/report.h"
#include "demo/run.h"
#include "rpc/rpc.h"

#define RUN_MAGIC    0x6472756eu
#define RUN_WORKLOAD "demo" /* metadata.name of the policy in place.c */

enum run_phase { RUN_START, RUN_LOAD, RUN_COLLECT, RUN_STOP };

struct run {
	unsigned magic;
	const struct run_options *o;
	enum run_phase phase;
	clock_boot_t phase_began;
	struct loop *loop;
	struct loop_timer *tick;
	struct loop_signal *interrupt, *terminate, *hangup;
	struct cgroup_mounts mounts;
	char root[64]; /* cgroup path */
	char bin[PLACE_PATH]; /* directory of our binaries */
	char binary[PLACE_PATH + 32]; /* plimsoll-demo itself */
	struct place place;
	struct load *load;
	struct fleet *fleet;
	struct hook *hook;
	struct child *agent, *aggregator, *top; /* NULL: not running */
	struct rpc_client *to_agent, *to_aggregator;
	int clients;        /* not yet closed */
	bool asking;        /* a question is out */
	void (*answered)(struct run *r); /* what was to be asked at the begin, or at the end */
	uint32_t questions; /* asked in this phase */
	bool fleet_empty, fast, failed, interactive;
	uint32_t step;      /* number of the load step */
	size_t decisions_shown;
	struct err err;
	struct report report;
};

#endif
