/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Both directions of a TCP connection, as segments, heard as a conversation: each byte once and in order, however often
 * and late it comes; who of the two asks; what it speaks; where to begin on a connection that is older than we are, or
 * after a loss. What speaks nothing that we understand takes turns.
 * Never guesses: what cannot be told is left out, and said. Compiled for the kernel and, for its tests, as plain C:
 * who includes it has defined conversation_tell(to, exchange), hear_bytes(from, offset, buffer, n), false: not there, and
 * hear_streams(from): the memory that HTTP/2 needs of this connection, made zeroed, NULL: there is none.
 */
#ifndef BPF_HEAR_H
#define BPF_HEAR_H

#include "protocol.h"
#include "turns.h"

#define HEAR_TRIES 3   /* the thread was lost that often for no reason that we know: then it is something else */
#define HEAR_QUIET_NS 1000000000ull /* nothing was said for so long: nothing is under way */
#define HEAR_RECORDS 8 /* of TLS, of a segment, that may come before application data: more are not looked at */

/* One direction. A segment of one connection may come on two CPUs at once: then one of them is not heard. */
struct direction {
	__u32 next;  /* the sequence number that comes next */
	__u32 taken; /* somebody is at it */
	__u32 known; /* `next` is */
	__u32 at;    /* of the segment's data, as far as it was walked: in memory, since the verifier counts what it sees */
};

struct hearing {
	struct direction in, out;
	__u8 tries;
	__u8 fresh;  /* nothing was said before us, and it is not known what protocol it is */
	__u8 opened; /* enum conversation_role: ours by who opened the connection; nobody: it is older than we are */
	__u8 held;   /* bytes of `opening`, the client's first: while there are too few of them, and until they are read */
	__u32 counted; /* the includer's */
	__u64 opening;
	__u64 last_ns; /* something was said, while we did not understand, or opening began; 0: never */
	struct conversation talk;
};

struct segment {
	__u64 to; /* whom exchanges are told */
	__u64 now_ns;
	__u32 sequence, bytes; /* of data */
	__u32 expected; /* the sequence number that comes next in this direction, as the socket knows it */
	__u32 acknowledged; /* … in the other one */
	__u8 out;    /* we send it */
	__u8 last;   /* it ends its direction */
	__u8 first;  /* nothing was said before, in either direction */
	__u8 opened; /* enum conversation_role: ours, by who opened the connection; known of the first segment only */
};

/* OPAQUE: from here on nothing is told of the connection. ON: something is missing, but what is there may be heard. */
enum heard { HEARD, HEARD_OLD, HEARD_LOST, HEARD_OPAQUE, HEARD_ON };

