/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accept queues of every listening TCP socket, in every network namespace, without entering one. Listeners
 * there were before us are found through the files of all tasks; later ones when they begin to listen, and
 * they are forgotten when they stop. Once a sample their queues are read. A listener belongs to the cgroup
 * that made the socket, a v2 one.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cost.h"
#include "socket.h"

#define PERMILLE 1000

struct listener {
	__u32 drops; /* of the socket, already counted */
};

/* By the address of the socket: read with care, as what lies there may have ended a moment ago. Full: further
 * listeners are counted in `listen_lost`, and their queues are nobody's. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, struct listener);
	__uint(max_entries, PLIMSOLL_LISTENERS);
} listen_sockets SEC(".maps");

volatile bool listen_off; /* user space */
__u64 listen_lost;

static __always_inline void begin(struct plimsoll_tally *t)
{
	t->listeners = 0;
	t->accept_queue = 0;
	t->accept_queue_limit = 0;
	t->accept_queue_fill = 0;
	t->listen_pass = pass;
}

static __always_inline bool is_listener(struct sock *sk)
{
	return socket_state(sk) == TCP_LISTEN && socket_is_tcp(sk);
}

/* What it dropped before that is not ours to tell. */
static __always_inline void remember(const struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct listener fresh = {.drops = BPF_CORE_READ(sk, sk_drops.counter)};

	if (bpf_map_lookup_elem(&listen_sockets, &key))
		return;
	if (bpf_map_update_elem(&listen_sockets, &key, &fresh, BPF_ANY))
		__sync_fetch_and_add(&listen_lost, 1);
}

/* The first TCP socket of an MPTCP one, which is the one that listens; any other is itself. */
static __always_inline struct sock *tcp_of(struct sock *sk)
{
	struct mptcp_sock *m = (void *)sk;

	if (!bpf_core_type_exists(struct mptcp_sock) || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_MPTCP)
		return sk;
	return BPF_CORE_READ(m, first);
}

/* One row a file of a task: sockets among them that listen. */
SEC("iter/task_file")
int listen_find(struct bpf_iter__task_file *ctx)
{
	COST(OLD_LISTENER);
	struct sock *sk = socket_of_file(ctx);

	sk = sk ? tcp_of(sk) : NULL;
	if (sk && is_listener(sk))
		remember(sk);
	return 0;
}

/* Each drop counts once, though the look of a sample and the end of the listener may come together. */
static __always_inline void count_drops(const struct sock *sk, struct listener *l, struct plimsoll_tally *t)
{
	__u32 drops = BPF_CORE_READ(sk, sk_drops.counter), before = *(volatile __u32 *)&l->drops;

	if (drops != before && __sync_val_compare_and_swap(&l->drops, before, drops) == before)
		tally_add(t, accept_overflows, drops - before);
}

static __always_inline void forget(const struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct listener *l = bpf_map_lookup_elem(&listen_sockets, &key);
	struct plimsoll_tally *t = l ? socket_tally(sk) : NULL;

	if (t)
		count_drops(sk, l, t);
	bpf_map_delete_elem(&listen_sockets, &key);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(listen_changes, const struct sock *sk, int old_state, int new_state)
{
	COST(LISTEN);
	if (old_state == TCP_LISTEN)
		forget(sk);
	else if (!listen_off && new_state == TCP_LISTEN)
		remember(sk);
	return 0;
}

/* A queue may hold one more than its limit. */
static __always_inline __u64 fill_of(__u32 queue, __u32 limit)
{
	if (!queue)
		return 0;
	return queue >= limit ? PERMILLE : (__u64)queue * PERMILLE / limit;
}

static long look(struct bpf_map *map, __u64 *key, struct listener *l, void *unused)
{
	struct sock *sk = (void *)*key;
	struct plimsoll_tally *t;
	__u32 queue, limit;
	__u64 fill;

	if (!is_listener(sk))
		return 0;
	t = socket_tally(sk);
	if (!t)
		return 0;
	if (t->listen_pass != pass)
		begin(t);
	queue = BPF_CORE_READ(sk, sk_ack_backlog);
	limit = BPF_CORE_READ(sk, sk_max_ack_backlog);
	fill = fill_of(queue, limit);
	t->listeners++;
	t->accept_queue += queue;
	t->accept_queue_limit += limit;
	if (fill > t->accept_queue_fill)
		t->accept_queue_fill = fill;
	count_drops(sk, l, t);
	return 0;
}

/* Attached to one cgroup only: a way for user space to have the listeners looked at. */
SEC("iter/cgroup")
int listen_pass(struct bpf_iter__cgroup *ctx)
{
	COST(QUEUES);
	if (ctx->cgroup)
		bpf_for_each_map_elem(&listen_sockets, look, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
