/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Bolt, Neo4j's protocol, on either side of a conversation: its handshakes, chunks and messages of any version. A query is
 * a RUN and the PULL or DISCARD after it, from the first byte of the one to the last of what sums up the other; BEGIN,
 * COMMIT and ROLLBACK are requests, too. Other messages are told only when they fail, without a time, and what the
 * server ignored is not. Of messages only the first bytes are read, and of a failure its class. Input may be cut
 * anywhere. Pure, as conversation.h.
 */
#ifndef BPF_BOLT_H
#define BPF_BOLT_H

#include "conversation.h"
#include "framed.h"
#include "letters.h"

#define BOLT_STEPS    16 /* of a piece, each of a byte, a word or a chunk */
#define BOLT_MAGIC    0x6060b017u
#define BOLT_OFFERS   16 /* bytes of versions that the client speaks, four of four */
#define BOLT_MANIFEST 0x1ff /* instead of one: the server says all of its own, and the client chooses */
#define BOLT_VERSIONS 255 /* that a server may know; more is no Bolt */
#define BOLT_FIRST_SIZE 0x6000 /* of what may be taken for a request: larger ones begin as the magic does */

enum bolt_kind { BOLT_PART /* told only if it fails */, BOLT_WHOLE, BOLT_HANDSHAKE };

enum bolt_state {
	BOLT_SIZE,      /* of a chunk; 0 ends the message, and between two means nothing */
	BOLT_MARKER,    /* of a message, which is a structure, … */
	BOLT_SIGNATURE, /* … and which */
	BOLT_FAILURE,   /* what the server says of one, up to its class */
	BOLT_BODY,      /* of a chunk; nobody needs to look at it or the next two */
	BOLT_PROPOSALS, /* the client's versions */
	BOLT_CHOICE,    /* among those of the server, and on its side they themselves, … */
	BOLT_ABLE,      /* … and a number of any length that follows them */
	BOLT_GREETING,  /* the magic */
	BOLT_VERSION,   /* the server's answer to it */
	BOLT_COUNT,     /* of the versions that it says instead, as a number of any length */
	BOLT_BAD,
};

/* What is known of either side, in side.framing. side.matched is the signature, elements the number that is being read,
 * at_letter its bytes so far, and side.number of who asks when RUN came, of who answers the letters of a class. */
enum bolt_framing {
	BOLT_SHOOK = 1,
	BOLT_CHOOSES = 2, /* the server said all its versions */
	BOLT_MARKED = 4,
	BOLT_SIGNED = 8,
	BOLT_RUNS = 16,    /* of the side that asks: a RUN whose PULL is to come */
	BOLT_ANSWERS = 32, /* of the side that answers: the first byte has come */
};

enum bolt_signature {
	BOLT_HELLO = 0x01, /* INIT in the first versions */
	BOLT_GOODBYE = 0x02,
	BOLT_ACK_FAILURE = 0x0e,
	BOLT_RESET = 0x0f,
	BOLT_RUN = 0x10,
	BOLT_BEGIN = 0x11,
	BOLT_COMMIT = 0x12,
	BOLT_ROLLBACK = 0x13,
	BOLT_DISCARD = 0x2f,
	BOLT_PULL = 0x3f,
	BOLT_TELEMETRY = 0x54,
	BOLT_ROUTE = 0x66,
	BOLT_LOGON = 0x6a,
	BOLT_LOGOFF = 0x6b,
	BOLT_SUCCESS = 0x70,
	BOLT_RECORD = 0x71,
	BOLT_IGNORED = 0x7e,
	BOLT_FAILED = 0x7f,
};

static __always_inline bool bolt_is_whole(__u8 signature)
{
	return signature >= BOLT_BEGIN && signature <= BOLT_ROLLBACK;
}

static __always_inline bool bolt_fetches(__u8 signature)
{
	return signature == BOLT_PULL || signature == BOLT_DISCARD;
}

static __always_inline bool bolt_asks(__u8 signature)
{
	return bolt_is_whole(signature) || bolt_fetches(signature) || signature == BOLT_RUN || signature == BOLT_HELLO ||
	       signature == BOLT_GOODBYE || signature == BOLT_ACK_FAILURE || signature == BOLT_RESET ||
	       signature == BOLT_TELEMETRY || signature == BOLT_ROUTE || signature == BOLT_LOGON || signature == BOLT_LOGOFF;
}

static __always_inline bool bolt_answers(__u8 signature)
{
	return signature == BOLT_SUCCESS || signature == BOLT_RECORD || signature == BOLT_IGNORED || signature == BOLT_FAILED;
}

