/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests over TCP, from the packets of sockets at the root of the v2 hierarchy: when the first byte of one comes to
 * the server's socket, when its answer begins and when it ends. So what a request waits for in the accept queue and
 * in the socket's buffer is in its time. Servers and clients by the cgroup of their socket. Nothing is told of a
 * single request: they are added to the tallies. Every packet passes and every packet is let through.
 */
#include "kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "cost.h"
#include "edge.h"
#include "hist.h"
#include "skb.h"
#include "socket.h"
#include "table.h"
#include "tally.h"

static bool hear_bytes(const void *from, __u32 offset, void *to, __u32 n);
static struct http2 *hear_streams(const void *from);

#include "hear.h"

#define PASS 1
#define IP6_HEADER 40
#define TCP_FIN 0x01
#define TCP_SYN 0x02

/* Freed with the socket; when the kernel has no memory for one, that connection is not heard. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct hearing);
} request_hearings SEC(".maps");

/* Of those that speak HTTP/2. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct http2);
} request_streams SEC(".maps");

volatile bool request_off;       /* user space */
volatile __u32 request_times_on; /* user space: how often it was put on again */
__u64 request_lost;        /* connections without memory for one */

struct packet {
	struct __sk_buff *skb;
	struct bpf_sock *sk;
	__u32 data; /* where the payload begins */
};

static bool hear_bytes(const void *from, __u32 offset, void *to, __u32 n)
{
	const struct packet *p = from;
	__u32 last = n - 1;

	barrier_var(last); /* the verifier of 6.1 does not conclude from n != 0 that n > 0 */
	if (last >= CONVERSATION_PIECE)
		return false;
	return bpf_skb_load_bytes(p->skb, p->data + offset, to, last + 1) == 0;
}

static struct http2 *hear_streams(const void *from)
{
	const struct packet *p = from;
	struct http2 *h = bpf_sk_storage_get(&request_streams, p->sk, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!h)
		__sync_fetch_and_add(&request_lost, 1);
	return h;
}

/* Global: the verifier goes through it once, not for each of its results on. */
__noinline int bucket_between(__u64 from_ns, __u64 to_ns)
{
	return (int)bucket_of(to_ns > from_ns ? to_ns - from_ns : 0);
}

static __always_inline void count_time(__u32 *hist, __u64 from_ns, __u64 to_ns)
{
	hist_count_in(hist, (__u32)bucket_between(from_ns, to_ns));
}

static __always_inline void served(struct plimsoll_tally *t, const struct exchange *x)
{
	tally_add(t, requests, 1);
	if (x->outcome == EXCHANGE_FAILED)
		tally_add(t, request_errors, 1);
	else if (x->outcome == EXCHANGE_REFUSED)
		tally_add(t, request_client_errors, 1);
	else if (x->outcome == EXCHANGE_UNKNOWN)
		tally_add(t, requests_unknown, 1);
	if (!x->asked_ns || !x->ended_ns) {
		tally_add(t, requests_untimed, 1);
		return;
	}
	tally_add(t, request_ns, x->ended_ns - x->asked_ns);
	count_time(t->request_hist, x->asked_ns, x->ended_ns);
	count_time(t->first_byte_hist, x->asked_ns, x->answered_ns);
}

static __always_inline void called(struct plimsoll_tally *t, const struct exchange *x)
{
	tally_add(t, calls, 1);
	if (x->outcome == EXCHANGE_FAILED)
		tally_add(t, call_errors, 1);
	else if (x->outcome == EXCHANGE_UNKNOWN)
		tally_add(t, calls_unknown, 1);
	if (!x->asked_ns || !x->ended_ns) {
		tally_add(t, calls_untimed, 1);
		return;
	}
	tally_add(t, call_ns, x->ended_ns - x->asked_ns);
	count_time(t->call_hist, x->asked_ns, x->ended_ns);
}

/* The same once more, by whom it was with. */
static __always_inline void between(struct plimsoll_edge *e, const struct exchange *x)
{
	tally_add(e, calls, 1);
	if (x->outcome == EXCHANGE_FAILED)
		tally_add(e, errors, 1);
	if (!x->asked_ns || !x->ended_ns) {
		tally_add(e, untimed, 1);
		return;
	}
	tally_add(e, ns, x->ended_ns - x->asked_ns);
	count_time(e->hist, x->asked_ns, x->ended_ns);
}

static __always_inline void took_turn(struct plimsoll_tally *t, const struct exchange *x)
{
	tally_add(t, turns, 1);
	if (!x->asked_ns) {
		tally_add(t, turns_untimed, 1);
		return;
	}
	tally_add(t, turn_ns, x->answered_ns - x->asked_ns);
	count_time(t->turn_hist, x->asked_ns, x->answered_ns);
}

