/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * TLS (RFC 8446, RFC 5246) up to the client's first application data, from where on the conversation is one of turns.
 * Only the five bytes before each of the client's records are read; nothing is decrypted, and the server's handshake is
 * passed over. Then records are told apart by their heads wherever a turn may begin or end. Pure, as conversation.h.
 *
 * Up to TLS 1.2 application data has a type of its own. In TLS 1.3 nearly all has that type, so what is no data is told
 * by its place and its size:
 *   - The client's handshake ends with Finished, whose record is as long as a hash and 21 bytes more. Before it come
 *     the client's certificate or early data, if anything. Where no record has that size, the handshake is over when the
 *     client goes on after the server did.
 *   - The server may send session tickets between then and its first answer: nobody can tell which is which. So the first
 *     turn counts without a time.
 *   - An alert has two bytes, and so may a request: of a turn that begins and ends with such records nothing is told,
 *     for so connections say goodbye.
 */
#ifndef BPF_TLS_H
#define BPF_TLS_H

#include "conversation.h"
#include "turns.h"

#define TLS_STEPS 16
#define TLS_HEAD 5 /* bytes of a record: its type, version (two) and length (two) */
#define TLS_LONGEST (16384 + 2048) /* of what a record may hold */
#define TLS_CLIENT_HELLO 1
#define TLS_SEALED 17 /* bytes that sealing in TLS 1.3 adds: the type, and a tag of 16 */
#define TLS_ALERT_LENGTH (2 + TLS_SEALED)
#define TLS_FINISHED_32 (4 + 32 + TLS_SEALED) /* with a hash of 32 bytes, … */
#define TLS_FINISHED_48 (4 + 48 + TLS_SEALED)
#define TLS_FINISHED_12 112 /* that of TLS 1.2 is no longer, with any cipher; a second ClientHello is */

enum tls_type { TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT, TLS_HANDSHAKE, TLS_DATA };

enum tls_state { TLS_RECORD /* in its head */, TLS_BODY, TLS_BAD };

/* What is known of the handshake, in the framing of the side that asks. */
enum tls_framing {
	TLS_CHANGED = 1,  /* the client said that it seals from now on */
	TLS_UP_TO_12 = 2, /* its Finished was not of the type of data */
	TLS_13 = 4,       /* it has sent such records, … */
	TLS_FINISHED = 8, /* … the last of its handshake among them */
	TLS_ANSWERED = 16 /* the server spoke after the first of them; in the framing of the other side, whose CPU writes it */
};

static __always_inline bool tls_is_head(__u8 type, __u8 major, __u8 minor, __u32 length)
{
	return type >= TLS_CHANGE_CIPHER_SPEC && type <= TLS_DATA && major == 3 && minor <= 4 && length &&
	       length <= TLS_LONGEST;
}

/* The record's head is whole: is it the first of application data? */
static __always_inline bool tls_is_data(struct side *s, bool answered, __u8 type, __u32 length)
{
	if (type == TLS_CHANGE_CIPHER_SPEC)
		s->framing |= TLS_CHANGED;
	if (type == TLS_HANDSHAKE && s->framing & TLS_CHANGED && length <= TLS_FINISHED_12)
		s->framing |= TLS_UP_TO_12;
	if (type != TLS_DATA)
		return false;
	if (s->framing & (TLS_UP_TO_12 | TLS_FINISHED) || (s->framing & TLS_13 && answered))
		return true;
	s->framing |= TLS_13;
	if (length == TLS_FINISHED_32 || length == TLS_FINISHED_48)
		s->framing |= TLS_FINISHED;
	return false;
}

static __always_inline void tls_data_begins(struct conversation *c, bool alert, __u64 now_ns)
{
	__u8 framing = TURNS_TLS;

	if (c->ask.framing & TLS_13)
		framing |= TURNS_UNTIMED | (alert ? TURNS_PERHAPS : 0);
	turns_begin(c, framing, now_ns);
}

static __always_inline void tls_record(struct conversation *c, struct side *s, __u64 now_ns)
{
	__u64 head = s->number; /* as it came, the first byte highest */
	__u8 type = (__u8)(head >> 32);
	__u32 length = head & 0xffff;
	bool answered = *(volatile __u8 *)&c->answer.framing & TLS_ANSWERED;

	s->number = 0;
	s->matched = 0;
	s->left = length;
	s->state = tls_is_head(type, (__u8)(head >> 24), (__u8)(head >> 16), length) ? TLS_BODY : TLS_BAD;
	if (s->state == TLS_BODY && tls_is_data(s, answered, type, length))
		tls_data_begins(c, length == TLS_ALERT_LENGTH, now_ns);
}

static __always_inline __u32 tls_step(struct conversation *c, struct side *s, const struct conversation_piece *p, __u32 i)
{
	if (c->protocol != CONVERSATION_TLS || *(volatile __u8 *)&s->state != TLS_RECORD)
		return 0;
	s->number = s->number << 8 | p->byte[i];
	if (++s->matched == TLS_HEAD)
		tls_record(c, s, p->now_ns);
	return 1;
}

CONVERSATION_GLOBAL int tls_read(struct conversation *c, const struct conversation_piece *p)
{
	return conversation_walk(c, p, tls_step, TLS_STEPS);
}

/* Of the server nothing is looked at; but once its own handshake must be over it is remembered that it spoke. */
CONVERSATION_GLOBAL int tls_pass(struct conversation *c, bool asks, __u32 n, __u64 to, __u64 now_ns)
{
	struct side *s;

	CONVERSATION_UNUSED(to);
	CONVERSATION_UNUSED(now_ns);
	if (!c)
		return 0;
	s = &c->ask;
	if (!asks) {
		if (*(volatile __u8 *)&s->framing & TLS_13)
			c->answer.framing |= TLS_ANSWERED;
		return (int)n;
	}
	if (s->state != TLS_BODY)
		return 0;
	if (n >= s->left) {
		n = (__u32)s->left;
		s->state = TLS_RECORD;
	}
	s->left -= n;
	return (int)n;
}

static __always_inline void tls_close(struct conversation *c, __u64 to, __u64 now_ns)
{
	(void)c, (void)to, (void)now_ns;
}

/* A record of a handshake with a ClientHello in it. */
static __always_inline bool tls_opens(__u64 word)
{
	__u32 length = (__u32)(word >> 24 & 0xff) << 8 | (__u32)(word >> 32 & 0xff);

	return (__u8)word == TLS_HANDSHAKE && tls_is_head(TLS_HANDSHAKE, (__u8)(word >> 8), (__u8)(word >> 16), length) &&
	       (__u8)(word >> 40) == TLS_CLIENT_HELLO;
}

/* Where a handshake is over, who comes in the middle cannot tell. */
static __always_inline bool tls_may_begin(__u64 word, bool safe)
{
	(void)word, (void)safe;
	return false;
}

enum tls_sight { TLS_NOTHING, TLS_SEES_OTHERS /* go on behind it */, TLS_SEES_ALERT /* perhaps */, TLS_SEES_DATA };

/* What a record is that begins where a turn may begin or end. *length: of all of it. */
static __always_inline enum tls_sight tls_look(const __u8 head[TLS_HEAD], __u32 *length)
{
	__u32 n = (__u32)head[3] << 8 | head[4];

	*length = TLS_HEAD + n;
	if (!tls_is_head(head[0], head[1], head[2], n))
		return TLS_NOTHING; /* the rest of one that began before */
	if (head[0] != TLS_DATA)
		return TLS_SEES_OTHERS;
	return n == TLS_ALERT_LENGTH ? TLS_SEES_ALERT : TLS_SEES_DATA;
}

#endif