/* Drivers send BEGIN, RUN and PULL at once: only what comes while more than that is under way makes a pipeline. What finds
 * no room in the queue would be told as what it is not. */
static __always_inline void bolt_ask(struct conversation *c, __u64 at_ns, enum bolt_kind kind)
{
	__u32 under_way = conversation_under_way(c);
	__u8 pipelined = c->pipelined || (kind == BOLT_WHOLE && under_way > 2);

	if (under_way >= CONVERSATION_QUEUE)
		c->protocol = CONVERSATION_OPAQUE;
	conversation_ask(c, at_ns, kind);
	c->pipelined = pipelined;
}

static __always_inline void bolt_asked(struct conversation *c, struct side *s)
{
	__u8 signature = s->matched;

	if (signature == BOLT_RUN) {
		s->number = s->began_ns;
		s->framing |= BOLT_RUNS;
		bolt_ask(c, s->began_ns, BOLT_PART);
	} else if (bolt_fetches(signature) && s->framing & BOLT_RUNS) {
		s->framing &= ~BOLT_RUNS & 0xff;
		bolt_ask(c, s->number, BOLT_WHOLE);
	} else if (bolt_is_whole(signature)) {
		bolt_ask(c, s->began_ns, BOLT_WHOLE);
	} else if (signature != BOLT_GOODBYE) {
		bolt_ask(c, 0, BOLT_PART);
	}
}

static __always_inline bool bolt_oldest(const struct conversation *c, enum bolt_kind *ret)
{
	__u64 kind;
	bool asked = conversation_oldest(c, &kind);

	*ret = (enum bolt_kind)(kind & CONVERSATION_KIND);
	return asked;
}

static __always_inline void bolt_answered(struct conversation *c, struct side *s, __u64 to, __u64 now_ns)
{
	enum bolt_kind kind;

	s->framing &= ~BOLT_ANSWERS & 0xff;
	if (!bolt_oldest(c, &kind) || kind == BOLT_HANDSHAKE)
		s->state = BOLT_BAD; /* nobody asked: we have lost the thread */
	else if (s->matched == BOLT_FAILED || (s->matched == BOLT_SUCCESS && kind == BOLT_WHOLE))
		conversation_end(c, to, now_ns);
	else
		conversation_drop(c);
}

/* The message is whole. */
static __always_inline void bolt_done(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	s->framing &= ~(BOLT_MARKED | BOLT_SIGNED) & 0xff;
	if (asks)
		bolt_asked(c, s);
	else if (s->matched != BOLT_RECORD)
		bolt_answered(c, s, to, now_ns);
}

static __always_inline void bolt_expect(struct side *s, enum bolt_state state)
{
	s->state = state;
	s->elements = 0;
	s->at_letter = 0;
}

/* A chunk follows, or the message is over. */
static __always_inline void bolt_sized(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	__u32 size = s->elements;

	bolt_expect(s, BOLT_SIZE);
	s->left = size;
	if (!size && s->framing & BOLT_SIGNED)
		bolt_done(c, s, asks, to, now_ns);
	else if (!size && s->framing & BOLT_MARKED)
		s->state = BOLT_BAD;
	else if (size && s->framing & BOLT_SIGNED)
		s->state = !asks && s->matched == BOLT_FAILED && s->number <= 4 ? BOLT_FAILURE : BOLT_BODY;
	else if (size)
		s->state = s->framing & BOLT_MARKED ? BOLT_SIGNATURE : BOLT_MARKER;
}

static __always_inline void bolt_passed(struct side *s)
{
	if (!s->left)
		bolt_expect(s, BOLT_SIZE);
}

static __always_inline void bolt_marker(struct side *s, __u8 b)
{
	s->left--;
	s->framing |= BOLT_MARKED;
	s->state = BOLT_SIGNATURE;
	bolt_passed(s);
	if (b >> 4 != 0xb)
		s->state = BOLT_BAD;
}

static __always_inline void bolt_signature(struct side *s, bool asks, __u8 b)
{
	s->left--;
	s->framing |= BOLT_SIGNED;
	s->matched = b;
	s->state = BOLT_BODY;
	if (!asks) {
		s->framing |= BOLT_ANSWERS;
		s->outcome = b == BOLT_FAILED ? EXCHANGE_FAILED : EXCHANGE_DONE;
		s->number = 0;
		if (b == BOLT_FAILED)
			s->state = BOLT_FAILURE;
	}
	bolt_passed(s);
	if (!(asks ? bolt_asks(b) : bolt_answers(b)))
		s->state = BOLT_BAD;
}

