/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/ingest/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/unicode.h"
#include "wire/calls.h"
#include "wire/columns.h"
#include "wire/counts.h"

struct check {
	struct store_identity *identity;
	size_t identities;
	struct store_victim *victim;
	size_t victims;
	struct store_peer *peer;
	size_t peers;
	uint32_t *sorted;
	size_t room;
};

struct check *check_new(void)
{
	return mem_new(struct check);
}

struct check *check_free(struct check *c)
{
	if (!c)
		return NULL;
	free(c->identity);
	free(c->victim);
	free(c->peer);
	free(c->sorted);
	free(c);
	return NULL;
}

bool check_text(const char *text, size_t most)
{
	uint32_t code = 0;

	for (size_t i = 0, n; text[i]; i += n) {
		n = unicode_next(text + i, &code);
		if (!n || i + n > most || code < ' ' || code == 0x7f)
			return false;
	}
	return true;
}

static bool good_identity(const Plimsoll__V1__Identity *i)
{
	return i->cgroup[0] == '/' && check_text(i->cgroup, CHECK_CGROUP_BYTES) &&
	       check_text(i->runtime, CHECK_NAME_BYTES) &&
	       check_text(i->pod_uid, CHECK_NAME_BYTES) &&
	       check_text(i->container_id, CHECK_NAME_BYTES) &&
	       check_text(i->qos, CHECK_NAME_BYTES) && check_text(i->name, CHECK_NAME_BYTES) &&
	       check_text(i->pod_namespace, CHECK_NAME_BYTES) && check_text(i->pod_name, CHECK_NAME_BYTES) && check_text(i->workload, CHECK_NAME_BYTES);
}

/* A kind of a later version is some cgroup to us. */
static enum store_kind kind(Plimsoll__V1__Kind k)
{
	return (int)k >= STORE_KIND_UNSPECIFIED && (int)k <= STORE_KIND_SANDBOX ? (enum store_kind)k
										: STORE_KIND_CGROUP;
}

/* Who is there, and who is no more: first, so that it is known of a batch whose rest is refused, too. */
static bool take_names(struct check *c, struct store *s, const Plimsoll__V1__Batch *b,
		       struct store_batch *ret)
{
	if (b->n_dictionary > CHECK_NAMES_MAX || b->n_gone > CHECK_ROWS_MAX)
		return false;
	ret->gone = b->gone;
	ret->n_gone = b->n_gone;
	if (b->n_dictionary > c->identities) {
		c->identities = b->n_dictionary;
		c->identity = mem_array(c->identity, c->identities, sizeof(*c->identity));
	}
	for (size_t i = 0; i < b->n_dictionary; i++) {
		const Plimsoll__V1__Identity *d = b->dictionary[i];

		if (!good_identity(d)) {
			store_refuse(s, STORE_REFUSED_DICTIONARY);
			continue;
		}
		c->identity[ret->n_identities++] = (struct store_identity){
			.row = d->row,
			.kind = kind(d->kind),
			.cgroup = d->cgroup,
			.runtime = d->runtime,
			.pod_uid = d->pod_uid,
			.container_id = d->container_id,
			.qos = d->qos,
			.name = d->name,
			.pod_namespace = d->pod_namespace,
			.pod_name = d->pod_name,
			.workload = d->workload,
			.first_seen_boottime_ns = d->first_seen_boottime_ns,
		};
	}
	ret->identity = c->identity;
	return true;
}

static bool take_victims(struct check *c, struct store *s, const Plimsoll__V1__Batch *b,
			 struct store_batch *ret)
{
	if (b->n_oom_victims > CHECK_ROWS_MAX)
		return false;
	if (b->n_oom_victims > c->victims) {
		c->victims = b->n_oom_victims;
		c->victim = mem_array(c->victim, c->victims, sizeof(*c->victim));
	}
	for (size_t i = 0; i < b->n_oom_victims; i++) {
		const Plimsoll__V1__OomVictim *v = b->oom_victims[i];

		if (!check_text(v->name, STORE_VICTIM_BYTES)) {
			store_refuse(s, STORE_REFUSED_VICTIM);
			continue;
		}
		c->victim[ret->n_victims++] = (struct store_victim){
			.row = v->row,
			.pid = v->pid,
			.name = v->name,
			.boottime_ns = v->boottime_ns,
			.count = v->count,
		};
	}
	ret->victim = c->victim;
	return true;
}

_Static_assert((int)STORE_ADDRESS == (int)CALLS_ADDRESS, "an address is copied as it is");

