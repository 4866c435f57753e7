/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP connections by the cgroup that made their socket (of an accepted one, the listener's), a v2 cgroup:
 * opened, got, refused, given up, accepted, reset. What a connection sent, once or again, and how far its peer is, the
 * kernel keeps in the socket: it is read once a sample and when the connection ends. Connections there were
 * before us are found through the files of all tasks, and count from then on.
 */
#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "cost.h"
#include "hist.h"
#include "socket.h"

#define SRTT_SHIFT 3 /* srtt_us is kept in eighths */
#define SYN_BYTES  1 /* a SYN is acknowledged as one byte */

struct connection {
	__u64 began_ns;  /* of a connect that is under way; 0: none */
	__u32 segments, again; /* with data, and retransmitted: already counted */
	__u32 measured;  /* its round-trip time, once */
	__u32 late;      /* its data went again to a peer that has heard none: counted, once */
};

/* Freed with the socket; when the kernel has no memory for one, what that connection sends is not counted. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct connection);
} tcp_connections SEC(".maps");

volatile bool tcp_off; /* user space */
__u64 tcp_lost;        /* connections without memory for one */

static __always_inline struct connection *connection_of(const struct sock *sk)
{
	return bpf_sk_storage_get(&tcp_connections, (void *)sk, NULL, 0);
}

/* From here on; of a connection that is known already, nothing changes. `again`: so many segments sent again
 * before now count all the same. */
static __always_inline struct connection *know(const struct sock *sk, __u32 again)
{
	const struct tcp_sock *tcp = (const void *)sk;
	struct connection fresh = {.segments = BPF_CORE_READ(tcp, data_segs_out),
				   .again = BPF_CORE_READ(tcp, total_retrans) - again};
	struct connection *c = bpf_sk_storage_get(&tcp_connections, (void *)sk, &fresh, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!c)
		__sync_fetch_and_add(&tcp_lost, 1);
	return c;
}

/* How much it grew since somebody counted it. The look of a sample and the end of the connection may be at it
 * at once, and only one of them counts. */
static __always_inline __u32 growth(__u32 *counted, __u32 now)
{
	__u32 before = *(volatile __u32 *)counted;

	if ((__s32)(now - before) <= 0)
		return 0;
	return __sync_val_compare_and_swap(counted, before, now) == before ? now - before : 0;
}

/* Connected on our side alone, as far as we know: the peer acknowledged our SYN, and nothing of what followed. A peer
 * with a full accept queue drops the end of the handshake and all data. Who accepted a connection sent no SYN. */
static __always_inline bool unheard(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const void *)sk;

	return BPF_CORE_READ(tcp, bytes_acked) == SYN_BYTES && !BPF_CORE_READ(tcp, sacked_out) &&
	       !BPF_CORE_READ(tcp, bytes_received);
}

/* Segments; one event may be many. What goes again to a peer that has heard nothing yet, the SYN while it is `calling`,
 * says nothing of what the network loses. Data goes again sooner and more often than a SYN: that is one call, too. */
static __always_inline void count_again(const struct sock *sk, struct connection *c, bool calling,
					struct plimsoll_tally *t)
{
	const struct tcp_sock *tcp = (const void *)sk;
	__u32 again = growth(&c->again, BPF_CORE_READ(tcp, total_retrans));

	if (!again)
		return;
	if (calling) {
		tally_add(t, tcp_syn_retransmits, again);
	} else if (!unheard(sk)) {
		tally_add(t, tcp_retransmits, again);
	} else if (!c->late) {
		c->late = 1;
		tally_add(t, tcp_syn_retransmits, 1);
	}
}

/* What it sent, once or again, since it was last asked. How far its peer is only if it sent something: the figure of
 * an idle connection is an old one. */
static __always_inline void ask(const struct sock *sk, struct connection *c, bool calling, struct plimsoll_tally *t)
{
	const struct tcp_sock *tcp = (const void *)sk;
	__u32 segments = growth(&c->segments, BPF_CORE_READ(tcp, data_segs_out));
	__u32 srtt = BPF_CORE_READ(tcp, srtt_us);

	if (segments)
		tally_add(t, tcp_segments, segments);
	count_again(sk, c, calling, t);
	if (!srtt || (c->measured && !segments))
		return;
	c->measured = 1;
	tally_add(t, tcp_rtt_ns, (__u64)(srtt >> SRTT_SHIFT) * NS_PER_US);
	tally_add(t, tcp_rtt_samples, 1);
}

/* A socket may connect more than once; the kernel counts anew each time. */
static __always_inline void connecting(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const void *)sk;
	struct connection *c = know(sk, 0);

	if (!c)
		return;
	c->segments = BPF_CORE_READ(tcp, data_segs_out);
	c->again = BPF_CORE_READ(tcp, total_retrans);
	c->measured = c->late = 0;
	c->began_ns = bpf_ktime_get_ns();
}

static __always_inline void connected(const struct sock *sk, struct plimsoll_tally *t)
{
	struct connection *c = connection_of(sk);
	__u64 took;

	tally_add(t, tcp_connects, 1);
	if (c)
		ask(sk, c, true, t);
	if (!c || !c->began_ns)
		return;
	took = bpf_ktime_get_ns() - c->began_ns;
	tally_add(t, tcp_connect_ns, took);
	hist_count(t->connect_hist, took);
	c->began_ns = 0;
}

