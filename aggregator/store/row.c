/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/node.h"

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

static size_t append(char *text, size_t at, const char *s, size_t size)
{
	memcpy(text + at, s, size);
	return at + size;
}

struct store_row *row_new(struct store_node *n, const struct store_identity *id)
{
	size_t cgroup = strlen(id->cgroup) + 1, pod = strlen(id->pod_uid) + 1;
	size_t container = strlen(id->container_id) + 1, name = strlen(id->name) + 1, at;
	struct store_row *r = calloc(1, sizeof(*r));

	if (!r || cgroup + pod + container + name > UINT16_MAX ||
	    !(r->text = malloc(cgroup + pod + container + name)))
		return row_free(r);
	at = append(r->text, 0, id->cgroup, cgroup);
	r->pod_uid_at = (uint16_t)at;
	at = append(r->text, at, id->pod_uid, pod);
	r->container_id_at = (uint16_t)at;
	at = append(r->text, at, id->container_id, container);
	r->name_at = (uint16_t)at;
	append(r->text, at, id->name, name);
	r->node = n;
	r->id = id->row;
	r->kind = (uint8_t)id->kind;
	r->runtime = shared_word(id->runtime);
	r->qos = shared_word(id->qos);
	r->rebase = true;
	r->frozen = true; /* until its first sample */
	return r;
}

struct store_row *row_free(struct store_row *r)
{
	if (!r)
		return NULL;
	waits_done(&r->waits);
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

static struct ring_values values_of(const uint64_t *v)
{
	return (struct ring_values){
		.cpu_ns = v[STORE_CPU_NS],
		.wait_ns = v[STORE_RUNQ_WAIT_NS],
		.psi_ns = {v[STORE_PSI_CPU_SOME_NS], v[STORE_PSI_MEMORY_SOME_NS],
			   v[STORE_PSI_IO_SOME_NS]},
		.memory_bytes = v[STORE_MEMORY_WORKING_SET],
	};
}

static bool falls(const struct store_row *r, const uint64_t *v, uint32_t missing)
{
	static const uint8_t cpu[] = {STORE_CPU_NS, STORE_RUNQ_WAIT_NS, STORE_SWITCHES};

	for (size_t i = 0; !(missing & STORE_NO_CPU) && i < sizeof(cpu); i++)
		if (v[cpu[i]] < r->value[cpu[i]])
			return true;
	for (size_t i = STORE_PSI_CPU_SOME_NS; !(missing & STORE_NO_PSI) && i < STORE_COLUMNS; i++)
		if (v[i] < r->value[i])
			return true;
	return false;
}

/* More CPU time than the machine has. */
static bool too_much(const struct store_row *r, const uint64_t *v, uint64_t elapsed_ns)
{
	double room = (double)elapsed_ns * (100 + ROW_CPU_SLACK_PERCENT) / 100 + ROW_CPU_SLACK_NS;

	return (double)(v[STORE_CPU_NS] - r->value[STORE_CPU_NS]) > room * r->node->cpus;
}

/* The first values of an epoch, or the first after something that cannot be: only a base. */
static void begin(struct store_row *r, const uint64_t *v, uint32_t flags)
{
	free(r->ring);
	r->ring = NULL;
	waits_reset(&r->waits);
	memcpy(r->value, v, sizeof(r->value));
	r->flags = (uint8_t)flags;
	r->first = r->node->clock.fine;
	r->coarse_first = r->node->clock.coarse;
	r->began = r->named;
	r->frozen = r->rebase = false;
}

static bool believable(const struct store_row *r, const uint64_t *v, uint32_t flags,
		       uint64_t elapsed_ns, enum store_refusal *ret_why)
{
	uint32_t missing = flags | r->flags;

	*ret_why = STORE_REFUSED_COUNTER_FELL;
	if (falls(r, v, missing))
		return false;
	*ret_why = STORE_REFUSED_CPU_TIME;
	return (missing & STORE_NO_CPU) || !too_much(r, v, elapsed_ns);
}

static int write_ring(struct store_row *r, const uint64_t *v)
{
	struct ring_values then = values_of(r->value), now = values_of(v);

	if (!r->ring && !memcmp(&then, &now, sizeof(then)))
		return 0;
	if (!r->ring)
		r->ring = ring_new(&r->node->clock, &then);
	if (!r->ring)
		return -ENOMEM;
	ring_write(r->ring, &r->node->clock, &now);
	return 0;
}

int row_put(struct store_row *r, const struct store_batch *b, size_t i, uint64_t elapsed_ns,
	    enum store_refusal *ret_why)
{
	uint32_t flags = b->flags[i];
	/* A signal that comes back begins anew; so does a row that missed seconds which others of
	 * its node have: what it did in them would all seem to happen in this one. */
	bool back = (r->flags & ~flags & (STORE_NO_CPU | STORE_NO_PSI)) != 0;
	bool missed = r->frozen && r->good + 1 < r->node->clock.fine;
	uint64_t v[STORE_COLUMNS];

	r->named = b->sequence;
	for (size_t c = 0; c < STORE_COLUMNS; c++)
		v[c] = b->column[c][i];
	if (r->rebase || back || missed) {
		begin(r, v, flags);
		return 0;
	}
	if (!believable(r, v, flags, elapsed_ns, ret_why)) {
		begin(r, v, flags);
		return -EBADMSG;
	}
	r->flags = (uint8_t)flags;
	if (write_ring(r, v) < 0) {
		row_freeze(r);
		r->rebase = true;
		return -ENOMEM;
	}
	r->frozen = false;
	memcpy(r->value, v, sizeof(r->value));
	return 0;
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
