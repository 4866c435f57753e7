/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * PostgreSQL's protocol 3 on either side of a conversation. A request is what the server ends with one ReadyForQuery: a
 * simple query, the call of a function, or all messages up to a Sync from the first byte of the first. Of messages only
 * the tag and the length are read, and of an error its class; the rest is passed over. Input may be cut anywhere. A
 * start-up is no request unless it is refused. COPY takes as long as the other side wants it to and is told without a
 * time; encryption makes the conversation one of TLS, replication makes it opaque. Pure, as
 * conversation.h.
 */
#ifndef BPF_PGSQL_H
#define BPF_PGSQL_H

#include "conversation.h"
#include "framed.h"

#define PGSQL_STEPS 16 /* of a piece, each of a byte or a message */
#define PGSQL_HEAD  5  /* the tag of a message and its length, … */
#define PGSQL_SELF  4  /* … which counts itself */
#define PGSQL_LONGEST (1u << 30) /* what the server takes and sends at most */
#define PGSQL_START_LONGEST 10000 /* the same of the first message, which has no tag */
#define PGSQL_VERSION 3
#define PGSQL_CANCEL  80877102 /* another connection; the next two ask for encryption */
#define PGSQL_TLS     80877103
#define PGSQL_GSS     80877104

enum pgsql_kind { PGSQL_PLAIN, PGSQL_STARTS, PGSQL_NEGOTIATES /* its answer is one byte */ };

enum pgsql_state {
	PGSQL_TAG,   /* between two messages */
	PGSQL_SIZE,  /* the length */
	PGSQL_CODE,  /* of a message without a tag: what it wants */
	PGSQL_FIELD, /* of an error: the letter that says which, … */
	PGSQL_TEXT,  /* … and one that does not matter, up to its zero byte */
	PGSQL_CLASS, /* the first two letters of SQLSTATE */
	PGSQL_BODY,  /* nobody needs to look at it */
	PGSQL_BAD,
};

/* What is known of either side, in side.framing. side.matched is the tag, at_letter of the number the bytes so far. */
enum pgsql_framing {
	PGSQL_STARTED = 1, /* of the side that asks: messages have tags from now on */
	PGSQL_GROUP = 2,   /* messages that a Sync will end */
	PGSQL_SIMPLE = 4,  /* the last request was none of those */
	PGSQL_COPIED = 8,  /* and data followed it */
	PGSQL_ANSWERS = 16, /* of the side that answers: its first byte has come */
	PGSQL_COPIES = 32,
};

/* Tags from '@' to DEL as bits. */
#define PGSQL_BIT(tag) (1ull << ((tag) - '@'))

static __always_inline bool pgsql_among(__u64 bits, __u8 tag)
{
	return tag >= '@' && bits >> ((tag - '@') & 63) & 1;
}

/* Parse, Bind, Describe, Execute, Close. */
static __always_inline bool pgsql_is_part(__u8 tag)
{
	return pgsql_among(PGSQL_BIT('P') | PGSQL_BIT('B') | PGSQL_BIT('D') | PGSQL_BIT('E') | PGSQL_BIT('C'), tag);
}

/* A query, the call of a function. */
static __always_inline bool pgsql_is_whole(__u8 tag)
{
	return tag == 'Q' || tag == 'F';
}

/* Those that neither begin nor end a request: Flush, Terminate, passwords, the data of a COPY. */
static __always_inline bool pgsql_is_aside(__u8 tag)
{
	return pgsql_among(PGSQL_BIT('H') | PGSQL_BIT('X') | PGSQL_BIT('p') | PGSQL_BIT('d') | PGSQL_BIT('c') |
			   PGSQL_BIT('f'), tag);
}

/* Part of an answer. */
static __always_inline bool pgsql_is_answer(__u8 tag)
{
	return (tag >= '1' && tag <= '3') ||
	       pgsql_among(PGSQL_BIT('C') | PGSQL_BIT('D') | PGSQL_BIT('E') | PGSQL_BIT('G') | PGSQL_BIT('H') |
			   PGSQL_BIT('I') | PGSQL_BIT('R') | PGSQL_BIT('T') | PGSQL_BIT('V') | PGSQL_BIT('W') |
			   PGSQL_BIT('Z') | PGSQL_BIT('c') | PGSQL_BIT('d') | PGSQL_BIT('n') | PGSQL_BIT('s') |
			   PGSQL_BIT('t'), tag);
}

