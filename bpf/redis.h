/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Redis (RESP2 and RESP3, and what speaks as it does) on either side of a conversation: where commands and replies
 * begin and end, and which replies are errors. Lines are read eight bytes at a time, strings not at all but for the names
 * of commands. Input may be cut anywhere. What is not Redis makes the conversation opaque, and so does what has no reply
 * to each command any more: subscriptions, MONITOR, replication. Commands that wait for others on purpose (BLPOP, …), and
 * what stands behind them in a pipeline, are told without a time. Pure, as conversation.h.
 */
#ifndef BPF_REDIS_H
#define BPF_REDIS_H

#include "conversation.h"
#include "letters.h"

#define REDIS_STEPS 16	     /* of a piece, each of a byte, a word or a string */
#define REDIS_MOST  (1u << 28) /* elements of an aggregate, and of a message; what says more is no Redis */
#define REDIS_LONGEST (1ull << 40) /* a string */
#define REDIS_CRLF  2
#define REDIS_LETTERS 8 /* of a name: no two that matter here begin alike */

enum redis_kind { REDIS_PLAIN, REDIS_LEAVES /* the conversation, unless it is refused */ };

enum redis_state {
	REDIS_ITEM,   /* at the type of an element; none is missing: of a message */
	REDIS_NUMBER, /* after the type: a length */
	REDIS_LINE,   /* that says nothing more of the element */
	REDIS_NAME,   /* a string that is looked at: a command's name, or an argument that may change what it is */
	REDIS_INLINE, /* the name of a command that is a line of its own, then … */
	REDIS_INLINE_REST,
	REDIS_BODY,   /* of a string, with the end of its line */
	REDIS_BAD,
};

/* What is known of a message, in side.framing. side.matched is the type of the element, or how long the name is. */
enum redis_framing {
	REDIS_DIGITS = 1,
	REDIS_NULL = 2,   /* the number is negative */
	REDIS_SILENT = 4, /* it asks or answers nothing: a push, an attribute, a command without a name */
	REDIS_BLOCKS = 8,
	REDIS_GOES = 16,   /* away, to something else than replies to commands */
	REDIS_SEEKS = 32,  /* an argument that changes it */
	REDIS_BEHIND = 64, /* of the side that asks: a command that blocks is under way */
	REDIS_UNSURE = 128 /* of the side that answers: it may be the other one, for the beginning was not heard */
};

static __always_inline bool redis_is_number(__u8 type)
{
	return type == '$' || type == '*' || type == '%' || type == '~' || type == '=' || type == '!' || type == '|' ||
	       type == '>';
}

static __always_inline bool redis_is_line(__u8 type)
{
	return type == '+' || type == ':' || type == '-' || type == '_' || type == '#' || type == ',' || type == '(';
}

/* Until somebody else does something, or a time has passed. */
static __always_inline bool redis_blocks(__u64 name)
{
	return name == LETTERS("blpop   ") || name == LETTERS("brpop   ") || name == LETTERS("blmove  ") ||
	       name == LETTERS("blmpop  ") || name == LETTERS("brpoplpu") || name == LETTERS("bzpopmin") ||
	       name == LETTERS("bzpopmax") || name == LETTERS("bzmpop  ") || name == LETTERS("wait    ") ||
	       name == LETTERS("waitaof ");
}

static __always_inline bool redis_goes(__u64 name)
{
	return name == LETTERS("subscrib") || name == LETTERS("psubscri") || name == LETTERS("ssubscri") ||
	       name == LETTERS("unsubscr") || name == LETTERS("punsubsc") || name == LETTERS("sunsubsc") ||
	       name == LETTERS("monitor ") || name == LETTERS("sync    ") || name == LETTERS("psync   ");
}

/* XREAD BLOCK, XREADGROUP BLOCK; CLIENT REPLY, after which there may be none. */
static __always_inline bool redis_seeks(__u64 name)
{
	return name == LETTERS("xread   ") || name == LETTERS("xreadgro") || name == LETTERS("client  ");
}

