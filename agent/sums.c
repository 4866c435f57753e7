/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sums.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probe/victim.h"
#include "base/mem.h"

#define ALL_MEMORY                                                                                 \
	(SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET | SIGNAL_NO_DETAIL | SIGNAL_NO_COMPOSITION)

/* How a row's value comes from its cgroups', by signal. */
enum scope { OWN, SUM, MAX, FIRST };
enum kind { COUNTER, GAUGE };

static const struct {
	uint8_t scope, kind;
	uint32_t group;
} rule[SIGNALS] = {
#define SIGNAL(ID, name, KIND, SCOPE, GROUP, ...) [SIGNAL_##ID] = {SCOPE, KIND, SIGNAL_NO_##GROUP},
#include "plimsoll/signals.def"
};

/* Groups that a row misses when one of its cgroups does; of the others only its own counts. */
static const uint32_t shared_groups = 0
#define SHARED_OWN(bit)	  0
#define SHARED_SUM(bit)	  bit
#define SHARED_MAX(bit)	  bit
#define SHARED_FIRST(bit) bit
#define SIGNAL(ID, name, KIND, SCOPE, GROUP, ...) | SHARED_##SCOPE(SIGNAL_NO_##GROUP)
#define NOTE(ID, name, GROUP, prose) | SIGNAL_NO_##GROUP
#include "plimsoll/signals.def"
	;

/* Restarts */

/* A pod's container that is started again has another path: only its runtime knows that it is the same. */
bool sums_is_pods(const struct sums *r)
{
	return r->out.kind == IDENTITY_POD_CONTAINER || r->out.kind == IDENTITY_SANDBOX;
}

/* systemd makes a unit's cgroup anew for each start; what begins there one after the other are its ExecStartPre=. */
uint64_t sums_runs(const struct sums *r)
{
	return r->ran_before + (r->out.kind == IDENTITY_UNIT && r->runs ? 1 : r->runs);
}

static void write_restarts(struct sums *r)
{
	struct signals *now = &r->out.now;
	uint64_t runs = sums_runs(r);

	now->restarts = sums_is_pods(r) ? r->attempt : runs ? runs - 1 : 0;
	if (sums_is_pods(r) && !r->attempt_known)
		now->missing |= SIGNAL_NO_RESTARTS;
	else if (sums_is_pods(r))
		now->missing &= ~(uint32_t)SIGNAL_NO_RESTARTS;
}

static void note_runs(struct sums *r, const struct signals *own)
{
	uint32_t runs = own->runs[0] > own->runs[1] ? own->runs[0] : own->runs[1];

	if (!(own->missing & SIGNAL_NO_RESTARTS) && runs > r->runs)
		r->runs = runs;
}

void sums_tell_attempt(struct sums *r, const struct sample_names *n)
{
	struct signals *now = &r->out.now;
	const struct signals told = *now;

	r->attempt = n->attempt;
	r->attempt_known = n->attempt_known;
	write_restarts(r);
	if (now->restarts < told.restarts)
		now->restarts = told.restarts;
	r->out.changed = r->out.changed || memcmp(now, &told, sizeof(told)) != 0;
}

/* The second */

/* Sums only what goes on counting when a cgroup ends. */
static void add_counters(struct signals *to, const struct signals *from)
{
	for (unsigned i = 0; i < SIGNALS; i++)
		if (rule[i].scope == SUM && rule[i].kind == COUNTER)
			to->value[i] += from->value[i];
	for (unsigned i = 0; i < SIGNAL_BUCKETS; i++)
		to->hist[i] += from->hist[i];
	victim_add(&to->victim, &from->victim);
}

/* What the cgroup counted stays with its row, which may outlive it. */
void sums_fold(struct sums *r, const struct signals *reading, bool own)
{
	if (!r->base)
		r->base = mem_new(struct signals);
	add_counters(r->base, reading);
	if (!own)
		return;
	r->last = mem_new(struct signals);
	*r->last = *reading;
	note_runs(r, reading);
}