/* What a server may say at any time, to nobody's question: notices, notifications, parameters; of a start-up its key and
 * version. */
static __always_inline bool pgsql_is_remark(__u8 tag)
{
	return pgsql_among(PGSQL_BIT('A') | PGSQL_BIT('N') | PGSQL_BIT('S') | PGSQL_BIT('K') | PGSQL_BIT('v'), tag);
}

/* Resources, operators, the system, and bugs: of the classes of SQLSTATE those that are not about the request. */
static __always_inline __u8 pgsql_fault(__u64 class)
{
	bool server = class == ('5' << 8 | '3') || class == ('5' << 8 | '7') || class == ('5' << 8 | '8') ||
		      class == ('X' << 8 | 'X');

	return server ? EXCHANGE_FAILED : EXCHANGE_REFUSED;
}

/* Of a request that began as parts, a server that copies has taken the Sync for data: a second one follows the data. */
static __always_inline bool pgsql_ends_copy(const struct side *s)
{
	return s->matched == 'S' && (s->framing & (PGSQL_GROUP | PGSQL_SIMPLE | PGSQL_COPIED)) == PGSQL_COPIED;
}

static __always_inline void pgsql_asked(struct conversation *c, struct side *s)
{
	bool second = pgsql_ends_copy(s);

	s->framing = PGSQL_STARTED | (s->matched == 'S' ? 0 : PGSQL_SIMPLE);
	if (!second)
		conversation_ask(c, s->began_ns, PGSQL_PLAIN);
}

/* A message without a tag is whole. */
static __always_inline void pgsql_started(struct conversation *c, struct side *s)
{
	bool starts = s->number >> 16 == PGSQL_VERSION;

	if (starts)
		s->framing |= PGSQL_STARTED;
	conversation_ask(c, 0, starts ? PGSQL_STARTS : PGSQL_NEGOTIATES);
}

static __always_inline void pgsql_ask_done(struct conversation *c, struct side *s)
{
	__u8 tag = s->matched;

	if (!tag)
		pgsql_started(c, s);
	else if (pgsql_is_whole(tag) || tag == 'S')
		pgsql_asked(c, s);
	else if (tag == 'c' || tag == 'f')
		s->framing |= PGSQL_COPIED;
}

static __always_inline void pgsql_answered(struct conversation *c, struct side *s, __u64 to, __u64 now_ns)
{
	bool copied = s->framing & PGSQL_COPIES;
	__u64 kind;

	s->framing = 0;
	if (!conversation_oldest(c, &kind))
		s->state = PGSQL_BAD; /* nobody asked: we have lost the thread */
	else if ((kind & CONVERSATION_KIND) == PGSQL_STARTS)
		conversation_drop(c);
	else
		conversation_end(c, to, copied ? 0 : now_ns);
}

static __always_inline void pgsql_done(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	s->state = PGSQL_TAG;
	if (asks)
		pgsql_ask_done(c, s);
	else if (s->matched == 'Z')
		pgsql_answered(c, s, to, now_ns);
	else if (s->matched == 'E' && s->outcome == EXCHANGE_DONE) /* it does not say which */
		s->outcome = EXCHANGE_FAILED;
}

static __always_inline void pgsql_ask_tag(struct side *s, __u8 b, __u64 now_ns)
{
	bool begins = pgsql_is_whole(b) || pgsql_is_part(b) || b == 'S', group = s->framing & PGSQL_GROUP;

	/* who asks as a whole among parts is not told apart from who was refused before it */
	if ((!begins && !pgsql_is_aside(b)) || (group && pgsql_is_whole(b))) {
		s->state = PGSQL_BAD;
		return;
	}
	if (begins && !group)
		s->began_ns = now_ns;
	s->framing |= PGSQL_STARTED | (pgsql_is_part(b) ? PGSQL_GROUP : 0);
}

/* The connection is a stream of something else from here on. */
static __always_inline void pgsql_leave(struct conversation *c, struct side *s, __u64 to)
{
	conversation_end(c, to, 0);
	c->protocol = CONVERSATION_OPAQUE;
	s->state = PGSQL_BAD;
}

