/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/node.h"
#include "decide/guard.h"

#define TO_BE_BASED (SIGNAL_NO_CPU | SIGNAL_NO_PSI) /* groups of which rates are kept */

/* Runtimes and QoS classes are a handful of words: rows share them. */
static const char *shared_word(const char *word)
{
	static const char *const words[] = {"containerd", "cri-o",      "docker",    "podman",
					    "systemd",    "guaranteed", "burstable", "besteffort"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i]))
			return words[i];
	return "";
}

/* All texts of `id` in one piece of memory. NULL: there is none, or they are too long. */
static char *gather(const struct store_identity *id, uint16_t *ret_at)
{
	const char *const from[ROW_TEXTS] = {
		[ROW_CGROUP] = id->cgroup,
		[ROW_POD_UID] = id->pod_uid,
		[ROW_CONTAINER_ID] = id->container_id,
		[ROW_NAME] = id->name,
		[ROW_POD_NAMESPACE] = id->pod_namespace,
		[ROW_POD_NAME] = id->pod_name,
		[ROW_WORKLOAD] = id->workload,
	};
	size_t size[ROW_TEXTS], total = 0;
	char *text;

	for (int i = 0; i < ROW_TEXTS; i++)
		total += size[i] = strlen(from[i]) + 1;
	text = total <= UINT16_MAX ? malloc(total) : NULL;
	total = 0;
	for (int i = 0; text && i < ROW_TEXTS; i++) {
		memcpy(text + total, from[i], size[i]);
		ret_at[i] = (uint16_t)total;
		total += size[i];
	}
	return text;
}

struct store_row *row_new(struct store_node *n, const struct store_identity *id)
{
	struct store_row *r = calloc(1, sizeof(*r));

	if (!r || !(r->text = gather(id, r->text_at)))
		return row_free(r);
	r->node = n;
	r->id = id->row;
	r->kind = (uint8_t)id->kind;
	r->runtime = shared_word(id->runtime);
	r->qos = shared_word(id->qos);
	r->rebase = true;
	r->frozen = true; /* until its first sample */
	return r;
}

/* Until somebody knows more, a container is called by the first digits of its id. */
static bool knows_names(const char *pod_name, const char *name, const char *container_id)
{
	return *pod_name || strncmp(name, container_id, strlen(name)) != 0;
}

static bool says_less(const struct store_row *r, const struct store_identity *id)
{
	return *id->container_id && strcmp(row_container_id(r), id->container_id) == 0 &&
	       !knows_names(id->pod_name, id->name, id->container_id) &&
	       knows_names(row_pod_name(r), row_name(r), row_container_id(r));
}

static bool says_the_same(const struct store_row *r, const struct store_identity *id)
{
	return r->kind == id->kind && r->runtime == shared_word(id->runtime) &&
	       r->qos == shared_word(id->qos) && strcmp(row_pod_uid(r), id->pod_uid) == 0 &&
	       strcmp(row_container_id(r), id->container_id) == 0 && strcmp(row_name(r), id->name) == 0 &&
	       strcmp(row_pod_namespace(r), id->pod_namespace) == 0 &&
	       strcmp(row_pod_name(r), id->pod_name) == 0 && strcmp(row_own_workload(r), id->workload) == 0;
}

bool row_rename(struct store_row *r, const struct store_identity *id)
{
	uint16_t at[ROW_TEXTS];
	char *text;

	if (says_the_same(r, id) || says_less(r, id) || !(text = gather(id, at)))
		return false;
	free(r->text);
	r->text = text;
	memcpy(r->text_at, at, sizeof(at));
	r->kind = (uint8_t)id->kind;
	r->runtime = shared_word(id->runtime);
	r->qos = shared_word(id->qos);
	return true;
}

struct store_row *row_free(struct store_row *r)
{
	if (!r)
		return NULL;
	waits_done(&r->waits);
	buckets_done(&r->others);
	heard_free(r->heard);
	free(r->victim);
	free(r->ring);
	free(r->text);
	free(r);
	return NULL;
}

void row_freeze(struct store_row *r)
{
	if (r->frozen)
		return;
	r->good_ns = node_sample_ns(r->node);
	r->good = r->node->clock.fine;
	r->frozen = true;
}

void row_missed(struct store_row *r)
{
	row_freeze(r);
	waits_missed(&r->waits);
	if (r->heard)
		heard_missed(r->heard);
}

