/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What recommenders learned, over restarts: bytes by policy and container, in <state-dir>/recommender.db
 * (SQLite). Unlike decisions it can be learned again, so a file that is damaged is moved aside and begun anew, and
 * what cannot be written is only counted: the next minute tries again. Loop-thread-only; a commit takes as long as
 * one of store/ledger.h.
 */
#ifndef AGGREGATOR_STORE_CHECKPOINTS_H
#define AGGREGATOR_STORE_CHECKPOINTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CHECKPOINTS_FILE "recommender.db"

struct checkpoints;

struct checkpoint {
	const char *policy, *container; /* borrowed */
	const uint8_t *bytes;
	size_t size;
};

/* The file in `state_dir`, which is there already; *ret_moved (may be NULL): a damaged one was moved to
 * recommender.db.damaged. */
int checkpoints_open(const char *state_dir, struct checkpoints **ret, int *ret_moved, struct err *e);
struct checkpoints *checkpoints_free(struct checkpoints *c); /* NULL is fine; returns NULL */
/* All of them in one transaction, instead of what was there; negative errno: nothing has changed. */
int checkpoints_save(struct checkpoints *c, const struct checkpoint *all, size_t n);
/* Those of one policy; `each` must not call this module. */
int checkpoints_each(struct checkpoints *c, const char *policy, void (*each)(const struct checkpoint *x, void *data),
		     void *data);

#endif
