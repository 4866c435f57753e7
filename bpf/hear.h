/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Both directions of a TCP connection, as segments, heard as a conversation: each byte once and in order, however often
 * and late it comes; who of the two asks; where to begin on a connection that is older than we are, or after a loss.
 * Never guesses: what cannot be told is left out, and said. Compiled for the kernel and, for its tests, as plain C:
 * who includes it has defined conversation_tell(to, exchange) and hear_bytes(from, offset, buffer, n), false: not there.
 */
#ifndef BPF_HEAR_H
#define BPF_HEAR_H

#include "protocol.h"

#define HEAR_TRIES 3   /* the thread was lost that often for no reason that we know: then it is something else */
#define HEAR_QUIET_NS 1000000000ull /* nothing was said for so long: nothing is under way */

/* One direction. A segment of one connection may come on two CPUs at once: then one of them is not heard. */
struct direction {
	__u32 next;  /* the sequence number that comes next */
	__u32 taken; /* somebody is at it */
	__u32 known; /* `next` is */
	__u32 at;    /* of the segment's data, as far as it was walked: in memory, since the verifier counts what it sees */
};

struct hearing {
	struct direction in, out;
	__u32 tries;
	__u32 fresh; /* nothing was ever said before us */
	__u64 last_ns; /* something was said, while we did not understand; 0: never */
	struct conversation talk;
};

struct segment {
	__u64 to; /* whom exchanges are told */
	__u64 now_ns;
	__u32 sequence, bytes; /* of data */
	__u32 out;   /* we send it */
	__u32 last;  /* it ends its direction */
	__u32 first; /* nothing was said in this direction before */
	__u32 acknowledged; /* what comes next in the other one */
};

enum heard { HEARD, HEARD_OLD, HEARD_LOST, HEARD_OPAQUE };

struct hear_walk {
	struct hearing *h;
	struct direction *d;
	const struct segment *s;
	const void *from;
	bool asks;
};

static __always_inline struct direction *hear_direction(struct hearing *h, const struct segment *s)
{
	return s->out ? &h->out : &h->in;
}

static __always_inline bool hear_asks(const struct hearing *h, const struct segment *s)
{
	return !!s->out == (h->talk.role == CONVERSATION_CLIENT);
}

static __always_inline bool hear_understands(const struct conversation *c)
{
	return protocol_is_heard(*(volatile const __u8 *)&c->protocol);
}

/* One step on: over a body, or through a piece of a head. 1: no further. */
static long hear_step(__u32 number, struct hear_walk *w)
{
	struct conversation *c = &w->h->talk;
	const struct segment *s = w->s;
	struct conversation_piece piece = {.to = s->to, .now_ns = s->now_ns, .asks = w->asks};
	__u32 at = w->d->at, n = s->bytes - at;
	__u64 passed;

	(void)number;
	if (at >= s->bytes || !hear_understands(c))
		return 1;
	passed = protocol_pass(c, w->asks, n, s->to, s->now_ns);
	if (passed) {
		w->d->at = at + (__u32)passed;
		return 0;
	}
	piece.n = n < CONVERSATION_PIECE ? n : CONVERSATION_PIECE;
	if (!hear_bytes(w->from, at, piece.byte, piece.n))
		return 1;
	n = protocol_read(c, &piece);
	w->d->at = at + n;
	return n == 0;
}

static __always_inline void hear_steps(struct hear_walk *w)
{
	__u32 steps = protocol_steps(w->h->talk.protocol);

#ifdef __bpf__
	bpf_loop(steps, hear_step, w, 0);
#else
	for (__u32 i = 0; i < steps && !hear_step(i, w); i++)
		;
#endif
}

/* A gap is nothing that we miss if it lies in a body. */
static __always_inline bool hear_bridges(struct hearing *h, const struct segment *s, __u32 gap)
{
	if (!hear_understands(&h->talk))
		return true; /* nobody listens */
	return protocol_pass(&h->talk, hear_asks(h, s), gap, s->to, s->now_ns) == gap;
}

/* The first answer may come with its second segment first. Of a connection that is older this says nothing. */
static __always_inline void hear_expect(struct direction *other, const struct segment *s)
{
	other->next = s->acknowledged;
	other->known = s->first;
}

/* Whether the segment has something new; what of it came before is left out: it is walked from d->at on. */
static __always_inline enum heard hear_place(struct hearing *h, struct direction *d, const struct segment *s)
{
	__s32 ahead = d->known ? (__s32)(s->sequence - d->next) : 0;

	if (!h->in.known && !h->out.known) {
		h->fresh = s->first;
		hear_expect(s->out ? &h->in : &h->out, s);
	}
	d->at = ahead < 0 ? (__u32)-ahead : 0;
	if (ahead < 0 && d->at >= s->bytes)
		return HEARD_OLD;
	d->known = 1;
	d->next = s->sequence + s->bytes + (s->last ? 1 : 0);
	return ahead <= 0 || hear_bridges(h, s, (__u32)ahead) ? HEARD : HEARD_LOST;
}

