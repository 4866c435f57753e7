/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in force of the policy files as they stand now, when a document is bad or two want the same. A good document
 * is taken. A bad one leaves its version of before in force. What has a name and replicas already keeps them: whoever
 * comes new and wants either is refused, and whoever changes so that it would want another's stays as it was.
 *
 * A version of before whose document is gone is over, unless a document of the same file is refused: it may be that
 * one, under another name or unreadable. Pure values: no clock, no I/O; the texts are borrowed.
 */
#ifndef AGGREGATOR_MERGE_H
#define AGGREGATOR_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERGE_OVER SIZE_MAX

struct merge_item { /* a document, or a version of before */
	const char *name;    /* NULL: it cannot be told */
	const char *selects; /* its replicas; NULL: none that another could want, too */
	const char *file;    /* of a bad document: also a folder that cannot be read */
	bool is_bad;
};

enum merge_state {
	MERGE_OPEN,    /* not judged yet */
	MERGE_TAKEN,
	MERGE_KEPT,    /* its version of before stays in force */
	MERGE_REFUSED, /* nothing of it is in force */
};

struct merge {
	const struct merge_item *document, *before; /* before: no two of one name or with the same replicas */
	size_t n, n_before;
	bool may_double; /* names and replicas of several are no matter */
	/* What comes of it, for merge_done(): */
	enum merge_state *state;
	const struct merge_item **rival; /* that has what the document wants; NULL: nobody, it is bad */
	size_t *place; /* of a version of before: the document in whose place it stays, n: behind all, or MERGE_OVER */
	size_t *own;   /* of a document: its version of before; n_before: it has none */
};

void merge(struct merge *m);
void merge_done(struct merge *m);

#endif
