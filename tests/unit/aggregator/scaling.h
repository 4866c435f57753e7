/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scaler on a real store, a real decisions file and real hooks, for its tests; only the clock and the load are made
 * up. `world` is what each of them begins with; under "web" is one node with four replicas of 250m, told second by
 * second how much each of them uses.
 */
#ifndef TESTS_SCALING_H
#define TESTS_SCALING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aggregator/scaler.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "unit/aggregator/store/fleet.h"

#define T0	 (100000 * S)
#define PATIENCE (20 * S) /* for a hook to end */
#define REPLICAS 4	  /* of web, at first */

struct world {
	char folder[64];
	struct loop *loop;
	struct store *store;
	struct decisions *decisions;
	struct scaler *scaler;
	struct loop_timer *deadline;
	bool late;
	/* what was told */
	unsigned told, holds;
	struct decision last, hold;
	/* web */
	struct store_node *node;
	uint64_t second;
	uint64_t cpu_ns; /* of each replica so far */
	uint32_t replicas, named;
	bool deaf; /* its agent hears no requests */
};

static struct world w;

static inline void decided(const struct decision *x, void *data)
{
	(void)data;
	if (!x->id) {
		w.holds++;
		w.hold = *x;
		return;
	}
	w.told++;
	w.last = *x;
	loop_stop(w.loop);
}

static inline void too_late(void *data)
{
	(void)data;
	w.late = true;
	loop_stop(w.loop);
}

static inline void open_scaler(void)
{
	assert_int_equal(decisions_open(w.folder, &w.decisions, NULL), 0);
	w.scaler = scaler_new(w.loop, w.store, w.decisions);
	w.scaler->decided = decided;
}

static inline void close_scaler(void)
{
	w.scaler = scaler_free(w.scaler);
	w.decisions = decisions_free(w.decisions);
}

static inline int begin(void **state)
{
	(void)state;
	w = (struct world){.folder = "/tmp/plimsoll-scaler.XXXXXX", .replicas = REPLICAS};
	if (!mkdtemp(w.folder))
		return -1;
	w.loop = loop_new();
	w.deadline = loop_timer_new(w.loop, too_late, NULL);
	w.store = store_new(&(struct store_options){.agents_max = 8, .rows_max = 1000});
	open_scaler();
	return 0;
}

static inline int end(void **state)
{
	char command[96];

	(void)state;
	close_scaler();
	store_free(w.store);
	loop_timer_close(w.deadline);
	loop_free(w.loop);
	snprintf(command, sizeof(command), "rm -rf '%s'", w.folder);
	return system(command);
}

static inline void set_text(const char *text)
{
	struct manifests all = {0};
	struct err e;

	if (manifests_parse("web.yaml", text, strlen(text), &all, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
	scaler_set(w.scaler, &all);
	assert_int_equal(all.n, 0);
}

/* Until the outcome of a running order is told. */
static inline void await_outcome(void)
{
	unsigned before = w.told;

	loop_timer_start(w.deadline, PATIENCE, 0);
	while (w.told == before && !w.late)
		loop_run(w.loop);
	loop_timer_stop(w.deadline);
	assert_false(w.late);
}

static inline uint64_t decisions_made(void)
{
	return decisions_last_id(w.decisions);
}

/* --- web */

static const char policy_text[] =
	"apiVersion: plimsoll.io/v1alpha1\n"
	"kind: ScalingPolicy\n"
	"metadata: {name: web}\n"
	"spec:\n"
	"  mode: %s\n"
	"  target: {cgroup: \"/web/*\", cpuRequest: 250m}\n"
	"  minReplicas: 1\n"
	"  maxReplicas: 20\n"
	"  metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 60}}}]\n"
	"  behavior: {scaleDown: {stabilizationWindowSeconds: %d}}\n"
	"  windowSeconds: 1\n"
	"  actuator: {exec: {command: [/bin/sh, -c, '%s']}}\n";

static inline void set_policy(const char *mode, int down_s, const char *hook)
{
	scoped(freep) char *text = mem_printf(policy_text, mode, down_s, hook);

	set_text(text);
}

static inline void name_replicas(struct second *x)
{
	char path[32];

	while (w.named < w.replicas) {
		snprintf(path, sizeof(path), "/web/%u", ++w.named);
		second_name(x, w.named, path);
	}
}

/* One second in which each replica uses so much, then a tick. */
static inline void pass(uint64_t milli)
{
	struct second x;
	uint64_t held, t = ++w.second;

	if (t == 1) {
		second(&x, 1, 0, S, false);
		name_replicas(&x);
		w.node = fleet_hello(w.store, "node", &x, T0 + S, &held);
	}
	w.cpu_ns += milli * MS;
	second(&x, 1, t, t * S, t == 1);
	name_replicas(&x);
	x.b.unknown = w.deaf ? SIGNAL_NO_REQUESTS : 0;
	for (uint32_t i = 1; i <= w.replicas; i++)
		second_row(&x, i, w.cpu_ns, 0);
	assert_int_equal(fleet_put(w.store, w.node, &x, T0 + t * S), 0);
	scaler_tick(w.scaler, (clock_boot_t){T0 + t * S});
}

static inline void pass_seconds(unsigned n, uint64_t milli)
{
	while (n--)
		pass(milli);
}

#endif
