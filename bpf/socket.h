/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP sockets as several programs look at them: what they are, and whom they count for. */
#ifndef BPF_SOCKET_H
#define BPF_SOCKET_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "table.h"
#include "tally.h"

static __always_inline bool socket_is_tcp(const struct sock *sk)
{
	return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
}

static __always_inline __u8 socket_state(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_state);
}

/* Of the v2 cgroup that made it, of an accepted one the listener's. */
static __always_inline struct plimsoll_tally *socket_tally(const struct sock *sk)
{
	struct cgroup *c = BPF_CORE_READ(sk, sk_cgrp_data.cgroup);
	__u64 id = c ? BPF_CORE_READ(c, kn, id) : 0;

	return tally_at(id ? table_find(PLIMSOLL_KEY(id, PLIMSOLL_UNIFIED)) : 0);
}

/* NULL: the file is none. */
static __always_inline struct sock *socket_of_file(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	struct socket *socket;

	asm volatile("" : "+r"(file)); /* or it is read again, and the verifier forgets that it is not NULL */
	if (!file)
		return NULL;
	socket = bpf_sock_from_file(file);
	return socket ? socket->sk : NULL;
}

#endif