static __always_inline void accepted(const struct sock *sk, struct plimsoll_tally *t)
{
	tally_add(t, tcp_accepts, 1);
	(void)know(sk, 0);
}

/* By its own program, which closed or disconnected the socket: nothing else leaves it without an error once a SYN is
 * out. (No SYN is out where no port was free.) When it had to be sent again, the network had its chance. */
static __always_inline bool given_up(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const void *)sk;

	return !BPF_CORE_READ(sk, sk_err) && BPF_CORE_READ(tcp, segs_out) && !BPF_CORE_READ(tcp, total_retrans);
}

static __always_inline void ended(const struct sock *sk, bool before_it_began, struct plimsoll_tally *t)
{
	struct connection *c = connection_of(sk);

	if (before_it_began && given_up(sk))
		tally_add(t, tcp_connects_given_up, 1);
	else if (before_it_began)
		tally_add(t, tcp_connect_failures, 1);
	if (c)
		ask(sk, c, before_it_began, t);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_changes, const struct sock *sk, int old_state, int new_state)
{
	COST(TCP);
	struct plimsoll_tally *t;

	if (tcp_off || !socket_is_tcp(sk))
		return 0;
	if (new_state == TCP_SYN_SENT)
		connecting(sk);
	if (new_state != TCP_ESTABLISHED && (new_state != TCP_CLOSE || old_state == TCP_LISTEN))
		return 0; /* most are steps of a goodbye: not worth a look-up */
	t = socket_tally(sk);
	if (!t)
		return 0;
	if (new_state == TCP_CLOSE)
		ended(sk, old_state == TCP_SYN_SENT, t);
	else if (old_state == TCP_SYN_SENT)
		connected(sk, t);
	else if (old_state == TCP_SYN_RECV)
		accepted(sk, t);
	return 0;
}

/* Of a connection that we know the socket tells it, but not whether the peer had heard something by then. One that was
 * there before us and in no task's files is known from this segment on. */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_sent_again, const struct sock *sk)
{
	COST(TCP);
	struct connection *c = tcp_off || !sk ? NULL : connection_of(sk);
	struct plimsoll_tally *t;

	if (!tcp_off && sk && !c)
		c = know(sk, 1);
	t = c && unheard(sk) ? socket_tally(sk) : NULL;
	if (t)
		count_again(sk, c, false, t);
	return 0;
}

/* The answer to a SYN, again: there is no connection yet, and may never be. */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(tcp_answered_again, const struct sock *listener)
{
	COST(TCP);
	struct plimsoll_tally *t = tcp_off ? NULL : socket_tally(listener);

	if (t)
		tally_add(t, tcp_synack_retransmits, 1);
	return 0;
}

/* What is left of a connection that ended is smaller than a socket, and has no cgroup. */
static __always_inline bool is_whole(const struct sock *sk)
{
	__u8 state = socket_state(sk);

	return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_reset_sent, const struct sock *sk)
{
	COST(TCP);
	struct plimsoll_tally *t = tcp_off || !sk || !is_whole(sk) ? NULL : socket_tally(sk);

	if (t)
		tally_add(t, tcp_resets, 1);
	return 0;
}

/* A connect that is refused was no connection: it is a failure already. */
SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_reset_received, const struct sock *sk)
{
	COST(TCP);
	struct plimsoll_tally *t = tcp_off || socket_state(sk) == TCP_SYN_SENT ? NULL : socket_tally(sk);

	if (t)
		tally_add(t, tcp_resets, 1);
	return 0;
}

/* One row a file of a task: connected sockets among them. */
SEC("iter/task_file")
int tcp_find(struct bpf_iter__task_file *ctx)
{
	COST(OLD_CONNECTION);
	struct sock *sk = socket_of_file(ctx);
	__u8 state = sk && socket_is_tcp(sk) ? socket_state(sk) : TCP_CLOSE;

	if (state != TCP_CLOSE && state != TCP_LISTEN)
		(void)know(sk, 0);
	return 0;
}

/* A call whose SYN, or whose first data, was sent again, and that still has no answer. Who has closed it does not wait. */
static __always_inline bool is_unanswered(const struct sock *sk, bool calling)
{
	const struct inet_connection_sock *timers = (const void *)sk;

	if (calling)
		return true;
	return socket_state(sk) == TCP_ESTABLISHED && BPF_CORE_READ(timers, icsk_retransmits) && unheard(sk);
}

/* The kernel sends it again ever later, so what was sent again between two samples does not tell that somebody waits. */
static __always_inline void hangs(struct plimsoll_tally *t)
{
	if (t->tcp_pass != pass) {
		t->tcp_connects_unanswered = 0;
		t->tcp_pass = pass;
	}
	t->tcp_connects_unanswered++;
}

/* Once a sample, one row a connection that we know. */
SEC("iter/bpf_sk_storage_map")
int tcp_look(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	COST(CONNECTION);
	struct sock *sk = ctx->sk;
	struct connection *c = ctx->value;
	struct plimsoll_tally *t;
	bool calling;

	if (!sk || !c)
		return 0;
	t = socket_tally(sk);
	calling = socket_state(sk) == TCP_SYN_SENT;
	if (!t)
		return 0;
	ask(sk, c, calling, t);
	if (c->again && is_unanswered(sk, calling))
		hangs(t);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