/* First of all. HEARD: its data is to be walked through, and hear_end() comes last. */
CONVERSATION_GLOBAL int hear_arrives(struct hearing *h, const struct segment *s)
{
	struct direction *d;
	enum heard how;

	if (!h || !s)
		return HEARD_OLD;
	d = hear_direction(h, s);
	if (__sync_lock_test_and_set(&d->taken, 1)) {
		conversation_lose(&h->talk);
		return HEARD_LOST;
	}
	how = hear_place(h, d, s);
	if (how == HEARD)
		return how;
	if (how == HEARD_LOST)
		conversation_lose(&h->talk);
	(void)__sync_lock_test_and_set(&d->taken, 0);
	return how;
}

/* What a segment that begins with `word` may be the first request of. When everything was heard so far, anything. Else
 * what its protocol knows again, and of a connection that was heard before, the same as then. */
static __always_inline enum conversation_protocol hear_protocol(const struct hearing *h, bool at_start, __u64 word,
								bool quiet)
{
	enum conversation_protocol p;

	if (h->fresh)
		return protocol_opens(word);
	if (!at_start)
		return CONVERSATION_UNKNOWN;
	p = protocol_may_begin(word, quiet || h->talk.role != CONVERSATION_NOBODY);
	return h->talk.spoke == CONVERSATION_UNKNOWN || h->talk.spoke == p ? p : CONVERSATION_UNKNOWN;
}

/* Nothing is under way: a request may begin with this segment, whose first bytes are `word`. Whoever speaks first asks. */
CONVERSATION_GLOBAL int hear_begins(struct hearing *h, const struct segment *s, __u64 word)
{
	enum conversation_protocol protocol;
	bool at_start, quiet, unsure;
	__u8 role;

	if (!h || !s)
		return 0;
	quiet = h->last_ns && s->now_ns - h->last_ns >= HEAR_QUIET_NS;
	h->last_ns = s->now_ns;
	role = s->out ? CONVERSATION_CLIENT : CONVERSATION_SERVER;
	if (h->talk.role != CONVERSATION_NOBODY && h->talk.role != role)
		return 0; /* the rest of an answer */
	at_start = !hear_direction(h, s)->at && s->bytes >= sizeof(word);
	protocol = hear_protocol(h, at_start, word, quiet);
	if (protocol == CONVERSATION_UNKNOWN && h->fresh)
		h->talk.protocol = CONVERSATION_OPAQUE;
	if (protocol == CONVERSATION_UNKNOWN)
		return 0;
	unsure = !h->fresh && h->talk.role == CONVERSATION_NOBODY;
	h->talk.role = role;
	h->fresh = 0;
	conversation_begin(&h->talk, protocol);
	if (unsure && protocol == CONVERSATION_REDIS)
		h->talk.answer.framing = REDIS_UNSURE;
	return 1;
}

/* It made no sense. Without a single request it is something else; else we lost the thread. */
static __always_inline enum heard hear_no_more(struct hearing *h)
{
	conversation_lose(&h->talk);
	if (!h->talk.asked || ++h->tries >= HEAR_TRIES)
		h->talk.protocol = CONVERSATION_OPAQUE;
	return h->talk.protocol == CONVERSATION_OPAQUE ? HEARD_OPAQUE : HEARD_LOST;
}

CONVERSATION_GLOBAL int hear_ends(struct hearing *h, const struct segment *s)
{
	struct direction *d;
	enum heard how = HEARD;

	if (!h || !s)
		return HEARD_OLD;
	d = hear_direction(h, s);
	if (h->talk.protocol == CONVERSATION_OPAQUE)
		how = HEARD_OPAQUE;
	else if (hear_understands(&h->talk) && d->at < s->bytes)
		how = hear_no_more(h);
	else if (s->last && !hear_asks(h, s))
		protocol_close(&h->talk, s->to, s->now_ns);
	(void)__sync_lock_test_and_set(&d->taken, 0);
	return how;
}

/* Its first bytes, as many as protocols are told apart by; the verifier wants to see constants. */
static __always_inline __u64 hear_word(const struct segment *s, const void *from)
{
	__u64 word = 0;

	if (s->bytes >= sizeof(word))
		(void)hear_bytes(from, 0, &word, sizeof(word));
	else if (s->bytes >= 6)
		(void)hear_bytes(from, 0, &word, 6);
	else
		(void)hear_bytes(from, 0, &word, 1);
	return word;
}

/* Once a segment with data or the end of its direction. `from` is what hear_bytes() reads. */
static __always_inline enum heard hear_segment(struct hearing *h, const struct segment *s, const void *from)
{
	struct hear_walk w = {.h = h, .d = hear_direction(h, s), .s = s, .from = from};
	enum heard how = (enum heard)hear_arrives(h, s);

	if (how != HEARD)
		return how;
	if (s->bytes && h->talk.protocol == CONVERSATION_UNKNOWN)
		hear_begins(h, s, hear_word(s, from));
	w.asks = hear_asks(h, s);
	if (s->bytes && hear_understands(&h->talk))
		hear_steps(&w);
	return (enum heard)hear_ends(h, s);
}

#endif