static struct ring_values values_of(const uint64_t *v, uint64_t quota_wait_ns)
{
	return (struct ring_values){
		.cpu_ns = v[SIGNAL_CPU_NS],
		.wait_ns = v[SIGNAL_RUNQ_WAIT_NS] - quota_wait_ns,
		.psi_ns = {v[SIGNAL_PSI_CPU_SOME_NS], v[SIGNAL_PSI_MEMORY_SOME_NS],
			   v[SIGNAL_PSI_IO_SOME_NS]},
	};
}

enum kind { COUNTER, GAUGE };

static const struct {
	uint8_t kind;
	uint32_t group;
} rule[SIGNALS] = {
#define SIGNAL(ID, name, KIND, SCOPE, GROUP, ...) [SIGNAL_##ID] = {KIND, SIGNAL_NO_##GROUP},
#include "plimsoll/signals.def"
};

static bool falls(const struct store_row *r, const uint64_t *v, uint32_t missing)
{
	for (size_t i = 0; i < SIGNALS; i++)
		if (rule[i].kind == COUNTER && v[i] < r->value[i] && !(missing & rule[i].group))
			return true;
	return false;
}

/* More CPU time than the machine has. */
static bool too_much(const struct store_row *r, const uint64_t *v, uint64_t elapsed_ns)
{
	double room = (double)elapsed_ns * (100 + ROW_CPU_SLACK_PERCENT) / 100 + ROW_CPU_SLACK_NS;

	return (double)(v[SIGNAL_CPU_NS] - r->value[SIGNAL_CPU_NS]) > room * r->node->cpus_most;
}

/* More than the machine can have done since it was started. */
static bool never_was(const struct store_row *r, const uint64_t *v, uint32_t flags, uint64_t boottime_ns)
{
	return !(flags & SIGNAL_NO_CPU) &&
	       (double)v[SIGNAL_CPU_NS] > (double)boottime_ns * r->node->cpus_most + ROW_CPU_SLACK_NS;
}

static struct heard_counts heard_of(const uint64_t *v)
{
	return (struct heard_counts){.requests = v[SIGNAL_REQUESTS],
				     .errors = v[SIGNAL_REQUEST_ERRORS],
				     .timed = v[SIGNAL_REQUESTS] - v[SIGNAL_REQUESTS_UNTIMED],
				     .ns = v[SIGNAL_REQUEST_NS]};
}

/* Without memory for it, or for one that never answered any, there is nothing to write to. */
static void begin_heard(struct store_row *r, const uint64_t *v, uint32_t flags)
{
	if (r->heard) {
		heard_begin(r->heard, r->node->boottime_ns, heard_of(v));
		return;
	}
	if (!(flags & SIGNAL_NO_REQUESTS) && v[SIGNAL_REQUESTS])
		r->heard = heard_new(r->node->boottime_ns, heard_of(v));
	if (r->heard && r->told == r->named) /* what is not told with its name is 0 */
		heard_told(r->heard);
}

/* Since when its counters go on, as far back as anybody asks. */
static uint64_t since_ns(const struct store_row *r)
{
	const struct ring_clock *c = &r->node->clock;

	return c->fine - r->first < RING_FINE ? c->fine_ns[r->first % RING_FINE] : 0;
}

static void put_heard(struct store_row *r, const uint64_t *v, uint32_t flags, uint64_t elapsed_ns)
{
	uint64_t now_ns = r->node->boottime_ns;

	if ((flags | r->flags) & SIGNAL_NO_REQUESTS) {
		begin_heard(r, v, flags);
		return;
	}
	if (!r->heard && v[SIGNAL_REQUESTS] != r->value[SIGNAL_REQUESTS])
		r->heard = heard_new(since_ns(r), heard_of(r->value));
	if (r->heard)
		heard_put(r->heard, now_ns > elapsed_ns ? now_ns - elapsed_ns : 0, now_ns, heard_of(v));
}

/* The first values of an epoch, or the first after something that cannot be: only a base. */
static void begin(struct store_row *r, const uint64_t *v, uint32_t flags)
{
	free(r->ring);
	r->ring = NULL;
	waits_begin(&r->waits);
	begin_heard(r, v, flags);
	causes_reset(&r->causes);
	r->quota_wait_ns = 0;
	memcpy(r->value, v, sizeof(r->value));
	r->flags = flags;
	r->first = r->node->clock.fine;
	r->coarse_first = r->node->clock.coarse;
	r->began = r->named;
	r->frozen = r->rebase = false;
	r->doubt = 0;
}