static __always_inline void redis_named(struct side *s)
{
	__u64 name = letters_low(s->number);

	s->framing &= ~REDIS_SILENT & 0xff;
	if (redis_blocks(name))
		s->framing |= REDIS_BLOCKS;
	else if (redis_goes(name))
		s->framing |= REDIS_GOES;
	else if (redis_seeks(name))
		s->framing |= REDIS_SEEKS;
}

static __always_inline void redis_found(struct conversation *c, struct side *s)
{
	__u64 word = letters_low(s->number);

	if (word == LETTERS("block   "))
		s->framing |= REDIS_BLOCKS;
	else if (word == LETTERS("reply   "))
		c->protocol = CONVERSATION_OPAQUE;
}

/* A command is whole. What follows one that blocks waits for it, and says nothing of the server. */
static __always_inline void redis_asked(struct conversation *c, struct side *s)
{
	__u64 kind = s->framing & REDIS_GOES ? REDIS_LEAVES : REDIS_PLAIN;
	__u32 under_way = conversation_under_way(c);

	if (!under_way)
		s->framing &= ~REDIS_BEHIND & 0xff;
	if (s->framing & REDIS_BLOCKS)
		s->framing |= REDIS_BEHIND;
	if (kind == REDIS_LEAVES && under_way >= CONVERSATION_QUEUE) /* nobody would know when */
		c->protocol = CONVERSATION_OPAQUE;
	conversation_ask(c, s->framing & REDIS_BEHIND ? 0 : s->began_ns, kind);
}

static __always_inline void redis_done(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	s->state = REDIS_ITEM;
	s->elements = 0;
	if (s->framing & REDIS_SILENT)
		return;
	if (asks)
		redis_asked(c, s);
	else
		conversation_end(c, to, now_ns);
}

static __always_inline void redis_element(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	s->state = REDIS_ITEM;
	if (--s->elements == 0)
		redis_done(c, s, asks, to, now_ns);
}

/* The type of an element within a message. An attribute comes before one, and is none itself. */
static __always_inline void redis_item(struct side *s, bool asks, __u8 b)
{
	s->matched = b;
	s->number = 0;
	if (b == '|')
		s->elements++;
	if (asks ? b == '$' : redis_is_number(b) && b != '>')
		s->state = REDIS_NUMBER;
	else if (!asks && redis_is_line(b))
		s->state = REDIS_LINE;
	else
		s->state = REDIS_BAD;
}

/* Empty lines between commands are passed over, as the server does. */
static __always_inline void redis_asks(struct side *s, __u8 b, __u64 now_ns)
{
	__u8 low = letters_lower(b);

	if (b == '\r' || b == '\n')
		return;
	s->began_ns = now_ns;
	s->framing = (s->framing & REDIS_BEHIND) | REDIS_SILENT;
	s->elements = 1;
	s->number = 0;
	s->matched = b;
	if (b == '*') {
		s->state = REDIS_NUMBER;
	} else if (low >= 'a' && low <= 'z') {
		s->number = b;
		s->matched = 1;
		s->state = REDIS_INLINE;
	} else {
		s->state = REDIS_BAD;
	}
}

/* Is this the beginning of the reply that is due? A client sends arrays and lines: the other types tell it from a server. */
static __always_inline bool redis_is_due(struct conversation *c, struct side *s, __u8 b, __u64 *kind)
{
	bool unsure = s->framing & REDIS_UNSURE;

	s->framing &= ~REDIS_UNSURE & 0xff;
	if (unsure && b == '*') {
		c->role = CONVERSATION_NOBODY;
		return false;
	}
	if (!conversation_oldest(c, kind))
		return false;
	*kind &= CONVERSATION_KIND;
	return true;
}

static __always_inline bool redis_is_error(__u8 type)
{
	return type == '-' || type == '!';
}