static __always_inline void called_turn(struct plimsoll_tally *t, const struct exchange *x)
{
	tally_add(t, call_turns, 1);
	if (!x->asked_ns) {
		tally_add(t, call_turns_untimed, 1);
		return;
	}
	tally_add(t, call_turn_ns, x->answered_ns - x->asked_ns);
	count_time(t->call_turn_hist, x->asked_ns, x->answered_ns);
}

/* To: the key of the socket's cgroup. */
int conversation_tell(const struct conversation *c, __u64 to, const struct exchange *x)
{
	struct plimsoll_tally *t = tally_at(table_find(to));
	struct plimsoll_edge *e;

	if (!t || !c || !x)
		return 0;
	if (c->protocol == CONVERSATION_TURNS) {
		c->role == CONVERSATION_SERVER ? took_turn(t, x) : called_turn(t, x);
		return 0;
	}
	c->role == CONVERSATION_SERVER ? served(t, x) : called(t, x);
	e = edge_at(c->edge);
	if (e)
		between(e, x);
	return 0;
}

/* Where the TCP header is; 0: there is none, or one that we do not look for behind an extension header. */
static __always_inline __u32 tcp_at(struct __sk_buff *skb)
{
	__u8 ip[10]; /* both protocols are in it; more would cost stack, which is short on 6.1 */

	if (bpf_skb_load_bytes(skb, 0, ip, sizeof(ip)) < 0)
		return 0;
	if (ip[0] >> 4 == 4)
		return ip[9] == IPPROTO_TCP ? (ip[0] & 0xf) * 4 : 0;
	return ip[6] == IPPROTO_TCP ? IP6_HEADER : 0;
}

/* Its fixed part. */
struct tcp_head {
	__be16 from, to;
	__be32 sequence, acknowledged;
	__u8 words, flags; /* the length in the high half */
	__be16 window, checksum, urgent;
};

/* Did this socket neither say nor hear anything before this segment? */
static __always_inline bool is_first(struct bpf_tcp_sock *tcp, bool out, __u32 segments)
{
	if (tcp->bytes_received)
		return false;
	return out ? tcp->data_segs_out <= (segments ? segments : 1) : tcp->data_segs_out == 0;
}

/* What comes next. Both are read: the verifier takes no pointer to one of them. */
static __always_inline __u32 expected(const struct bpf_tcp_sock *tcp, bool out)
{
	__u32 to_come = tcp->rcv_nxt, to_go = tcp->snd_nxt;

	barrier_var(to_come);
	barrier_var(to_go);
	return out ? to_go : to_come;
}

/* Of a connection on which nothing was said: who opened it had its SYN acknowledged, which the kernel counts as a byte. */
static __always_inline __u8 opened_by(const struct bpf_tcp_sock *tcp)
{
	return tcp->bytes_acked ? CONVERSATION_CLIENT : CONVERSATION_SERVER;
}

static __always_inline struct hearing *hearing_of(struct bpf_sock *sk)
{
	struct hearing *h = bpf_sk_storage_get(&request_hearings, sk, NULL, 0);

	if (h)
		return h;
	h = bpf_sk_storage_get(&request_hearings, sk, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!h)
		__sync_fetch_and_add(&request_lost, 1);
	return h;
}

/* Whom it is with says the segment that asks; its answer cannot have come yet. */
static __attribute__((noinline)) void know_edge(struct __sk_buff *skb, struct hearing *h, const struct segment *s,
				      const struct tcp_head *head)
{
	struct edge_segment asks = {.cgroup = s->to,
				    .sequence = s->sequence,
				    .from = bpf_ntohs(head->from),
				    .to = bpf_ntohs(head->to),
				    .serves = h->talk.role == CONVERSATION_SERVER};

	if (hear_understands(&h->talk) && hear_asks(h, s) && !edge_at(h->talk.edge))
		h->talk.edge = (__u32)request_edge_of(skb, &asks);
}

enum doubt { DOUBT_OLDER = 1, DOUBT_LEFT = 2 };

#define DOUBTS 3u

/* What passed while we were off nobody heard. */
static __always_inline void note_pause(struct hearing *h)
{
	__u32 times = request_times_on * (DOUBTS + 1);

	if ((h->counted & ~DOUBTS) == times)
		return;
	h->counted = (h->counted & DOUBTS) | times;
	hear_paused(h);
}

/* Once for a connection. */
static __always_inline bool first_time(struct hearing *h, __u32 doubt)
{
	return !(__sync_fetch_and_or(&h->counted, doubt) & doubt);
}