/* What follows from these is reckoned again at each step: 6.1 has no stack left for it. */
struct hear_walk {
	struct hearing *h;
	const struct segment *s;
	const void *from;
	struct http2 *streams; /* NULL: it is not HTTP/2 */
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

/* The client's first bytes that were kept. */
static __always_inline void hear_again(const struct hearing *h, struct conversation_piece *piece)
{
	__builtin_memcpy(piece->byte, &h->opening, sizeof(h->opening));
}

/* So many of them, or of the segment, are done with. */
static __always_inline void hear_goes_on(struct hear_walk *w, bool again, __u32 taken)
{
	struct hearing *h = w->h;

	if (!again) {
		hear_direction(w->h, w->s)->at += taken;
		return;
	}
	h->opening >>= 8 * taken & 63;
	h->held -= (__u8)taken;
}

/* One step on: over a body, or through a piece of a head; of an opening that was kept first, at the time it came. 1: no
 * further. */
static long hear_step(__u32 number, struct hear_walk *w)
{
	struct hearing *h = w->h;
	struct conversation *c = &h->talk;
	const struct segment *s = w->s;
	bool again = h->held;
	struct conversation_piece piece = {
		.to = s->to, .now_ns = again ? h->last_ns : s->now_ns, .asks = again || hear_asks(h, s)};
	__u32 at = hear_direction(h, s)->at, n = again ? h->held : s->bytes - at, taken;

	(void)number;
	if ((!again && at >= s->bytes) || !hear_understands(c))
		return 1;
	taken = protocol_pass(c, w->streams, &piece, n);
	if (!taken) {
		piece.n = n < CONVERSATION_PIECE ? n : CONVERSATION_PIECE;
		if (again)
			hear_again(h, &piece);
		else if (!hear_bytes(w->from, at, piece.byte, piece.n))
			return 1;
		taken = protocol_read(c, w->streams, &piece);
	}
	hear_goes_on(w, again, taken);
	return taken == 0;
}

static __always_inline void hear_steps(struct hear_walk *w)
{
	__u32 steps = protocol_steps(w->h->talk.protocol) * ((w->s->bytes + 0xffff) >> 16);

#ifdef __bpf__
	bpf_loop(steps, hear_step, w, 0);
#else
	for (__u32 i = 0; i < steps && !hear_step(i, w); i++)
		;
#endif
}

/* A gap is nothing that we miss if it lies in a body. */
static __always_inline bool hear_bridges(struct hearing *h, const struct segment *s, struct http2 *streams, __u32 gap)
{
	struct conversation_piece piece = {.to = s->to, .now_ns = s->now_ns, .asks = hear_asks(h, s)};

	if (h->fresh && h->held && hear_asks(h, s)) {
		h->fresh = 0; /* what it speaks is known at its next request, if at all */
		return false;
	}
	if (!hear_understands(&h->talk))
		return true; /* nobody listens */
	return protocol_pass(&h->talk, streams, &piece, gap) == gap;
}

/* The first answer may come with its second segment first. Of a connection that is older this says nothing. */
static __always_inline void hear_expect(struct direction *other, const struct segment *s)
{
	if (other->known) /* by now: both may speak at once */
		return;
	other->next = s->acknowledged;
	other->known = s->first;
}

/* Who opened the connection asks, whoever speaks first. */
static __always_inline void hear_joins(struct hearing *h, const struct segment *s)
{
	h->fresh = s->first;
	if (s->first)
		h->opened = h->talk.role = s->opened;
	hear_expect(s->out ? &h->in : &h->out, s);
}

/* Whether the segment has something new; what of it came before is left out: it is walked from d->at on. */
static __always_inline enum heard hear_place(struct hearing *h, struct direction *d, const struct segment *s,
					     struct http2 *streams)
{
	__s32 ahead = d->known ? (__s32)(s->sequence - d->next) : 0;
	bool bridged;

	if (!h->in.known && !h->out.known) {
		if (s->sequence != s->expected)
			return HEARD_OLD; /* or from later on: we begin with what is due */
		hear_joins(h, s);
	}
	d->at = ahead < 0 ? (__u32)-ahead : 0;
	if (ahead < 0 && d->at >= s->bytes)
		return HEARD_OLD;
	d->known = 1;
	d->next = s->sequence + s->bytes + (s->last ? 1 : 0);
	bridged = ahead <= 0 || hear_bridges(h, s, streams, (__u32)ahead);
	if (!streams)
		return bridged ? HEARD : HEARD_LOST;
	if (!bridged)
		http2_lose(streams, hear_asks(h, s));
	if (!d->at)
		http2_arrives(streams, hear_asks(h, s));
	return bridged ? HEARD : HEARD_ON; /* frames are found again */
}

/* First of all. HEARD, HEARD_ON: its data is to be walked through, and hear_end() comes last. */
CONVERSATION_GLOBAL int hear_arrives(struct hearing *h, const struct segment *s, struct http2 *streams)
{
	struct direction *d;
	enum heard how;

	if (!h || !s)
		return HEARD_OLD;
	d = hear_direction(h, s);
	if (__sync_lock_test_and_set(&d->taken, 1)) {
		if (!streams) /* else the next segment finds that this one is missing */
			conversation_lose(&h->talk);
		return HEARD_LOST;
	}
	how = hear_place(h, d, s, streams);
	if (how == HEARD || how == HEARD_ON)
		return how;
	if (how == HEARD_LOST)
		conversation_lose(&h->talk);
	(void)__sync_lock_test_and_set(&d->taken, 0);
	return how;
}

/* What a segment that begins with `word` may be the first request of: what its protocol knows again, and of a connection
 * that was heard before, the same as then. */
static __always_inline enum conversation_protocol hear_protocol(const struct hearing *h, __u64 word, bool quiet)
{
	enum conversation_protocol p = protocol_may_begin(word, quiet || h->talk.role != CONVERSATION_NOBODY);

	return h->talk.spoke == CONVERSATION_UNKNOWN || h->talk.spoke == p ? p : CONVERSATION_UNKNOWN;
}

/* We came in the middle, or lost the thread; nothing is under way: a request may begin with this segment, whose first
 * bytes are `word`. Whoever speaks first asks. */
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
	protocol = at_start ? hear_protocol(h, word, quiet) : CONVERSATION_UNKNOWN;
	if (protocol == CONVERSATION_UNKNOWN)
		return 0;
	unsure = h->talk.role == CONVERSATION_NOBODY;
	h->talk.role = role;
	conversation_begin(&h->talk, protocol);
	if (unsure && protocol == CONVERSATION_REDIS)
		h->talk.answer.framing = REDIS_UNSURE;
	if (protocol == CONVERSATION_HTTP2)
		http2_begin(&h->talk, s->now_ns);
	return 1;
}