static bool take_peer(const Plimsoll__V1__Peer *p, struct store_peer *ret)
{
	*ret = (struct store_peer){
		.peer = p->peer, .row = p->row, .serves = p->serves, .port = (uint16_t)p->port, .net = p->net};
	return p->port <= UINT16_MAX && calls_address(&p->address, ret->address);
}

static bool take_peers(struct check *c, struct store *s, const Plimsoll__V1__Batch *b, struct store_batch *ret)
{
	if (b->n_peers > CHECK_PEERS_MAX)
		return false;
	if (b->n_peers > c->peers) {
		c->peers = b->n_peers;
		c->peer = mem_array(c->peer, c->peers, sizeof(*c->peer));
	}
	for (size_t i = 0; i < b->n_peers; i++)
		if (take_peer(b->peers[i], &c->peer[ret->n_peers]))
			ret->n_peers++;
		else
			store_refuse(s, STORE_REFUSED_PEER);
	ret->peer = c->peer;
	return true;
}

static int take_calls(const Plimsoll__V1__Calls *m, struct store_calls *ret, enum store_refusal *ret_why)
{
	*ret_why = STORE_REFUSED_SIZE;
	if (m->n_peer > CHECK_PEERS_MAX || m->n_hist_peer > CHECK_PEERS_MAX * (size_t)CALLS_BUCKETS)
		return -EBADMSG;
	*ret_why = STORE_REFUSED_SHAPE;
	if (!calls_have_shape(m))
		return -EBADMSG;
	*ret = (struct store_calls){.known = true,
				    .n = m->n_peer,
				    .peer = m->peer,
				    .calls = m->calls,
				    .errors = m->errors,
				    .untimed = m->untimed,
				    .ns = m->ns,
				    .connection = m->connection,
				    .hist = {m->n_hist_peer, m->hist_peer, m->hist_bucket, m->hist_count}};
	return 0;
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool has_twice(struct check *c, const uint32_t *row, size_t n)
{
	size_t i = 1;

	while (i < n && row[i - 1] < row[i])
		i++;
	if (i >= n)
		return false; /* as our agent writes them */
	if (n > c->room) {
		c->room = n;
		c->sorted = mem_array(c->sorted, n, sizeof(*c->sorted));
	}
	memcpy(c->sorted, row, n * sizeof(*row));
	qsort(c->sorted, n, sizeof(*row), ascending);
	for (i = 1; i < n; i++)
		if (c->sorted[i - 1] == c->sorted[i])
			return true;
	return false;
}

static int take_columns(struct check *c, Plimsoll__V1__Columns *m, struct store_batch *ret,
			enum store_refusal *ret_why)
{
	*ret_why = STORE_REFUSED_SIZE;
	if (m->n_row > CHECK_ROWS_MAX)
		return -EBADMSG;
	*ret_why = STORE_REFUSED_SHAPE;
	for (int i = 0; i < SIGNALS; i++) {
		size_t n = *columns_length(m, (enum signal_id)i);

		if (n && n != m->n_row)
			return -EBADMSG;
		ret->column[i] = n ? *columns_values(m, (enum signal_id)i) : NULL;
	}
	if (m->n_flags != m->n_row)
		return -EBADMSG;
	*ret_why = STORE_REFUSED_DUPLICATE_ROW;
	if (has_twice(c, m->row, m->n_row))
		return -EBADMSG;
	ret->n_rows = m->n_row;
	ret->row = m->row;
	ret->flags = m->flags;
	return 0;
}

/* Each part has its own buckets. A later one that we do not know is a newer agent's. */
static int take_counts(const Plimsoll__V1__Columns *m, enum counts_part which, struct store_counts *ret,
		       enum store_refusal *ret_why)
{
	struct counts_list l;

	*ret_why = STORE_REFUSED_SHAPE;
	if (counts_of(m, which, &l) < 0)
		return -EBADMSG;
	*ret_why = STORE_REFUSED_SIZE;
	if (l.n > CHECK_HIST_MAX)
		return -EBADMSG;
	*ret_why = STORE_REFUSED_HISTOGRAM;
	for (size_t i = 0; i < l.n; i++)
		if (l.row[i] >= m->n_row || (which == COUNTS_LATER) != (l.bucket[i] >= COUNTS_LATER_BUCKET))
			return -EBADMSG;
	*ret = (struct store_counts){l.n, l.row, l.bucket, l.count};
	return 0;
}

_Static_assert((int)STORE_HISTS == (int)COUNTS_PARTS, "all that come are taken");

static int take_histograms(const Plimsoll__V1__Columns *m, struct store_batch *ret,
			   enum store_refusal *ret_why)
{
	for (int which = 0; which < COUNTS_PARTS; which++)
		if (take_counts(m, (enum counts_part)which, &ret->hist[which], ret_why) < 0)
			return -EBADMSG;
	return 0;
}

static void take_node(const Plimsoll__V1__Batch *b, struct store_batch *ret)
{
	if (b->node)
		ret->node = (struct store_node_sample){
			.known = true,
			.missing = b->node->missing,
			.cpu_idle_ns = b->node->cpu_idle_ns,
			.psi_cpu_some_ns = b->node->psi_cpu_some_ns,
			.psi_memory_some_ns = b->node->psi_memory_some_ns,
			.psi_io_some_ns = b->node->psi_io_some_ns,
			.memory_available_bytes = b->node->memory_available_bytes,
			.cpus = b->node->cpus,
			.cpu_weights = b->node->cpu_weights,
		};
	if (b->losses)
		ret->losses = (struct losses){
#define LOSS(ID, name, ...) .name = b->losses->name,
#include "plimsoll/losses.def"
		};
}

static int take(struct check *c, struct store *s, const Plimsoll__V1__Batch *b,
		struct store_batch *ret, enum store_refusal *ret_why)
{
	*ret = (struct store_batch){
		.epoch = b->epoch,
		.sequence = b->sequence,
		.boottime_ns = b->boottime_ns,
		.wall_unix_ns = b->wall_unix_ns,
		.keyframe = b->keyframe,
		.unknown = columns_unknown(b->wire_version, b->tells),
	};
	*ret_why = STORE_REFUSED_SIZE;
	if (!take_names(c, s, b, ret))
		return -EBADMSG;
	if (b->columns) {
		int r = take_columns(c, b->columns, ret, ret_why);

		if (r < 0 || (r = take_histograms(b->columns, ret, ret_why)) < 0)
			return r;
	}
	if (b->calls && take_calls(b->calls, &ret->calls, ret_why) < 0)
		return -EBADMSG;
	*ret_why = STORE_REFUSED_SIZE;
	if ((b->node && b->node->cpus > CHECK_CPUS_MAX) || !take_victims(c, s, b, ret) || !take_peers(c, s, b, ret))
		return -EBADMSG;
	take_node(b, ret);
	return 0;
}

int check_batch(struct check *c, struct store *s, const Plimsoll__V1__Batch *b,
		struct store_batch *ret, enum store_refusal *ret_why)
{
	int r = take(c, s, b, ret, ret_why);

	if (r < 0)
		store_refuse(s, *ret_why);
	return r;
}

static bool good_node_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"-_.:");

	return n && !name[n] && n <= CHECK_NODE_BYTES;
}

