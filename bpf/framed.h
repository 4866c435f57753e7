/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * One step through a piece, of protocols whose messages begin with their length: what nobody needs to look at, a message
 * up to that, or a byte. The protocol's own functions are given by name, so that nothing is called by a pointer. Pure, as
 * conversation.h.
 */
#ifndef BPF_FRAMED_H
#define BPF_FRAMED_H

#include "conversation.h"
#include "letters.h"

#define FRAMED_WORD 8 /* bytes that framed_word is given */

/* Of n bytes that come next those to pass over; 0: the next is to be read. */
typedef int framed_pass(struct conversation *c, bool asks, __u32 n, __u64 to, __u64 now_ns);
/* How many of these eight it is done with; 0: they are to be read one by one. */
typedef int framed_word(struct conversation *c, bool asks, __u64 word, __u64 to, __u64 now_ns);
typedef int framed_byte(struct conversation *c, bool asks, __u8 b, __u64 to, __u64 now_ns);

/* Of a full piece the last bytes are better read with those after them. In the state `bad` nothing of it was taken. */
static __always_inline __u32 framed_step(struct conversation *c, struct side *s, const struct conversation_piece *p,
					 __u32 i, framed_pass *pass, framed_word *word, framed_byte *byte, __u8 bad)
{
	__u32 taken = (__u32)pass(c, p->asks, p->n - i, p->to, p->now_ns);

	if (taken || (p->n == CONVERSATION_PIECE && i > CONVERSATION_PIECE - FRAMED_WORD))
		return taken;
	if (i + FRAMED_WORD <= p->n && i <= CONVERSATION_PIECE - FRAMED_WORD)
		taken = (__u32)word(c, p->asks, letters_of(p, i), p->to, p->now_ns);
	if (taken) {
		taken += (__u32)pass(c, p->asks, p->n - i - taken, p->to, p->now_ns);
	} else {
		byte(c, p->asks, p->byte[i], p->to, p->now_ns);
		taken = 1;
	}
	return *(volatile __u8 *)&s->state != bad ? taken : 0;
}

#endif