static __always_inline void redis_answers(struct conversation *c, struct side *s, __u8 b, __u64 to, __u64 now_ns)
{
	bool silent = b == '>' || b == '|';
	__u64 kind = REDIS_PLAIN;

	s->framing &= REDIS_UNSURE;
	s->began_ns = now_ns;
	s->outcome = redis_is_error(b) ? EXCHANGE_FAILED : EXCHANGE_DONE;
	redis_item(s, false, b == '>' ? '*' : b);
	s->elements = 1;
	if (silent)
		s->framing |= REDIS_SILENT;
	else if (!redis_is_due(c, s, b, &kind))
		s->state = REDIS_BAD;
	if (b == '>' && conversation_oldest(c, &kind))
		kind &= CONVERSATION_KIND;
	if (kind == REDIS_LEAVES && !redis_is_error(b) && s->state != REDIS_BAD) {
		conversation_end(c, to, 0);
		c->protocol = CONVERSATION_OPAQUE;
		s->state = REDIS_BAD;
	}
}

static __always_inline void redis_type(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	if (s->elements)
		redis_item(s, asks, b);
	else if (asks)
		redis_asks(s, b, now_ns);
	else
		redis_answers(c, s, b, to, now_ns);
}

/* A string of n bytes. The first of a command is its name. */
static __always_inline void redis_string(struct side *s, bool asks, __u64 n)
{
	bool looked_at = asks && (s->framing & REDIS_SILENT || (s->framing & REDIS_SEEKS && n == 5 /* block, reply */));

	s->left = n + REDIS_CRLF;
	s->state = looked_at && n ? REDIS_NAME : REDIS_BODY;
	if (asks && !n)
		s->framing &= ~REDIS_SILENT & 0xff; /* a name that is empty is one */
	s->matched = (__u8)(n < REDIS_LETTERS ? n : REDIS_LETTERS);
	s->number = 0;
	s->at_letter = 0;
}

static __always_inline void redis_aggregate(struct conversation *c, struct side *s, bool asks, __u64 n, __u64 to,
					    __u64 now_ns)
{
	if (s->matched == '%' || s->matched == '|')
		n *= 2;
	if (n > REDIS_MOST || s->elements > REDIS_MOST) {
		s->state = REDIS_BAD;
		return;
	}
	s->elements += (__u32)n;
	redis_element(c, s, asks, to, now_ns);
}

/* After the number of an element. */
static __always_inline void redis_sized(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	bool null = s->framing & REDIS_NULL, sized = s->framing & REDIS_DIGITS;
	__u8 type = s->matched;

	s->framing &= ~(REDIS_NULL | REDIS_DIGITS) & 0xff;
	if (!sized)
		s->state = REDIS_BAD;
	else if (type == '$' || type == '=' || type == '!')
		null ? redis_element(c, s, asks, to, now_ns) : redis_string(s, asks, s->number);
	else
		redis_aggregate(c, s, asks, null ? 0 : s->number, to, now_ns);
}

static __always_inline void redis_number(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 to,
					 __u64 now_ns)
{
	if (letters_is_digit(b) && s->number < REDIS_LONGEST) {
		s->number = s->number * 10 + (__u64)(b - '0');
		s->framing |= REDIS_DIGITS;
	} else if (b == '-' && !(s->framing & (REDIS_DIGITS | REDIS_NULL))) {
		s->framing |= REDIS_NULL;
	} else if (b == '\n') {
		redis_sized(c, s, asks, to, now_ns);
	} else if (b != '\r') {
		s->state = REDIS_BAD;
	}
}

static __always_inline void redis_looked_at(struct conversation *c, struct side *s)
{
	s->state = REDIS_BODY;
	if (s->framing & REDIS_SILENT)
		redis_named(s);
	else
		redis_found(c, s);
}