/* Of a row that was told before, what goes on counting to the end, and the peak; of another one all there is. */
static bool is_last_word(const struct sums *r, unsigned i)
{
	if (r->last->missing & rule[i].group)
		return false;
	if (!r->told)
		return rule[i].scope == OWN || rule[i].kind == GAUGE;
	return rule[i].scope == OWN && (rule[i].kind == COUNTER || i == SIGNAL_MEMORY_PEAK_BYTES);
}

static void say_last_words(struct sums *r)
{
	struct signals *now = &r->out.now;

	for (unsigned i = 0; i < SIGNALS; i++)
		if (is_last_word(r, i))
			now->value[i] = r->last->value[i];
	if (!r->told)
		now->missing = r->last->missing;
}

/* Sums begin anew; an ended row keeps what its gauges were last. */
void sums_start(struct sums *r)
{
	static const struct signals nothing;
	const struct signals *base = r->base ? r->base : &nothing;
	struct signals *now = &r->out.now;

	r->out.before = *now;
	r->out.fresh = !r->told;
	r->out.renamed = false;
	r->holds_others = false;
	for (unsigned i = 0; i < SIGNALS; i++)
		if (rule[i].scope == SUM && rule[i].kind == COUNTER)
			now->value[i] = base->value[i];
		else if (rule[i].scope != OWN && !r->out.ended)
			now->value[i] = 0;
	memcpy(now->hist, base->hist, sizeof(now->hist));
	now->victim = base->victim;
	if (!r->out.ended)
		now->missing = 0;
	else if (r->last)
		say_last_words(r);
}

static void join_value(uint64_t *to, uint64_t from, enum scope scope, bool own)
{
	if (scope == SUM)
		*to += from;
	else if (scope == OWN ? own : scope == MAX ? from > *to : from && (!*to || from < *to))
		*to = from;
}

void sums_add(struct sums *r, const struct signals *from, bool own)
{
	struct signals *now = &r->out.now;

	for (unsigned i = 0; i < SIGNALS; i++)
		join_value(&now->value[i], from->value[i], (enum scope)rule[i].scope, own);
	for (unsigned i = 0; i < SIGNAL_BUCKETS; i++)
		now->hist[i] += from->hist[i];
	victim_add(&now->victim, &from->victim);
	now->missing |= from->missing & (own ? SIGNAL_ALL : shared_groups);
	if (own)
		note_runs(r, from);
}

/* Some are estimates that may come out a hair too long: the time of a task that runs across
 * the pass, and stalls since the kernel last averaged them over its CPUs. A counter that fell would
 * be refused downstream. */
static void never_fall(struct signals *now, const struct signals *before)
{
	for (unsigned i = 0; i < SIGNALS; i++)
		if (rule[i].kind == COUNTER && now->value[i] < before->value[i])
			now->value[i] = before->value[i];
	if (now->victim.count < before->victim.count) /* one was being written */
		now->victim = before->victim;
}

/* On a hybrid machine CPU time goes to the memory cgroup of a task where it has one. A cgroup without
 * memory of its own that never ran anything may be idle, or its tasks' time may be counted elsewhere:
 * that is not known to be 0. */
static bool may_be_counted_elsewhere(const struct signals *now)
{
	return (now->missing & SIGNAL_NO_MEMORY) && !now->switches && !now->cpu_ns;
}

void sums_finish(struct sums *r)
{
	struct signals *now = &r->out.now;
	uint64_t usage = now->memory_usage_bytes, idle = now->memory_inactive_file_bytes;

	write_restarts(r);
	never_fall(now, &r->out.before);
	if (!r->out.ended || !r->told) {
		if (r->holds_others)
			now->missing |= ALL_MEMORY;
		if (now->missing & SIGNAL_NO_MEMORY)
			now->missing |= SIGNAL_NO_WORKING_SET;
		if (may_be_counted_elsewhere(now))
			now->missing |= SIGNAL_NO_CPU;
		now->memory_working_set_bytes = usage > idle ? usage - idle : 0;
	}
	r->out.changed = r->out.fresh || memcmp(now, &r->out.before, sizeof(*now)) != 0;
	r->told = true;
	r->buried = r->out.ended;
}

void sums_free(struct sums *r)
{
	free(r->base);
	free(r->last);
}
