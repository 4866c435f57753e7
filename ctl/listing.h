/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of things in every form of --output: one description a kind of thing (columns, cells, tree,
 * name), one printer for all. In a stream each table row begins with the time, and each JSON line is one
 * thing.
 */
#ifndef CTL_LISTING_H
#define CTL_LISTING_H

#include "ctl/command.h"
#include "ctl/table.h"
#include "ctl/tree.h"

struct listing {
	const char *kind;                  /* "Workload" */
	const char *word;                  /* "workload", for -o name */
	const struct table_column *columns; /* the first one is TIME */
	size_t n_columns;
	void (*cells)(struct table *t, const void *item); /* all but TIME */
	json_t *(*tree)(const void *item);                     /* a new object */
	const char *(*name)(const void *item);
	const char *none; /* a sentence for an empty list; to stderr */
};

struct listing_printer { /* zero it; may be used again and again in a stream */
	const struct listing *listing;
	const struct session *session;
	bool stream;
	struct table table;
};

void listing_begin(struct listing_printer *p, const struct listing *l, const struct session *s,
		   bool stream);
/* `unix_ns`: when it was so. COMMAND_FINE, or COMMAND_FAILED when stdout takes no more. */
int listing_print(struct listing_printer *p, const void *const *items, size_t n, uint64_t unix_ns);
void listing_done(struct listing_printer *p); /* also for scoped() */

#endif