static bool believable(const struct store_row *r, const uint64_t *v, uint32_t flags,
		       uint64_t elapsed_ns, enum store_refusal *ret_why)
{
	uint32_t missing = flags | r->flags;

	*ret_why = STORE_REFUSED_COUNTER_FELL;
	if (GUARD(FALLEN, falls(r, v, missing)))
		return false;
	*ret_why = STORE_REFUSED_CPU_TIME;
	return (missing & SIGNAL_NO_CPU) || !GUARD(CAPACITY, too_much(r, v, elapsed_ns));
}

/* Not believed: a new base, and nothing is known until it moves by what can be. Counters that fell to nothing
 * and stay there would else be those of a container that does nothing, and those that come back from there
 * one that does a year's work in a second. */
static void doubt(struct store_row *r, const uint64_t *v, uint32_t flags)
{
	begin(r, v, flags);
	if (GUARD(FALLEN, true)) {
		row_freeze(r);
		r->doubt = ROW_DOUBT;
	}
}

static int put_doubted(struct store_row *r, const uint64_t *v, uint32_t flags, uint64_t elapsed_ns,
		       enum store_refusal *ret_why)
{
	bool last = r->doubt == 1;

	if ((flags | r->flags) & SIGNAL_NO_CPU) { /* nothing to compare with */
		memcpy(r->value, v, sizeof(r->value));
		r->flags = flags;
		return 0;
	}
	if (!memcmp(v, r->value, sizeof(r->value)))
		return 0;
	if (last && believable(r, v, flags, elapsed_ns, ret_why)) {
		begin(r, v, flags);
		return 0;
	}
	memcpy(r->value, v, sizeof(r->value));
	r->flags = flags;
	r->doubt = last ? ROW_DOUBT : (uint8_t)(r->doubt - 1);
	return last ? -EBADMSG : 0;
}

static int write_ring(struct store_row *r, const uint64_t *v, uint64_t quota_wait_ns)
{
	struct ring_values then = values_of(r->value, r->quota_wait_ns);
	struct ring_values now = values_of(v, quota_wait_ns);

	if (!r->ring && !memcmp(&then, &now, sizeof(then)))
		return 0;
	if (!r->ring)
		r->ring = ring_new(&r->node->clock, &then);
	if (!r->ring)
		return -ENOMEM;
	ring_write(r->ring, &r->node->clock, &now);
	return 0;
}

/* Returns what the quota added to the wait for a CPU. */
static uint64_t write_causes(struct store_row *r, const uint64_t *v, uint32_t flags,
			     uint64_t elapsed_ns)
{
	const struct saturation_input in = {
		.before = r->value,
		.now = v,
		.missing = flags | r->flags,
		.elapsed_ns = elapsed_ns,
		.cpus = r->node->cpus,
		.node_known = r->node->busy_known,
		.node_busy_ns = r->node->busy_ns,
	};
	struct saturation s;

	if (!elapsed_ns)
		return 0;
	saturation_of(&in, &s);
	causes_put(&r->causes, r->node->clock.fine, &s);
	return saturation_quota_wait_ns(&in);
}

int row_put(struct store_row *r, const struct store_batch *b, size_t i, uint64_t elapsed_ns,
	    enum store_refusal *ret_why)
{
	uint32_t flags = b->flags[i] | b->unknown;
	/* A signal that comes back begins anew; so does a row that missed seconds which others of
	 * its node have: what it did in them would all seem to happen in this one. */
	uint32_t back = r->flags & ~flags & TO_BE_BASED, gone_before = back & ~r->untold;
	bool missed = r->frozen && r->good + 1 < r->node->clock.fine;
	uint64_t v[SIGNALS], quota_wait_ns;