/* What is not told, or may not be. */
static __attribute__((noinline)) void count_doubts(struct hearing *h, enum heard how, __u64 to)
{
	bool left = h->talk.protocol == CONVERSATION_OPAQUE, older = !h->opened && (h->in.known || h->out.known);
	struct plimsoll_tally *t;

	if (how != HEARD_LOST && !left && (!older || h->counted & DOUBT_OLDER))
		return;
	t = tally_at(table_find(to));
	if (!t)
		return;
	if (how == HEARD_LOST)
		tally_add(t, hearing_losses, 1);
	if (left && first_time(h, DOUBT_LEFT))
		tally_add(t, connections_left, 1);
	if (older && first_time(h, DOUBT_OLDER))
		tally_add(t, connections_older, 1);
}

static __always_inline void hear(struct __sk_buff *skb, struct bpf_sock *sk)
{
	__u32 at = tcp_at(skb);
	struct bpf_tcp_sock *tcp;
	struct hearing *h;
	struct tcp_head head;
	struct packet p = {.skb = skb, .sk = sk};
	struct segment s = {};

	if (!at || bpf_skb_load_bytes(skb, at, &head, sizeof(head)) < 0)
		return;
	p.data = at + (head.words >> 4) * 4;
	s.bytes = skb->len > p.data ? skb->len - p.data : 0;
	s.last = head.flags & TCP_FIN;
	if (head.flags & TCP_SYN || (!s.bytes && !s.last))
		return;
	tcp = bpf_tcp_sock(sk);
	h = tcp ? hearing_of(sk) : NULL;
	if (!h || h->talk.protocol == CONVERSATION_OPAQUE)
		return;
	s.out = bpf_ntohs(head.from) == sk->src_port;
	note_pause(h);
	if (hear_ignores(h, s.out, s.last))
		return;
	s.to = PLIMSOLL_KEY(bpf_skb_cgroup_id(skb), PLIMSOLL_UNIFIED);
	s.first = is_first(tcp, s.out, skb->gso_segs);
	s.opened = opened_by(tcp);
	s.sequence = bpf_ntohl(head.sequence);
	s.expected = expected(tcp, s.out);
	s.acknowledged = bpf_ntohl(head.acknowledged);
	s.now_ns = bpf_ktime_get_ns();
	count_doubts(h, (enum heard)hear_segment(h, &s, &p), s.to);
	know_edge(skb, h, &s, &head);
}

static __always_inline struct bpf_sock *tcp_socket(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	sk = sk ? bpf_sk_fullsock(sk) : NULL;
	return sk && sk->protocol == IPPROTO_TCP && sk->state != TCP_LISTEN ? sk : NULL;
}

/* Attached both ways, so that it is verified once. */
SEC("cgroup/skb")
int request_heard(struct __sk_buff *skb)
{
	COST(REQUEST);
	struct bpf_sock *sk = request_off ? NULL : tcp_socket(skb);

	if (sk)
		hear(skb, sk);
	return PASS;
}

static __always_inline void begin_look(struct plimsoll_tally *t)
{
	t->requests_open = 0;
	t->calls_open = 0;
	t->turns_open = 0;
	t->request_pass = pass;
}

/* Of the requests under way; both ends of the queue may move while we look. */
static __always_inline __u32 requests_under_way(const struct conversation *c)
{
	__s32 n = hear_understands(c) ? (__s32)conversation_under_way(c) : 0;

	return n > 0 ? (__u32)n : 0;
}

/* A goodbye is none; the first bytes of a connection are one until it is known what they are. */
static __always_inline bool turn_is_under_way(const struct hearing *h)
{
	const struct conversation *c = &h->talk;

	if (c->protocol != CONVERSATION_TURNS)
		return h->fresh && h->held;
	return turns_is_under_way(c) && !(c->ask.framing & TURNS_PERHAPS);
}

static __always_inline void count_open(struct plimsoll_tally *t, const struct hearing *h)
{
	const struct conversation *c = &h->talk;
	__u32 requests = requests_under_way(c);

	if (c->role == CONVERSATION_SERVER) {
		t->requests_open += requests;
		t->turns_open += turn_is_under_way(h);
	} else {
		t->calls_open += requests;
	}
}

/* Once a sample, one row a connection that is heard: counted anew each time, so that nothing that was missed adds up. */
SEC("iter/bpf_sk_storage_map")
int request_look(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	COST(HEARING);
	struct sock *sk = ctx->sk;
	struct hearing *h = ctx->value;
	struct plimsoll_tally *t;

	if (!sk || !h || socket_state(sk) == TCP_CLOSE)
		return 0;
	t = socket_tally(sk);
	if (!t)
		return 0;
	if (t->request_pass != pass)
		begin_look(t);
	count_open(t, h);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
