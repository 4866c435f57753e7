/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls whom, put together of what was heard at either end: callers know an address, servers theirs. First all who
 * answer are added, then all who call. An address is looked for on the caller's own machine first, since private ones are
 * in use on many, and then on all others; loopback only in the caller's own network namespace. When it belongs to
 * several, or to nobody who was heard, it stays an address: nothing is guessed. Pure.
 */
#ifndef BASE_GRAPH_H
#define BASE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hist.h"

#define GRAPH_ADDRESS 16 /* bytes; IPv4 is mapped, ::ffff:1.2.3.4 */
#define GRAPH_TEXT    64 /* "[2001:db8::1]:65535" and its NUL */

struct graph_place { /* where somebody answers */
	const void *node; /* its machine, compared by its address */
	uint64_t net;     /* of its network namespaces; 0: not known */
	uint8_t address[GRAPH_ADDRESS];
	uint16_t port;
};

struct graph_load { /* of the last seconds */
	double calls, errors, timed, ns; /* a second */
	uint64_t hist[HIST_BUCKETS];
	uint64_t age_ns;
};

struct graph_edge {
	const char *from;
	const char *to;   /* NULL: nobody knows who answers there */
	const char *address; /* the first one, in text, … */
	uint32_t addresses;  /* … of so many */
	uint32_t ends, known; /* callers that add up to it, and of how many of them the load is known */
	struct graph_load load; /* of those, the oldest age */
};

struct graph;
struct graph *graph_new(void);
struct graph *graph_free(struct graph *g); /* NULL is fine; returns NULL */
void graph_serves(struct graph *g, const char *owner, const struct graph_place *at); /* the name is copied */
/* `met`: where a connection of it came out, when somebody knows; else NULL. `load` NULL: not known. */
void graph_calls(struct graph *g, const char *owner, const struct graph_place *at, const struct graph_place *met,
		 const struct graph_load *load);
/* By name of the caller, then of the called. Borrowed until graph_free(). */
const struct graph_edge *const *graph_edges(struct graph *g, size_t *ret_n);

bool graph_is_loopback(const uint8_t address[GRAPH_ADDRESS]);
void graph_text(const struct graph_place *p, char ret[GRAPH_TEXT]); /* "10.0.0.7:80" */

#endif