static __always_inline void redis_letter(struct conversation *c, struct side *s, __u8 b)
{
	s->number |= (__u64)b << (8 * (s->at_letter & 7));
	s->left--;
	if (++s->at_letter >= s->matched)
		redis_looked_at(c, s);
}

/* Of a line we read no arguments: what depends on one is taken for the worst. */
static __always_inline void redis_line_named(struct conversation *c, struct side *s)
{
	redis_named(s);
	if (!(s->framing & REDIS_SEEKS))
		return;
	if (letters_low(s->number) == LETTERS("client  "))
		c->protocol = CONVERSATION_OPAQUE;
	s->framing |= REDIS_BLOCKS;
}

static __always_inline void redis_inline(struct conversation *c, struct side *s, __u8 b, __u64 to, __u64 now_ns)
{
	if (b == ' ' || b == '\r' || b == '\n') {
		redis_line_named(c, s);
		s->state = REDIS_INLINE_REST;
		if (b == '\n')
			redis_element(c, s, true, to, now_ns);
	} else if (s->matched < REDIS_LETTERS) {
		s->number |= (__u64)b << (8 * (s->matched & 7));
		s->matched++;
	}
}

static __always_inline void redis_next(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	switch (*(volatile __u8 *)&s->state) {
	case REDIS_ITEM:
		return redis_type(c, s, asks, b, to, now_ns);
	case REDIS_NUMBER:
		return redis_number(c, s, asks, b, to, now_ns);
	case REDIS_LINE:
	case REDIS_INLINE_REST:
		if (b == '\n')
			redis_element(c, s, asks, to, now_ns);
		return;
	case REDIS_NAME:
		return redis_letter(c, s, b);
	case REDIS_INLINE:
		return redis_inline(c, s, b, to, now_ns);
	default:
		s->state = REDIS_BAD;
	}
}

CONVERSATION_GLOBAL int redis_byte(struct conversation *c, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	if (c)
		redis_next(c, asks ? &c->ask : &c->answer, asks, b, to, now_ns);
	return 0;
}

/* Of n bytes that come next, those that belong to a string: nobody needs to look at them. */
CONVERSATION_GLOBAL int redis_pass(struct conversation *c, bool asks, __u32 n, __u64 to, __u64 now_ns)
{
	struct side *s;

	if (!c)
		return 0;
	s = asks ? &c->ask : &c->answer;
	if (s->state != REDIS_BODY)
		return 0;
	n = conversation_take(s, n);
	if (!s->left)
		redis_element(c, s, asks, to, now_ns);
	return (int)n;
}

/* Up to four digits from the second letter on, and the end of the line at `end`. */
static __always_inline bool redis_digits(__u64 word, __u32 end, __u64 *ret)
{
	__u64 number = 0;

	if (end < 3 || end > 6 || letters_at(word, (__u8)(end - 1)) != '\r')
		return false;
	for (__u8 i = 1; i < 5; i++) {
		__u8 b = letters_at(word, i);

		if (i >= end - 1)
			break;
		if (!letters_is_digit(b))
			return false;
		number = number * 10 + (__u64)(b - '0');
	}
	*ret = number;
	return true;
}

/* Most elements have all their line in it. */
static __always_inline __u32 redis_item_word(struct conversation *c, struct side *s, bool asks, __u64 word, __u64 to,
					     __u64 now_ns)
{
	__u64 ends = letters_marks(word, '\n'), number;
	__u32 end = ends ? letters_before(ends) : 0;

	redis_type(c, s, asks, (__u8)word, to, now_ns);
	if (s->state == REDIS_LINE && end) {
		redis_element(c, s, asks, to, now_ns);
		return end + 1;
	}
	if (s->state != REDIS_NUMBER || !redis_digits(word, end, &number))
		return 1;
	s->number = number;
	s->framing |= REDIS_DIGITS;
	redis_sized(c, s, asks, to, now_ns);
	return end + 1;
}