/* Its code is "Neo.ClientError. …", TransientError or DatabaseError, wherever it stands. */
static __always_inline void bolt_failure(struct side *s, __u8 b)
{
	s->left--;
	if (s->number == 4) {
		s->outcome = b == 'C' ? EXCHANGE_REFUSED : EXCHANGE_FAILED;
		s->number++;
		s->state = BOLT_BODY;
	} else if (b == letters_at(LETTERS("Neo.\0\0\0\0"), (__u8)s->number)) {
		s->number++;
	} else {
		s->number = b == 'N';
	}
	bolt_passed(s);
}

/* Between two messages a connection may be at its beginning, or at what the client says to the server's versions. */
static __always_inline void bolt_ask_start(struct conversation *c, struct side *s, __u8 b)
{
	enum bolt_kind kind;

	if (!(s->framing & BOLT_SHOOK) && b == BOLT_MAGIC >> 24) {
		s->state = BOLT_GREETING;
	} else if (!(s->framing & BOLT_CHOOSES) && bolt_oldest(c, &kind) && kind == BOLT_HANDSHAKE) {
		s->framing |= BOLT_CHOOSES;
		s->left = 4;
		s->state = BOLT_CHOICE;
	}
	s->framing |= BOLT_SHOOK;
}

static __always_inline void bolt_answer_start(struct conversation *c, struct side *s)
{
	enum bolt_kind kind;
	bool handshake = bolt_oldest(c, &kind) && kind == BOLT_HANDSHAKE;

	if (handshake && s->framing & BOLT_CHOOSES)
		conversation_drop(c);
	else if (handshake)
		s->state = BOLT_VERSION;
}

static __always_inline void bolt_start(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 now_ns)
{
	if (asks || !(s->framing & BOLT_ANSWERS))
		s->began_ns = now_ns;
	if (asks)
		bolt_ask_start(c, s, b);
	else
		bolt_answer_start(c, s);
}

static __always_inline void bolt_version(struct conversation *c, struct side *s)
{
	__u32 version = s->elements;

	if (version == BOLT_MANIFEST) {
		bolt_expect(s, BOLT_COUNT);
		return;
	}
	bolt_expect(s, version >> 16 ? BOLT_BAD : BOLT_SIZE);
	if (!version)
		c->protocol = CONVERSATION_OPAQUE;
	else
		conversation_drop(c);
}

/* Of a number of n bytes the next one. True: it is whole. */
static __always_inline bool bolt_digit(struct side *s, __u8 b, __u8 n)
{
	s->elements = s->elements << 8 | b;
	return ++s->at_letter >= n;
}

/* Of a number of any length, its lowest seven bits first. True: it is whole. */
static __always_inline bool bolt_number(struct side *s, __u8 b)
{
	if (s->at_letter < 4)
		s->elements |= (__u32)(b & 0x7f) << (7 * (s->at_letter & 3));
	s->at_letter++;
	return !(b & 0x80);
}

static __always_inline void bolt_counted(struct side *s)
{
	s->framing |= BOLT_CHOOSES;
	s->left = 4ull * s->elements;
	s->state = s->elements && s->elements <= BOLT_VERSIONS ? BOLT_CHOICE : BOLT_BAD;
}

/* The second half of the states. */
static __always_inline void bolt_shake(struct conversation *c, struct side *s, __u8 b)
{
	switch (*(volatile __u8 *)&s->state) {
	case BOLT_GREETING:
		if (!bolt_digit(s, b, 4))
			return;
		s->state = s->elements == BOLT_MAGIC ? BOLT_PROPOSALS : BOLT_BAD;
		s->left = BOLT_OFFERS;
		return;
	case BOLT_VERSION:
		if (bolt_digit(s, b, 4))
			bolt_version(c, s);
		return;
	case BOLT_COUNT:
		if (bolt_number(s, b))
			bolt_counted(s);
		return;
	case BOLT_ABLE:
		if (bolt_number(s, b))
			bolt_expect(s, BOLT_SIZE);
		return;
	default:
		s->state = BOLT_BAD;
	}
}

/* Of n bytes that come next, those that nobody needs to look at. */
CONVERSATION_GLOBAL int bolt_pass(struct conversation *c, bool asks, __u32 n, __u64 to, __u64 now_ns)
{
	struct side *s;
	__u8 state;

	CONVERSATION_UNUSED(to); /* a message does not end with its bytes */
	CONVERSATION_UNUSED(now_ns);
	if (!c)
		return 0;
	s = asks ? &c->ask : &c->answer;
	state = s->state;
	if (state != BOLT_BODY && state != BOLT_PROPOSALS && state != BOLT_CHOICE)
		return 0;
	n = conversation_take(s, n);
	if (s->left)
		return (int)n;
	bolt_expect(s, state == BOLT_CHOICE ? BOLT_ABLE : BOLT_SIZE);
	if (state == BOLT_PROPOSALS)
		conversation_ask(c, 0, BOLT_HANDSHAKE);
	return (int)n;
}