	r->named = b->sequence;
	r->untold &= (uint8_t)flags;
	for (size_t c = 0; c < SIGNALS; c++)
		v[c] = b->column[c] ? b->column[c][i] : 0;
	if (GUARD(CAPACITY, never_was(r, v, flags, b->boottime_ns))) {
		*ret_why = STORE_REFUSED_CPU_TIME;
		doubt(r, v, flags);
		return -EBADMSG;
	}
	if (r->doubt && !r->rebase)
		return put_doubted(r, v, flags, elapsed_ns, ret_why);
	if (r->rebase)
		r->untold = (uint8_t)(flags & TO_BE_BASED);
	if (r->rebase || (back && !gone_before)) {
		begin(r, v, flags);
		return 0;
	}
	if (back) {
		doubt(r, v, flags);
		r->doubt = 1;
		return 0;
	}
	if (missed && believable(r, v, flags, elapsed_ns, ret_why)) {
		begin(r, v, flags);
		return 0;
	}
	if (missed || !believable(r, v, flags, elapsed_ns, ret_why)) {
		doubt(r, v, flags);
		return -EBADMSG;
	}
	quota_wait_ns = r->quota_wait_ns + write_causes(r, v, flags, elapsed_ns);
	put_heard(r, v, flags, elapsed_ns);
	r->flags = flags;
	if (write_ring(r, v, quota_wait_ns) < 0) {
		row_freeze(r);
		r->rebase = true;
		return -ENOMEM;
	}
	r->frozen = false;
	r->quota_wait_ns = quota_wait_ns;
	memcpy(r->value, v, sizeof(r->value));
	return 0;
}

int row_put_victim(struct store_row *r, const struct store_victim *v, uint64_t sequence)
{
	if (!v) {
		free(r->victim);
		r->victim = NULL;
		return 0;
	}
	if (r->victim && r->victim->boottime_ns == v->boottime_ns && r->victim->pid == v->pid)
		return 0; /* a keyframe says it again */
	if (!r->victim)
		r->victim = calloc(1, sizeof(*r->victim));
	if (!r->victim)
		return -ENOMEM;
	r->victim->boottime_ns = v->boottime_ns;
	r->victim->count = v->count;
	r->victim->told = sequence;
	r->victim->pid = v->pid;
	snprintf(r->victim->name, sizeof(r->victim->name), "%s", v->name);
	return 0;
}

void row_saturation(const struct store_row *r, uint64_t window_ns, struct saturation *ret)
{
	uint64_t slots = window_ns / CLOCK_NS_PER_S;

	causes_mean(&r->causes, row_newest(r),
		    slots < 1 ? 1 : slots < CAUSES_SLOTS ? (uint32_t)slots : CAUSES_SLOTS, ret);
}

uint32_t row_newest(const struct store_row *r)
{
	return r->frozen ? r->good : r->node->clock.fine;
}

uint64_t row_sample_ns(const struct store_row *r)
{
	return r->frozen ? r->good_ns : node_sample_ns(r->node);
}

uint64_t row_sample_age(const struct store_row *r, clock_boot_t now)
{
	uint64_t at = row_sample_ns(r);

	return at ? clock_since(now, (clock_boot_t){at}) : UINT64_MAX;
}

int row_rate(const struct store_row *r, uint64_t window_ns, struct ring_rate *ret)
{
	uint64_t slack_ns = node_period_ns(r->node) * 3 / 2;

	if (!r->first)
		return -ENODATA;
	return ring_rate(r->ring, &r->node->clock, row_newest(r), r->first, r->coarse_first,
			 window_ns, slack_ns, ret);
}

/* The ring has no wait that the quota caused: to the metric that time is neither waited nor wanted. */
uint32_t row_wait_permille(const struct ring_rate *rate)
{
	return saturation_wait_permille(rate->wait_ns, rate->cpu_ns + rate->wait_ns, rate->cover_ns);
}

int row_heard(const struct store_row *r, struct heard_rate *ret, uint64_t into[HIST_BUCKETS])
{
	uint32_t newest = row_newest(r);

	if (!r->first || newest <= r->first || (r->flags & SIGNAL_NO_REQUESTS))
		return -ENODATA;
	*ret = (struct heard_rate){0};
	return r->heard ? heard_recent(r->heard, r->node->clock.fine_ns[newest % RING_FINE], ret, into) : 0;
}

int row_took(const struct store_row *r, uint64_t window_ns, uint32_t into[HIST_BUCKETS], uint64_t *ret_cover_ns)
{
	uint32_t newest = row_newest(r);

	if (!r->first || newest <= r->first || (r->flags & SIGNAL_NO_REQUESTS))
		return -ENODATA;
	if (r->heard)
		return heard_took(r->heard, r->node->clock.fine_ns[newest % RING_FINE], window_ns, into, ret_cover_ns);
	memset(into, 0, HIST_BUCKETS * sizeof(*into)); /* it never answered one */
	*ret_cover_ns = window_ns;
	return 0;
}