static __always_inline void pgsql_answer_tag(struct conversation *c, struct side *s, __u8 b, __u64 to, __u64 now_ns)
{
	bool answers = pgsql_is_answer(b);

	if (!answers && !pgsql_is_remark(b))
		s->state = PGSQL_BAD;
	if (answers && !(s->framing & PGSQL_ANSWERS)) {
		s->framing = PGSQL_ANSWERS;
		s->began_ns = now_ns;
		s->outcome = EXCHANGE_DONE;
	}
	if (b == 'G' || b == 'H')
		s->framing |= PGSQL_COPIES;
	if (b == 'W')
		pgsql_leave(c, s, to);
}

/* The whole answer to who asked for encryption: no, or the rest is not for us. Old servers say that it is an error. */
static __always_inline bool pgsql_negotiated(struct conversation *c, struct side *s, __u8 b)
{
	__u64 kind;

	if (!conversation_oldest(c, &kind) || (kind & CONVERSATION_KIND) != PGSQL_NEGOTIATES || b == 'E')
		return false;
	s->state = b == 'N' || b == 'S' ? PGSQL_TAG : PGSQL_BAD;
	if (b == 'N' || b == 'S')
		conversation_drop(c);
	if (b == 'S')
		conversation_become(c, CONVERSATION_TLS);
	else if (b == 'G')
		c->protocol = CONVERSATION_OPAQUE;
	return true;
}

static __always_inline void pgsql_tag(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	bool untagged = asks && !b && !(s->framing & PGSQL_STARTED);

	if (!asks && pgsql_negotiated(c, s, b))
		return;
	if (untagged)
		s->began_ns = now_ns;
	s->matched = b;
	s->number = 0;
	s->at_letter = untagged ? 1 : 0;
	s->state = PGSQL_SIZE;
	if (asks && !untagged)
		pgsql_ask_tag(s, b, now_ns);
	else if (!asks)
		pgsql_answer_tag(c, s, b, to, now_ns);
}

/* After the length. */
static __always_inline enum pgsql_state pgsql_after(const struct side *s, bool asks)
{
	if (s->left > PGSQL_LONGEST)
		return PGSQL_BAD;
	if (asks && !s->matched)
		return s->left >= 4 && s->left <= PGSQL_START_LONGEST ? PGSQL_CODE : PGSQL_BAD;
	if (!asks && s->matched == 'Z' && s->left != 1)
		return PGSQL_BAD;
	return !asks && s->matched == 'E' ? PGSQL_FIELD : PGSQL_BODY;
}

static __always_inline void pgsql_sized(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	s->left = s->number - PGSQL_SELF; /* of less than itself, more than any */
	s->number = 0;
	s->at_letter = 0;
	s->state = pgsql_after(s, asks);
	if (s->state != PGSQL_BAD && !s->left)
		pgsql_done(c, s, asks, to, now_ns);
}

/* What the message without a tag wants. */
static __always_inline void pgsql_coded(struct conversation *c, struct side *s)
{
	bool starts = s->number >> 16 == PGSQL_VERSION;

	s->state = starts && s->left ? PGSQL_BODY : PGSQL_BAD;
	if ((s->number == PGSQL_TLS || s->number == PGSQL_GSS) && !s->left) {
		s->state = PGSQL_TAG;
		pgsql_started(c, s);
	} else if (s->number == PGSQL_CANCEL) {
		c->protocol = CONVERSATION_OPAQUE;
	}
}

/* Of a number of n bytes the next one. True: it is whole. */
static __always_inline bool pgsql_digit(struct side *s, __u8 b, __u8 n)
{
	s->number = s->number << 8 | b;
	return ++s->at_letter >= n;
}

static __always_inline void pgsql_error_byte(struct side *s, __u8 b)
{
	if (s->state == PGSQL_TEXT) {
		s->state = b ? PGSQL_TEXT : PGSQL_FIELD;
	} else if (s->state == PGSQL_FIELD) {
		s->state = b == 'C' ? PGSQL_CLASS : PGSQL_TEXT;
		s->number = 0;
		s->at_letter = 0;
	} else if (pgsql_digit(s, b, 2)) {
		s->outcome = s->outcome == EXCHANGE_FAILED ? EXCHANGE_FAILED : pgsql_fault(s->number);
		s->state = PGSQL_BODY;
	}
}

static __always_inline void pgsql_error(struct conversation *c, struct side *s, __u8 b, __u64 to, __u64 now_ns)
{
	pgsql_error_byte(s, b);
	if (--s->left == 0)
		pgsql_done(c, s, false, to, now_ns);
}

