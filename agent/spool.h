/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last minutes as encoded batches, in memory of their own: where a reader that was away goes on. Bounded in
 * seconds and in bytes; the oldest go first. Loop-thread-only.
 */
#ifndef AGENT_SPOOL_H
#define AGENT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 300 s of 110 pods are about 3 MiB, of 2048 busy rows 60 MiB: so that no node pays more. */
#define SPOOL_MAX_BYTES (64u << 20)

struct spool_batch {
	uint64_t sequence;
	bool keyframe;
	size_t size;
	const uint8_t *bytes;
};

struct spool;
struct spool *spool_new(uint32_t max_batches, size_t max_bytes);
struct spool *spool_free(struct spool *s); /* NULL is fine; returns NULL */

/* Copies. `sequence` is the last one's plus 1. -E2BIG: larger than all the room; then it counts as
 * dropped at once. */
int spool_put(struct spool *s, uint64_t sequence, bool keyframe, const uint8_t *bytes, size_t size);

/* A second that cannot be sent at all: what is kept before it goes too, for readers go on in order. */
void spool_skip(struct spool *s, uint64_t sequence);

/* Borrowed until the next put; NULL: overwritten, or not there yet. */
const struct spool_batch *spool_get(const struct spool *s, uint64_t sequence);
uint64_t spool_newest(const struct spool *s); /* sequence; 0: empty */
/* The oldest keyframe at or after `sequence`; 0: none. */
uint64_t spool_keyframe(const struct spool *s, uint64_t sequence);
/* What follows `sequence` for a reader that has it; when that is gone, or `sequence` is 0 or from the
 * future: the oldest keyframe; 0: the reader must wait for the next keyframe. */
uint64_t spool_resume(const struct spool *s, uint64_t sequence);

/* Batches overwritten before they were acknowledged; nobody owes us that before the first expect. */
void spool_expect_acks(struct spool *s);
void spool_acked(struct spool *s, uint64_t sequence);
uint64_t spool_dropped(const struct spool *s);
size_t spool_batches(const struct spool *s);
size_t spool_bytes(const struct spool *s);

#endif