/* Its first bytes, as many as protocols are told apart by. */
static __always_inline __u64 hear_word(const struct segment *s, const void *from)
{
	__u64 word = 0;

	if (s->bytes >= sizeof(word))
		(void)hear_bytes(from, 0, &word, sizeof(word));
	return word;
}

/* The client's first bytes, as many as protocols are told apart by, however they come. True: they are all there. Apart,
 * for what it needs of the stack. */
static __attribute__((noinline)) bool hear_gathers(struct hearing *h, const struct segment *s, const void *from)
{
	__u32 at = hear_direction(h, s)->at, held = h->held & 7, n = s->bytes > at ? s->bytes - at : 0;
	__u8 bytes[CONVERSATION_PIECE] = {}; /* as many as hear_bytes() may write, for all that the verifier knows */
	__u64 word;

	if (!held)
		h->last_ns = s->now_ns;
	if (n > sizeof(word) - held)
		n = sizeof(word) - held;
	if (n && !hear_bytes(from, at, bytes, n))
		return false;
	__builtin_memcpy(&word, bytes, sizeof(word));
	h->opening |= word << (8 * held & 63);
	return held + n >= sizeof(word);
}

/* Nobody knows what it is, or it made no sense from its beginning: turns, if it is known who asks. */
static __always_inline void hear_turns(struct hearing *h)
{
	struct conversation *c = &h->talk;

	h->held = 0;
	if (h->opened == CONVERSATION_NOBODY)
		c->protocol = CONVERSATION_OPAQUE;
	else
		turns_begin(c, 0, c->ask.began_ns);
}

/* It is known, or will not be, what it speaks: the client said enough, or the server speaks. */
CONVERSATION_GLOBAL int hear_opens(struct hearing *h, const struct segment *s)
{
	enum conversation_protocol protocol;

	if (!h || !s)
		return 0;
	h->fresh = 0;
	protocol = h->opening ? protocol_opens(h->opening) : CONVERSATION_UNKNOWN;
	if (protocol == CONVERSATION_UNKNOWN) {
		h->talk.ask.began_ns = h->last_ns;
		hear_turns(h);
		return 0;
	}
	conversation_begin(&h->talk, protocol);
	if (protocol == CONVERSATION_HTTP2)
		http2_begin(&h->talk, h->last_ns);
	return 1;
}

/* The server speaks, and may be the first to. The client's side is ours meanwhile, unless somebody is at it. */
static __always_inline void hear_opened(struct hearing *h, const struct segment *s)
{
	struct direction *client = s->out ? &h->in : &h->out;

	if (__sync_lock_test_and_set(&client->taken, 1))
		return;
	hear_opens(h, s);
	if (h->talk.protocol == CONVERSATION_TURNS)
		turns_answer(&h->talk, s->to, s->now_ns);
	(void)__sync_lock_test_and_set(&client->taken, 0);
}

/* Of a connection that nothing was said on before us, while it is not known what it speaks. */
static __always_inline void hear_opening(struct hearing *h, const struct segment *s, const void *from)
{
	struct direction *d = hear_direction(h, s);

	if (!hear_asks(h, s)) {
		if (!h->opening && http2_greets(hear_word(s, from)))
			h->opening = HTTP2_GREETING;
		hear_opened(h, s);
	} else if (hear_gathers(h, s, from)) {
		hear_opens(h, s);
	} else {
		h->held += (__u8)(s->bytes - d->at);
		d->at = s->bytes;
	}
}

