/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Who calls whom, as request.bpf.c counts it and agent/probe/edges.c reads it: the layout of the mmapped arrays. An edge
 * is a cgroup that asks and the address that it asks, or a cgroup that answers and the address at which it does. The
 * kernel takes rows from a stock that user space fills, and finds them again in sets of a hash; user space takes idle
 * ones back. Nobody locks. The kernel side includes bpf/kernel.h first, which has these types.
 */
#ifndef PLIMSOLL_EDGE_H
#define PLIMSOLL_EDGE_H

#include "plimsoll/slot.h"

#define PLIMSOLL_EDGES	       4096 /* of a node; some 280 bytes each, in memory as they are used */
#define PLIMSOLL_EDGE_SET_BITS 10   /* with eight ways twice as many places as edges; … */
#define PLIMSOLL_EDGE_WAYS     8    /* … a set is one cache line, … */
#define PLIMSOLL_EDGE_SETS     2    /* … and two beside each other take a key */

struct plimsoll_edge_key {
	uint64_t cgroup; /* PLIMSOLL_KEY() of the socket's; 0: the row is being taken */
	uint64_t net;    /* the cookie of its network namespace, until reboot */
	uint64_t address[2]; /* of the server, as it stands in an IPv6 header; IPv4 mapped: ::ffff:1.2.3.4 */
	uint32_t port;   /* of the server */
	uint32_t serves; /* 1: it is the cgroup that answers there */
};

#define PLIMSOLL_EDGE_WORDS (sizeof(struct plimsoll_edge_key) / sizeof(uint64_t))

/* Array `request_edges`. Counters only grow while it is one edge's. */
struct plimsoll_edge {
	struct plimsoll_edge_key key;
	uint64_t use; /* which use of this row it is, 1 … 65535; 0: none, and who counts in it must look again */
	uint64_t connection; /* of the newest one: who both ends of it are, and with which byte it began, mixed */
	uint64_t calls, errors, untimed, ns;
	uint32_t hist[PLIMSOLL_HIST_BUCKETS]; /* wraps */
};

/* What a connection keeps of its edge: row and use. 0 is none, for no use is 0. */
#define PLIMSOLL_EDGE_HANDLE(row, use) ((uint32_t)(use) << 16 | (row))
#define PLIMSOLL_EDGE_ROW(handle)      ((handle) & 0xffff)
#define PLIMSOLL_EDGE_USE(handle)      ((handle) >> 16)

/* Array `request_edge_sets`: the high half of a key's hash, and below it a handle; 0: free. The kernel enters, user
 * space frees. */
struct plimsoll_edge_set {
	uint64_t way[PLIMSOLL_EDGE_WAYS];
};

#define PLIMSOLL_EDGE_MIX(hash, word) (PLIMSOLL_MIX((hash) ^ (word)) ^ PLIMSOLL_MIX((hash) ^ (word)) >> 32)
#define PLIMSOLL_EDGE_SET(hash)	      ((uint32_t)(hash) & ((1u << PLIMSOLL_EDGE_SET_BITS) - 1))

static inline uint64_t plimsoll_edge_hash(const struct plimsoll_edge_key *key)
{
	uint64_t hash = PLIMSOLL_EDGE_MIX(key->cgroup, key->net);

	hash = PLIMSOLL_EDGE_MIX(hash, key->address[0]);
	hash = PLIMSOLL_EDGE_MIX(hash, key->address[1]);
	return PLIMSOLL_EDGE_MIX(hash, (uint64_t)key->port << 1 | key->serves);
}

#endif
