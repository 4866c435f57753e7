/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stored node as plimsoll.v1.Batch again: all of it, or what its newest second brought. Values are
 * those that were checked, so a reader never sees what ingest refused. Keeps its arrays from one use
 * to the next.
 */
#ifndef AGGREGATOR_SERVE_BATCH_H
#define AGGREGATOR_SERVE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "plimsoll/v1/metrics.pb-c.h"

struct store_node;

enum batch_form {
	BATCH_STATE,  /* every live row and its name: a keyframe */
	BATCH_SECOND, /* rows that the newest second named, names that are new in it */
};

struct batch; /* a builder */
struct batch *batch_new(void);
struct batch *batch_free(struct batch *b); /* NULL is fine */

/* `gone` of the newest second; `globs` as in wire/pattern.h, n 0: all rows. Borrowed until the next call. */
const Plimsoll__V1__Batch *batch_build(struct batch *b, struct store_node *n, enum batch_form form,
				       const uint32_t *gone, size_t n_gone, char *const *globs,
				       size_t n_globs);

#endif