/* It made no sense. Without a single request it is something else; else we lost the thread. */
static __always_inline enum heard hear_no_more(struct hearing *h, const struct segment *s)
{
	struct conversation *c = &h->talk;

	if (!c->asked) {
		hear_turns(h);
		if (!hear_asks(h, s))
			turns_answer(c, s->to, s->now_ns);
		return c->protocol == CONVERSATION_OPAQUE ? HEARD_OPAQUE : HEARD;
	}
	h->held = 0;
	conversation_lose(c);
	if (++h->tries >= HEAR_TRIES)
		c->protocol = CONVERSATION_OPAQUE;
	return c->protocol == CONVERSATION_OPAQUE ? HEARD_OPAQUE : HEARD_LOST;
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
	else if (hear_understands(&h->talk) && (d->at < s->bytes || h->held))
		how = hear_no_more(h, s);
	else if (s->last && !hear_asks(h, s))
		protocol_close(&h->talk, s->to, s->now_ns);
	(void)__sync_lock_test_and_set(&d->taken, 0);
	return how;
}

/* Segments passed that were not heard, nobody knows how many: what is under way began or ended among them, perhaps. */
static __always_inline void hear_paused(struct hearing *h)
{
	struct conversation *c = &h->talk;

	h->fresh = 0;
	h->in.known = h->out.known = 0;
	if (c->protocol == CONVERSATION_TURNS)
		turns_pause(c);
	else if (c->protocol != CONVERSATION_OPAQUE)
		conversation_lose(c);
}

/* What there is of TLS where a turn may begin or end: the first record that takes part. */
static __always_inline enum tls_sight hear_looks(const struct segment *s, __u32 at, const void *from)
{
	for (int i = 0; i < HEAR_RECORDS; i++) {
		__u8 head[TLS_HEAD];
		enum tls_sight sight;
		__u32 length;

		if (at + TLS_HEAD > s->bytes || !hear_bytes(from, at, head, TLS_HEAD))
			break;
		sight = tls_look(head, &length);
		if (sight != TLS_SEES_OTHERS)
			return sight;
		at += length;
	}
	return TLS_NOTHING;
}

/* There is nothing to hear: of turns, all that goes on with what began. */
static __always_inline bool hear_ignores(const struct hearing *h, bool out, bool last)
{
	const struct conversation *c = &h->talk;
	bool asks = out == (c->role == CONVERSATION_CLIENT);

	return c->protocol == CONVERSATION_TURNS && !last && asks == turns_is_under_way(c);
}

/* What is sent again, and what a goodbye says, begins and ends nothing. */
static __always_inline enum heard hear_turn(struct hearing *h, const struct segment *s, const void *from)
{
	__u32 old = s->expected - s->sequence, at = (__s32)old > 0 ? old : 0;
	struct conversation *c = &h->talk;
	enum tls_sight sight = TLS_SEES_DATA;

	if (s->last && hear_asks(h, s) && c->ask.framing & TURNS_PERHAPS)
		turns_forget(c);
	if (at >= s->bytes || hear_ignores(h, s->out, false))
		return HEARD_OLD;
	if (c->ask.framing & TURNS_TLS)
		sight = hear_looks(s, at, from);
	if (sight == TLS_NOTHING)
		return HEARD;
	if (hear_asks(h, s)) {
		if (sight == TLS_SEES_ALERT && s->last)
			return HEARD;
		if (sight == TLS_SEES_ALERT)
			c->ask.framing |= TURNS_PERHAPS;
		turns_ask(c, s->now_ns);
	} else if (sight == TLS_SEES_ALERT && c->ask.framing & TURNS_PERHAPS) {
		turns_forget(c);
	} else {
		turns_answer(c, s->to, s->now_ns);
	}
	return HEARD;
}

/* Once a segment with data or the end of its direction. `from` is what hear_bytes() reads. */
static __always_inline enum heard hear_segment(struct hearing *h, const struct segment *s, const void *from)
{
	struct hear_walk w = {.h = h, .s = s, .from = from};
	bool begins = h->talk.protocol != CONVERSATION_HTTP2;
	enum heard how, ends;

	if (h->talk.protocol == CONVERSATION_TURNS)
		return hear_turn(h, s, from);
	w.streams = begins ? NULL : hear_streams(from);
	how = (enum heard)hear_arrives(h, s, w.streams);
	if (how != HEARD && how != HEARD_ON)
		return how;
	if (s->bytes && h->fresh)
		hear_opening(h, s, from);
	else if (s->bytes && h->talk.protocol == CONVERSATION_UNKNOWN)
		hear_begins(h, s, hear_word(s, from));
	if (begins && h->talk.protocol == CONVERSATION_HTTP2)
		w.streams = hear_streams(from);
	if (s->bytes && hear_understands(&h->talk))
		hear_steps(&w);
	ends = (enum heard)hear_ends(h, s);
	return how == HEARD_ON && ends == HEARD ? HEARD_LOST : ends;
}

#endif
