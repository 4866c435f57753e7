/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Turns: what can be told of a connection whose protocol nobody knows, or that is encrypted. A turn begins with the first
 * byte of the client after the server's last word and ends with the first byte of the server after that, when it is told.
 * Of a protocol that takes turns that is a request and its time to the first byte; of any other it is no more than its
 * name says. No payload is read, but for the head of a TLS record where a turn may begin or end. Pure, as conversation.h:
 * an exchange of CONVERSATION_TURNS is a turn, whose last byte nobody knows.
 */
#ifndef BPF_TURNS_H
#define BPF_TURNS_H

#include "conversation.h"

/* Kept in the side that asks: began_ns is when the turn that is under way began, 0: none. */
enum turns_framing {
	TURNS_TLS = 1,	     /* only records of application data take part */
	TURNS_UNTIMED = 2,   /* the next turn counts without a time */
	TURNS_PERHAPS = 4,   /* that which is under way may be a goodbye */
};

/* From now on, told of a turn that began then; 0: none did. */
static __always_inline void turns_begin(struct conversation *c, __u8 framing, __u64 began_ns)
{
	conversation_become(c, CONVERSATION_TURNS);
	c->ask.framing = framing;
	*(volatile __u64 *)&c->ask.began_ns = began_ns;
}

static __always_inline bool turns_is_under_way(const struct conversation *c)
{
	return *(volatile const __u64 *)&c->ask.began_ns != 0;
}

/* Its clients may be heard by several CPUs at once: the first of them is right. */
static __always_inline void turns_ask(struct conversation *c, __u64 now_ns)
{
	(void)__sync_val_compare_and_swap(&c->ask.began_ns, 0, now_ns);
}

/* Without telling anybody. */
static __always_inline void turns_forget(struct conversation *c)
{
	*(volatile __u64 *)&c->ask.began_ns = 0;
	c->ask.framing &= ~TURNS_PERHAPS & 0xff;
}

/* Nobody heard what was said for a while: the turn that comes next may have begun before. */
static __always_inline void turns_pause(struct conversation *c)
{
	turns_forget(c);
	c->ask.framing |= TURNS_UNTIMED;
}

CONVERSATION_GLOBAL int turns_answer(struct conversation *c, __u64 to, __u64 now_ns)
{
	struct exchange x = {.answered_ns = now_ns, .ended_ns = now_ns, .outcome = EXCHANGE_UNKNOWN};

	if (!c)
		return 0;
	x.asked_ns = __sync_lock_test_and_set(&c->ask.began_ns, 0);
	if (!x.asked_ns)
		return 0;
	if (c->ask.framing & TURNS_UNTIMED)
		x.asked_ns = 0;
	c->ask.framing &= ~(TURNS_UNTIMED | TURNS_PERHAPS) & 0xff;
	return conversation_tell(c, to, &x);
}

#endif
