/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who calls whom: what a conversation counts in besides its cgroup's tally (include/plimsoll/edge.h). Whom it is with is
 * where the segment that asks goes to, as its IP header says at the socket: of a client what its own network namespace
 * made of the address (DNAT), of a server its own. An address that is translated elsewhere, as that of a Kubernetes
 * Service outside the pod, stays; the server that got the same connection is known by `connection` then.
 */
#ifndef BPF_EDGE_H
#define BPF_EDGE_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "array.h"
#include "plimsoll/edge.h"
#include "skb.h"

#define EDGE_TRIES 4 /* of CPUs that want one at the same moment */
#define EDGE_MAPPED 0xffff00000000ull /* ::ffff:0:0, the second half, as it stands in memory of a big-endian machine */

MAPPED_ARRAY(request_edges, struct plimsoll_edge, PLIMSOLL_EDGES);
MAPPED_ARRAY(request_edge_sets, struct plimsoll_edge_set, 1u << PLIMSOLL_EDGE_SET_BITS);
MAPPED_ARRAY(request_edge_stock, __u64, PLIMSOLL_EDGES); /* a ring of handles; user space writes it */

__u32 request_edges_filled; /* user space: takes before this number have a row */
__u32 request_edges_taken;  /* those before this one took it */
__u64 request_edges_lost;   /* times somebody asked and there was no row */

/* NULL: none, or the row was given to another one. */
static __always_inline struct plimsoll_edge *edge_at(__u32 handle)
{
	__u32 row = PLIMSOLL_EDGE_ROW(handle);
	struct plimsoll_edge *e = handle ? bpf_map_lookup_elem(&request_edges, &row) : NULL;

	return e && *(volatile __u64 *)&e->use == PLIMSOLL_EDGE_USE(handle) ? e : NULL;
}

static __always_inline struct plimsoll_edge_set *edge_set(__u64 hash, __u32 i)
{
	__u32 set = PLIMSOLL_EDGE_SET(hash) ^ i;

	return bpf_map_lookup_elem(&request_edge_sets, &set);
}

static __always_inline bool edge_is(const struct plimsoll_edge *e, const struct plimsoll_edge_key *k)
{
	return e && e->key.cgroup == k->cgroup && e->key.net == k->net && e->key.address[0] == k->address[0] &&
	       e->key.address[1] == k->address[1] && e->key.port == k->port && e->key.serves == k->serves;
}

/* Its handle; 0: it is in no set. This and the next one are global, so that the verifier goes through them once. */
__noinline int request_edge_find(const struct plimsoll_edge_key *key, __u64 hash)
{
	if (!key)
		return 0;
	for (__u32 s = 0; s < PLIMSOLL_EDGE_SETS; s++) {
		struct plimsoll_edge_set *set = edge_set(hash, s);

		for (int i = 0; set && i < PLIMSOLL_EDGE_WAYS; i++) {
			__u64 way = *(volatile __u64 *)&set->way[i];

			if (way >> 32 == hash >> 32 && edge_is(edge_at((__u32)way), key))
				return (int)(__u32)way;
		}
	}
	return 0;
}

/* Where all ways are taken it counts all the same, and the next connection takes another row: an edge may have two. */
__noinline int request_edge_enter(__u64 hash, __u32 handle)
{
	__u64 way = hash >> 32 << 32 | handle;

	for (__u32 s = 0; s < PLIMSOLL_EDGE_SETS; s++) {
		struct plimsoll_edge_set *set = edge_set(hash, s);

		for (int i = 0; set && i < PLIMSOLL_EDGE_WAYS; i++)
			if (!*(volatile __u64 *)&set->way[i] && !__sync_val_compare_and_swap(&set->way[i], 0, way))
				return 1;
	}
	return 0;
}

/* A handle of the stock; 0: there is none. */
static __always_inline __u32 edge_from_stock(void)
{
	for (int i = 0; i < EDGE_TRIES; i++) {
		__u32 number = *(volatile __u32 *)&request_edges_taken, at = number % PLIMSOLL_EDGES;
		__u64 *entry = bpf_map_lookup_elem(&request_edge_stock, &at);
		__u32 handle;

		if (!entry || number == *(volatile __u32 *)&request_edges_filled)
			break;
		handle = (__u32)*entry;
		if (__sync_val_compare_and_swap(&request_edges_taken, number, number + 1) == number)
			return handle;
	}
	__sync_fetch_and_add(&request_edges_lost, 1);
	return 0;
}

static __always_inline __u32 edge_take(const struct plimsoll_edge_key *key, __u64 hash)
{
	__u32 handle = edge_from_stock();
	struct plimsoll_edge *e = edge_at(handle);

	if (!e)
		return 0;
	e->key.net = key->net;
	e->key.address[0] = key->address[0];
	e->key.address[1] = key->address[1];
	e->key.port = key->port;
	e->key.serves = key->serves;
	(void)__sync_lock_test_and_set(&e->key.cgroup, key->cgroup); /* now it can be read */
	request_edge_enter(hash, handle);
	return handle;
}

struct edge_ends { /* as they stand in the packet */
	__u64 from[2], to[2];
};

static __always_inline bool edge_read(struct __sk_buff *skb, struct edge_ends *ret)
{
	__u32 four[2];
	__u8 version;

	if (bpf_skb_load_bytes(skb, 0, &version, 1) < 0)
		return false;
	if (version >> 4 != 4)
		return bpf_skb_load_bytes(skb, 8, ret, sizeof(*ret)) == 0;
	if (bpf_skb_load_bytes(skb, 12, four, sizeof(four)) < 0)
		return false;
	ret->from[0] = ret->to[0] = 0;
	ret->from[1] = bpf_cpu_to_be64(EDGE_MAPPED | bpf_ntohl(four[0]));
	ret->to[1] = bpf_cpu_to_be64(EDGE_MAPPED | bpf_ntohl(four[1]));
	return true;
}

static __always_inline __u64 edge_net(struct bpf_sock *sk)
{
	struct sock *full = (void *)bpf_skc_to_tcp_sock(sk);

	return full ? BPF_CORE_READ(full, __sk_common.skc_net.net, net_cookie) : 0;
}

struct edge_segment { /* that asks */
	__u64 cgroup; /* the key of the socket's */
	__u32 sequence;
	__u16 from, to; /* ports */
	__u32 serves;
};

static __always_inline __u64 edge_connection(const struct edge_ends *ends, const struct edge_segment *s)
{
	__u64 hash = PLIMSOLL_EDGE_MIX(ends->from[0], ends->from[1]);

	return PLIMSOLL_EDGE_MIX(hash, (__u64)s->sequence << 16 | s->from);
}

/* The edge of a connection on which somebody asks, found or taken. 0: there is no room. */
__noinline int request_edge_of(struct __sk_buff *skb, const struct edge_segment *s)
{
	struct plimsoll_edge_key key = {};
	struct edge_ends ends;
	struct bpf_sock *sk = skb->sk;
	struct plimsoll_edge *e;
	__u64 hash;
	__u32 handle;

	if (!sk || !s || !edge_read(skb, &ends))
		return 0;
	key.cgroup = s->cgroup;
	key.net = edge_net(sk);
	key.address[0] = ends.to[0];
	key.address[1] = ends.to[1];
	key.port = s->to;
	key.serves = s->serves;
	hash = plimsoll_edge_hash(&key);
	handle = (__u32)request_edge_find(&key, hash);
	if (!handle)
		handle = edge_take(&key, hash);
	e = edge_at(handle);
	if (e)
		e->connection = edge_connection(&ends, s);
	return (int)handle;
}

#endif