static const char *bad_source(const Plimsoll__V1__Batch *b)
{
	const Plimsoll__V1__Source *source = b->source;

	if (!source || b->sequence)
		return "the first message must be a preamble: sequence 0 and the source";
	if (!b->epoch)
		return "the epoch is 0";
	if (!good_node_name(source->node))
		return "the node's name is empty, too long or holds something else than letters, "
		       "digits and -_.:";
	if (!check_text(source->boot_id, CHECK_NAME_BYTES) ||
	    !check_text(source->agent_version, CHECK_NAME_BYTES))
		return "boot id or agent version are no text";
	if (!source->cpus || source->cpus > CHECK_CPUS_MAX)
		return "the number of CPUs is 0 or above 65536";
	if (source->interval_ns < CHECK_INTERVAL_LEAST_NS ||
	    source->interval_ns > CHECK_INTERVAL_MOST_NS)
		return "the interval is not between 1 ms and 1 h";
	return NULL;
}

int check_hello(struct check *c, struct store *s, const Plimsoll__V1__Batch *b,
		struct store_batch *ret, struct store_source *ret_source,
		enum store_refusal *ret_why, const char **ret_text)
{
	*ret_why = STORE_REFUSED_ORDER;
	*ret_text = bad_source(b);
	if (*ret_text || take(c, s, b, ret, ret_why) < 0) {
		store_refuse(s, *ret_why);
		if (!*ret_text)
			*ret_text = store_refusal_meaning(*ret_why);
		return -EBADMSG;
	}
	*ret_source = (struct store_source){
		.node = b->source->node,
		.boot_id = b->source->boot_id,
		.agent_version = b->source->agent_version,
		.interval_ns = b->source->interval_ns,
		.cpus = b->source->cpus,
		.memory_bytes = b->source->memory_bytes,
	};
	return 0;
}