static __always_inline void bolt_size_byte(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	if (!s->at_letter && !(s->framing & BOLT_MARKED))
		bolt_start(c, s, asks, b, now_ns);
	if (s->state == BOLT_CHOICE) { /* its first byte */
		s->left--;
	} else if (s->state != BOLT_SIZE) {
		bolt_digit(s, b, 4);
	} else if (bolt_digit(s, b, 2)) {
		bolt_sized(c, s, asks, to, now_ns);
	}
}

static __always_inline void bolt_next(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	switch (*(volatile __u8 *)&s->state) {
	case BOLT_SIZE:
		return bolt_size_byte(c, s, asks, b, to, now_ns);
	case BOLT_MARKER:
		return bolt_marker(s, b);
	case BOLT_SIGNATURE:
		return bolt_signature(s, asks, b);
	case BOLT_FAILURE:
		return bolt_failure(s, b);
	default:
		bolt_shake(c, s, b);
	}
}

CONVERSATION_GLOBAL int bolt_byte(struct conversation *c, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	if (c)
		bolt_next(c, asks ? &c->ask : &c->answer, asks, b, to, now_ns);
	return 0;
}

/* What a connection begins with is read byte by byte. */
static __always_inline bool bolt_greets(const struct conversation *c, const struct side *s, bool asks, __u8 b)
{
	enum bolt_kind kind;

	return (asks && !(s->framing & BOLT_SHOOK) && b == BOLT_MAGIC >> 24) ||
	       (bolt_oldest(c, &kind) && kind == BOLT_HANDSHAKE);
}

/* The beginning of a message, or its end. Returns how many bytes are done with; 0: they are to be read one by one. */
CONVERSATION_GLOBAL int bolt_word(struct conversation *c, bool asks, __u64 word, __u64 to, __u64 now_ns)
{
	__u16 size = __builtin_bswap16((__u16)word);
	struct side *s;

	if (!c)
		return 0;
	s = asks ? &c->ask : &c->answer;
	if (*(volatile __u8 *)&s->state != BOLT_SIZE || s->at_letter)
		return 0;
	if (!size && s->framing & BOLT_SIGNED) {
		bolt_sized(c, s, asks, to, now_ns);
		return 2;
	}
	if (size < 2 || s->framing & BOLT_MARKED || bolt_greets(c, s, asks, (__u8)word))
		return 0;
	bolt_start(c, s, asks, (__u8)word, now_ns);
	s->left = size;
	bolt_marker(s, letters_at(word, 2));
	if (s->state == BOLT_SIGNATURE)
		bolt_signature(s, asks, letters_at(word, 3));
	return 4;
}

static __always_inline bool bolt_reads(const struct conversation *c, const struct side *s)
{
	return c->protocol == CONVERSATION_BOLT && *(volatile const __u8 *)&s->state != BOLT_BAD;
}

static __always_inline __u32 bolt_step(struct conversation *c, struct side *s, const struct conversation_piece *p, __u32 i)
{
	return bolt_reads(c, s) ? framed_step(c, s, p, i, bolt_pass, bolt_word, bolt_byte, BOLT_BAD) : 0;
}

/* Reads a piece, or a few steps of it. Returns how many bytes it took. */
CONVERSATION_GLOBAL int bolt_read(struct conversation *c, const struct conversation_piece *p)
{
	return conversation_walk(c, p, bolt_step, BOLT_STEPS);
}

static __always_inline void bolt_close(struct conversation *c, __u64 to, __u64 now_ns)
{
	(void)c, (void)to, (void)now_ns; /* every message says where it ends */
}

static __always_inline bool bolt_opens(__u64 word)
{
	return (__u32)word == __builtin_bswap32(BOLT_MAGIC);
}

/* What a segment begins with, when we do not know where we are: may it be a RUN or a BEGIN? A server says neither. Others
 * may be under way, to whose answers it would be matched. */
static __always_inline bool bolt_may_begin(__u64 word, bool safe)
{
	__u16 size = __builtin_bswap16((__u16)word);
	__u8 marker = letters_at(word, 2), signature = letters_at(word, 3);

	return safe && size >= 2 && size < BOLT_FIRST_SIZE && marker >> 4 == 0xb &&
	       (signature == BOLT_RUN || signature == BOLT_BEGIN);
}

#endif
