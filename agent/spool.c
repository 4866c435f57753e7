/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "base/obj.h"

/* The oldest goes with its last batch, so up to one more than is wanted is held; what was not written of the newest
 * costs nothing. */
#define CHUNK_BYTES (256u << 10)

/* Batches lie one behind the other in memory of their own: they outlive all that comes and goes beside them, and in the
 * heap each would keep a page or two of it. */
struct chunk {
	struct chunk *next;
	size_t size, used; /* this header, too */
	size_t batches;    /* that are still wanted; 0: it goes */
};

/* A ring: batches[(first + i) % room] holds sequence oldest + i. */
struct spool {
	struct spool_batch *batches;
	size_t room, first, n;
	struct chunk *head, *tail;
	size_t bytes, max_bytes;
	uint64_t newest, acked, dropped;
	bool acks_expected;
};

struct spool *spool_new(uint32_t max_batches, size_t max_bytes)
{
	struct spool *s = mem_new(struct spool);

	must(max_batches > 0);
	s->room = max_batches;
	s->max_bytes = max_bytes;
	s->batches = mem_array(NULL, s->room, sizeof(s->batches[0]));
	return s;
}

static struct spool_batch *at(const struct spool *s, size_t i)
{
	return &s->batches[(s->first + i) % s->room];
}

static void count_drop(struct spool *s, uint64_t sequence)
{
	if (s->acks_expected && sequence > s->acked)
		s->dropped++;
}

static struct chunk *chunk_add(struct spool *s, size_t size)
{
	size_t all = sizeof(struct chunk) + size > CHUNK_BYTES ? sizeof(struct chunk) + size : CHUNK_BYTES;
	struct chunk *c = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (c == MAP_FAILED)
		return NULL;
	*c = (struct chunk){.size = all, .used = sizeof(*c)};
	*(s->tail ? &s->tail->next : &s->head) = c;
	s->tail = c;
	return c;
}

/* NULL: no memory. */
static uint8_t *take(struct spool *s, size_t size)
{
	struct chunk *c = s->tail;
	uint8_t *bytes;

	if (!c || c->size - c->used < size)
		c = chunk_add(s, size);
	if (!c)
		return NULL;
	bytes = (uint8_t *)c + c->used;
	c->used += size;
	c->batches++;
	return bytes;
}

/* Of the oldest batch. */
static void give(struct spool *s)
{
	struct chunk *c = s->head;

	if (--c->batches)
		return;
	s->head = c->next;
	if (!s->head)
		s->tail = NULL;
	(void)munmap(c, c->size);
}

static void drop_oldest(struct spool *s)
{
	struct spool_batch *b = at(s, 0);

	count_drop(s, b->sequence);
	s->bytes -= b->size;
	give(s);
	s->first = (s->first + 1) % s->room;
	s->n--;
}

struct spool *spool_free(struct spool *s)
{
	if (!s)
		return NULL;
	while (s->n)
		drop_oldest(s);
	free(s->batches);
	free(s);
	return NULL;
}

void spool_skip(struct spool *s, uint64_t sequence)
{
	while (s->n)
		drop_oldest(s);
	s->newest = sequence;
	count_drop(s, sequence);
}

int spool_put(struct spool *s, uint64_t sequence, bool keyframe, const uint8_t *bytes, size_t size)
{
	uint8_t *copy;

	must(s->newest == 0 || sequence == s->newest + 1);
	while (s->n && (s->n == s->room || s->bytes + size > s->max_bytes))
		drop_oldest(s);
	copy = size <= s->max_bytes ? take(s, size) : NULL;
	if (!copy) {
		spool_skip(s, sequence);
		return size <= s->max_bytes ? -ENOMEM : -E2BIG;
	}
	s->newest = sequence;
	memcpy(copy, bytes, size);
	*at(s, s->n) = (struct spool_batch){sequence, keyframe, size, copy};
	s->n++;
	s->bytes += size;
	return 0;
}

const struct spool_batch *spool_get(const struct spool *s, uint64_t sequence)
{
	if (!s->n || sequence > s->newest || sequence < at(s, 0)->sequence)
		return NULL;
	return at(s, (size_t)(sequence - at(s, 0)->sequence));
}

uint64_t spool_newest(const struct spool *s)
{
	return s->newest;
}

uint64_t spool_keyframe(const struct spool *s, uint64_t sequence)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct spool_batch *b = at(s, i);

		if (b->keyframe && b->sequence >= sequence)
			return b->sequence;
	}
	return 0;
}

uint64_t spool_resume(const struct spool *s, uint64_t sequence)
{
	if (sequence && sequence <= s->newest &&
	    (sequence == s->newest || spool_get(s, sequence + 1)))
		return sequence + 1;
	return spool_keyframe(s, 0);
}

void spool_expect_acks(struct spool *s)
{
	s->acks_expected = true;
}

void spool_acked(struct spool *s, uint64_t sequence)
{
	if (sequence > s->acked && sequence <= s->newest)
		s->acked = sequence;
}

uint64_t spool_dropped(const struct spool *s)
{
	return s->dropped;
}

size_t spool_batches(const struct spool *s)
{
	return s->n;
}

size_t spool_bytes(const struct spool *s)
{
	return s->bytes;
}