static __always_inline void pgsql_next(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	switch (*(volatile __u8 *)&s->state) {
	case PGSQL_TAG:
		return pgsql_tag(c, s, asks, b, to, now_ns);
	case PGSQL_SIZE:
		if (pgsql_digit(s, b, PGSQL_SELF))
			pgsql_sized(c, s, asks, to, now_ns);
		return;
	case PGSQL_CODE:
		s->left--;
		if (pgsql_digit(s, b, 4))
			pgsql_coded(c, s);
		return;
	case PGSQL_FIELD:
	case PGSQL_TEXT:
	case PGSQL_CLASS:
		return pgsql_error(c, s, b, to, now_ns);
	default:
		s->state = PGSQL_BAD;
	}
}

CONVERSATION_GLOBAL int pgsql_byte(struct conversation *c, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	if (c)
		pgsql_next(c, asks ? &c->ask : &c->answer, asks, b, to, now_ns);
	return 0;
}

/* Of n bytes that come next, those that nobody needs to look at. */
CONVERSATION_GLOBAL int pgsql_pass(struct conversation *c, bool asks, __u32 n, __u64 to, __u64 now_ns)
{
	struct side *s;

	if (!c)
		return 0;
	s = asks ? &c->ask : &c->answer;
	if (s->state != PGSQL_BODY)
		return 0;
	n = conversation_take(s, n);
	if (!s->left)
		pgsql_done(c, s, asks, to, now_ns);
	return (int)n;
}

/* A tag and its length at once. Returns how many bytes are done with; 0: they are to be read one by one. */
CONVERSATION_GLOBAL int pgsql_word(struct conversation *c, bool asks, __u64 word, __u64 to, __u64 now_ns)
{
	struct side *s;

	if (!c)
		return 0;
	s = asks ? &c->ask : &c->answer;
	if (*(volatile __u8 *)&s->state != PGSQL_TAG || !(__u8)word)
		return 0;
	pgsql_tag(c, s, asks, (__u8)word, to, now_ns);
	if (s->state != PGSQL_SIZE)
		return 1;
	s->number = __builtin_bswap32((__u32)(word >> 8));
	pgsql_sized(c, s, asks, to, now_ns);
	return PGSQL_HEAD;
}

static __always_inline bool pgsql_reads(const struct conversation *c, const struct side *s)
{
	return c->protocol == CONVERSATION_PGSQL && *(volatile const __u8 *)&s->state != PGSQL_BAD;
}

static __always_inline __u32 pgsql_step(struct conversation *c, struct side *s, const struct conversation_piece *p,
					__u32 i)
{
	return pgsql_reads(c, s) ? framed_step(c, s, p, i, pgsql_pass, pgsql_word, pgsql_byte, PGSQL_BAD) : 0;
}

/* Reads a piece, or a few steps of it. Returns how many bytes it took. */
CONVERSATION_GLOBAL int pgsql_read(struct conversation *c, const struct conversation_piece *p)
{
	return conversation_walk(c, p, pgsql_step, PGSQL_STEPS);
}

/* The side that answers ends its stream: with an error it was about what was asked last, which gets no other answer. */
static __always_inline void pgsql_close(struct conversation *c, __u64 to, __u64 now_ns)
{
	const struct side *s = &c->answer;

	if (s->framing & PGSQL_ANSWERS && s->outcome != EXCHANGE_DONE)
		conversation_end(c, to, now_ns);
}

/* The first half of what the first message wants: a version, or anything of the other three. */
static __always_inline bool pgsql_opens(__u64 word)
{
	__u16 code = __builtin_bswap16((__u16)(word >> 32));

	return !(__u8)word && (code == PGSQL_VERSION || code == PGSQL_TLS >> 16);
}

/* What a segment begins with, when we do not know where we are: may it be a request? A server says none of these. Others
 * may be under way, to whose answers it would be matched. */
static __always_inline bool pgsql_may_begin(__u64 word, bool safe)
{
	__u8 tag = (__u8)word;
	__u32 size = __builtin_bswap32((__u32)(word >> 8));

	return safe && (tag == 'Q' || tag == 'P' || tag == 'B') && size > PGSQL_SELF && size < 1u << 16;
}

#endif