static __always_inline __u32 redis_line_word(struct conversation *c, struct side *s, bool asks, __u64 word, __u64 to,
					     __u64 now_ns)
{
	__u64 ends = letters_marks(word, '\n');

	if (!ends)
		return 8;
	redis_element(c, s, asks, to, now_ns);
	return letters_before(ends) + 1;
}

static __always_inline __u32 redis_name_word(struct conversation *c, struct side *s, __u64 word)
{
	__u8 n = s->matched;

	if (s->at_letter || n == 0 || n > REDIS_LETTERS)
		return 0;
	s->number = word & (~0ull >> ((64 - 8 * n) & 63));
	s->left -= n;
	redis_looked_at(c, s);
	return n;
}

/* Eight bytes at once. Returns how many are done with; 0: they are to be read one by one. */
CONVERSATION_GLOBAL int redis_word(struct conversation *c, bool asks, __u64 word, __u64 to, __u64 now_ns)
{
	struct side *s;

	if (!c)
		return 0;
	s = asks ? &c->ask : &c->answer;
	switch (*(volatile __u8 *)&s->state) {
	case REDIS_ITEM:
		return (int)redis_item_word(c, s, asks, word, to, now_ns);
	case REDIS_LINE:
	case REDIS_INLINE_REST:
		return (int)redis_line_word(c, s, asks, word, to, now_ns);
	case REDIS_NAME:
		return (int)redis_name_word(c, s, word);
	default:
		return 0;
	}
}

static __always_inline bool redis_reads(const struct conversation *c, const struct side *s)
{
	return c->protocol == CONVERSATION_REDIS && *(volatile const __u8 *)&s->state != REDIS_BAD;
}

/* A value, a word or a byte, but not that which makes no sense; of a full piece the last bytes are better read with those
 * after them. */
static __always_inline __u32 redis_step(struct conversation *c, struct side *s, const struct conversation_piece *p,
					__u32 i)
{
	__u32 taken;

	if (!redis_reads(c, s) || (p->n == CONVERSATION_PIECE && i > CONVERSATION_PIECE - 8))
		return 0;
	if (s->state == REDIS_BODY)
		return (__u32)redis_pass(c, p->asks, p->n - i, p->to, p->now_ns);
	if (i + 8 <= p->n && i <= CONVERSATION_PIECE - 8) {
		taken = (__u32)redis_word(c, p->asks, letters_of(p, i), p->to, p->now_ns);
		if (taken)
			return *(volatile __u8 *)&s->state != REDIS_BAD ? taken : 0;
	}
	redis_byte(c, p->asks, p->byte[i], p->to, p->now_ns);
	return *(volatile __u8 *)&s->state != REDIS_BAD;
}

/* Reads a piece, or a few steps of it. Returns how many bytes it took. */
CONVERSATION_GLOBAL int redis_read(struct conversation *c, const struct conversation_piece *p)
{
	return conversation_walk(c, p, redis_step, REDIS_STEPS);
}

/* Whoever opens a connection with this means Redis. Lines are told from other protocols by the one that checks whether
 * it is alive. */
static __always_inline bool redis_opens(__u64 word)
{
	return (__u8)word == '*' || (word & LETTERS_FIRST(6) & ~0x20202020ull) == LETTERS("PING\r\n\0\0");
}

/* What a segment begins with, when we do not know where we are: may it be a command? Others may be under way, to whose
 * replies it would be matched. */
static __always_inline bool redis_may_begin(__u64 word, bool safe)
{
	__u64 ends = letters_marks(word, '\n'), number;
	__u32 end = ends ? letters_before(ends) : 0;

	return safe && (__u8)word == '*' && redis_digits(word, end, &number) && letters_at(word, (__u8)(end + 1)) == '$';
}

static __always_inline void redis_close(struct conversation *c, __u64 to, __u64 now_ns)
{
	(void)c, (void)to, (void)now_ns; /* every reply says how long it is */
}

#endif
