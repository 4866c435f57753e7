/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second of agent/sample as plimsoll.v1.Batch bytes. Keeps its arrays from one second to the next,
 * so that a node whose cgroups stay allocates nothing. Loop-thread-only.
 */
#ifndef AGENT_ENCODE_H
#define AGENT_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/node.h"
#include "agent/peers.h"
#include "agent/sample.h"
#include "plimsoll/loss.h"

#define ENCODE_KEYFRAME_EVERY 30 /* batches; a reader without state waits 30 s at most */

enum encode_form {
	ENCODE_PREAMBLE, /* source, names of all live rows, no values; sequence 0 */
	ENCODE_DELTA,    /* what changed, came and went in this second */
	ENCODE_KEYFRAME, /* the same second whole: all rows and names, and what went */
	ENCODE_STATE,    /* all live rows and names as of now, for a reader who joins here */
	ENCODE_SNAPSHOT, /* ENCODE_STATE with the source, sequence 0 */
};

struct encode_source {
	const char *node, *boot_id, *agent_version;
	uint64_t interval_ns, memory_bytes;
};

struct encode_filter { /* NULL: all rows */
	char *const *cgroups; /* patterns, see wire/pattern.h */
	size_t n;             /* 0: all rows */
};

struct encode_second { /* all that is not a row */
	uint64_t epoch, sequence;
	uint64_t boottime_ns, wall_unix_ns;
	struct encode_source source;
	struct node_reading node;
	struct losses losses;
	const struct peers *peers; /* of the same second; NULL: nobody knows who calls whom */
};

struct encode_bytes {
	const uint8_t *p; /* the encoder's, until its next use */
	size_t n;
};

struct encode;
struct encode *encode_new(void);
struct encode *encode_free(struct encode *e); /* NULL is fine; returns NULL */

/* `extra_gone` are rows that ended in seconds this reader was not given; may be NULL. */
struct encode_bytes encode_batch(struct encode *e, enum encode_form form,
				 const struct sample *sample, const struct encode_second *second,
				 const struct encode_filter *filter, const uint32_t *extra_gone,
				 size_t n_extra_gone);

bool encode_filter_match(const struct encode_filter *f, const struct sample_row *r);

#endif
