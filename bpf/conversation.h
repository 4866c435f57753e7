/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * A TCP connection as a conversation: a client asks, a server answers in the order in which it was asked. Keeps when
 * the requests that are under way came, and tells each when its answer ends. The bytes of either direction are fed to
 * a side of their own; the sides share only the queue of requests, whose one writer is asking and whose one reader is
 * answering, so that nobody locks. Compiled for the kernel and, for its tests, as plain C: who includes it has defined
 * conversation_tell(). Never blocks, never allocates, needs the state zeroed.
 */
#ifndef BPF_CONVERSATION_H
#define BPF_CONVERSATION_H

#ifndef __bpf__
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#endif

/* Requests whose arrival is kept, a power of two. Deeper pipelines are counted, without a latency. */
#define CONVERSATION_QUEUE 16
#define CONVERSATION_WITHOUT_END (~0ull)
/* The kernel's verifier looks into such a function once, not at each of its calls, and asks for a check of pointers. */
#ifdef __bpf__
#define CONVERSATION_GLOBAL __noinline
#else
#define CONVERSATION_GLOBAL static
#endif
/* Of an argument of such a function: what is not used callers do not pass, and the verifier refuses that. */
#define CONVERSATION_UNUSED(argument) __asm__ volatile("" : : "r"(argument))
#define CONVERSATION_PIECE 64 /* bytes that a protocol reads at once, a multiple of 8 */
#define CONVERSATION_KIND 3ull /* bits of a time in the queue, which is exact to 4 ns */

enum conversation_protocol {
	CONVERSATION_UNKNOWN, /* nothing was said yet, or we came in the middle of it */
	CONVERSATION_HTTP1,
	CONVERSATION_REDIS,
	CONVERSATION_PGSQL,
	CONVERSATION_BOLT,
	CONVERSATION_HTTP2,
	CONVERSATION_TLS,    /* its handshake */
	CONVERSATION_TURNS,  /* something else: only who speaks when is heard */
	CONVERSATION_OPAQUE, /* not one that we understand: bytes are not looked at any more */
};

enum conversation_role { CONVERSATION_NOBODY, CONVERSATION_SERVER, CONVERSATION_CLIENT }; /* nobody has asked yet */

struct side {
	__u8 state;   /* the protocol's; 0: between two messages */
	__u8 matched; /* so many bytes of what the state expects */
	__u8 framing; /* what the head said of its body */
	__u8 outcome; /* enum exchange_outcome: of the answer */
	__u16 status; /* the protocol's, where it has such a number */
	__u16 at_letter; /* of a name that is being read */
	__u32 at;       /* of the piece that is being read; in memory, since the verifier counts along what it sees */
	__u32 elements; /* of the message that are missing, where it says how many it has; 0: between two messages */
	__u64 number;   /* that is being read, or the word */
	__u64 left;     /* bytes of the body to pass over */
	__u64 began_ns; /* the first byte of the message */
};

/* What comes next of one side. */
struct conversation_piece {
	__u8 byte[CONVERSATION_PIECE];
	__u64 to, now_ns;
	__u32 n; /* bytes of it that there are */
	__u32 asks;
};

struct conversation {
	struct side ask, answer;
	__u32 asked, answered; /* in all; the difference is in the queue */
	__u32 beyond;          /* asked while the queue was full: after all that are in it */
	__u32 edge;            /* the includer's: whom it is with; 0: not known */
	__u8 protocol;         /* enum conversation_protocol */
	__u8 pipelined;        /* more than one was under way at once */
	__u8 role;             /* enum conversation_role: ours */
	__u8 spoke;            /* enum conversation_protocol: the last that was understood */
	__u64 queue[CONVERSATION_QUEUE]; /* when they were asked, ns, and in the low bits their kind */
};

enum exchange_outcome {
	EXCHANGE_DONE,
	EXCHANGE_FAILED,  /* the server's fault, … */
	EXCHANGE_REFUSED, /* … the client's */
	EXCHANGE_UNKNOWN, /* nobody could tell: it counts, and is no error */
};

/* A request that was answered to the end. */
struct exchange {
	__u64 asked_ns;    /* its first byte came; 0: not known, so it has no latency */
	__u64 answered_ns; /* the first byte of the answer; of an interim one it does not count */
	__u64 ended_ns;    /* the last byte of the answer; 0: it has none (the connection went over to something else) */
	__u32 outcome;     /* enum exchange_outcome */
	__u32 status;      /* the protocol's; 0: it has none */
};

/* One step of a protocol at byte i of the piece. Returns how many bytes it took; 0: it takes no more of this piece. */
typedef __u32 conversation_step(struct conversation *c, struct side *s, const struct conversation_piece *p, __u32 i);

/* Goes through a piece, or through so many steps of it. Returns how many bytes that were. */
static __always_inline int conversation_walk(struct conversation *c, const struct conversation_piece *p,
					     conversation_step *step, int steps)
{
	volatile __u32 *at;
	struct side *s;

	if (!c || !p)
		return 0;
	s = p->asks ? &c->ask : &c->answer;
	at = &s->at;
	*at = 0;
	for (int k = 0; k < steps; k++) {
		__u32 i = *at, taken;

		if (i >= p->n || i >= CONVERSATION_PIECE)
			break;
		taken = step(c, s, p, i);
		if (!taken)
			break;
		*at = i + taken;
	}
	return (int)*at;
}

/* Of n bytes that come next those of the body; it is over when none of it is left. */
static __always_inline __u32 conversation_take(struct side *s, __u32 n)
{
	if (n > s->left)
		n = (__u32)s->left;
	s->left -= n;
	return n;
}

/* What the includer makes of it; `to` is the includer's. */
CONVERSATION_GLOBAL int conversation_tell(const struct conversation *c, __u64 to, const struct exchange *x);

static __always_inline __u32 conversation_under_way(const struct conversation *c)
{
	return *(volatile const __u32 *)&c->asked - *(volatile const __u32 *)&c->answered + c->beyond;
}

/* now_ns 0: it counts, without a latency. */
static __always_inline void conversation_ask(struct conversation *c, __u64 now_ns, __u64 kind)
{
	__u32 at = c->asked, under_way = conversation_under_way(c);

	if (under_way)
		c->pipelined = 1;
	if (c->beyond || under_way >= CONVERSATION_QUEUE) {
		__sync_fetch_and_add(&c->beyond, 1);
		return;
	}
	c->queue[at % CONVERSATION_QUEUE] = (now_ns & ~CONVERSATION_KIND) | kind;
	*(volatile __u32 *)&c->asked = at + 1; /* now it is the reader's */
}

/* Whose answer is under way: as it stands in the queue, 0: known only to be there. False: nobody asked. */
static __always_inline bool conversation_oldest(const struct conversation *c, __u64 *ret)
{
	__u32 at = c->answered;
	bool queued = at != *(volatile const __u32 *)&c->asked;

	*ret = queued ? c->queue[at % CONVERSATION_QUEUE] : 0;
	return queued || c->beyond;
}

/* The oldest, which there must be, is over. */
static __always_inline void conversation_drop(struct conversation *c)
{
	if (c->answered != *(volatile __u32 *)&c->asked)
		*(volatile __u32 *)&c->answered += 1;
	else
		__sync_fetch_and_add(&c->beyond, -1);
}

/* The oldest is answered, its last byte at now_ns, 0: it has none. */
CONVERSATION_GLOBAL int conversation_end(struct conversation *c, __u64 to, __u64 now_ns)
{
	struct exchange x = {.ended_ns = now_ns};
	__u64 oldest;

	if (!c || !conversation_oldest(c, &oldest))
		return 0;
	conversation_drop(c);
	x.asked_ns = oldest & ~CONVERSATION_KIND;
	x.answered_ns = c->answer.began_ns > x.asked_ns ? c->answer.began_ns : x.asked_ns; /* a word before it is none */
	x.outcome = c->answer.outcome;
	x.status = c->answer.status;
	return conversation_tell(c, to, &x);
}

/* Between two messages of either side, and nothing under way. Only while nobody is answering. */
static __always_inline void conversation_begin(struct conversation *c, enum conversation_protocol protocol)
{
	c->ask.state = c->answer.state = 0;
	c->ask.framing = c->answer.framing = 0;
	c->ask.elements = c->answer.elements = 0;
	c->ask.at_letter = c->answer.at_letter = 0;
	c->answered = c->asked;
	c->beyond = 0;
	c->protocol = c->spoke = (__u8)protocol;
}

/* Goes over to another protocol, which begins with the next byte of either side. */
static __always_inline void conversation_become(struct conversation *c, enum conversation_protocol protocol)
{
	c->ask = c->answer = (struct side){};
	c->protocol = (__u8)protocol;
}

/* Bytes are missing, or make no sense. Where requests come one at a time, the next one is a new beginning: its
 * client has the whole answer to the one before. Elsewhere nobody can say whom an answer is for, and who missed a part of
 * a handshake does not know when it is over. */
static __always_inline void conversation_lose(struct conversation *c)
{
	bool for_good = c->pipelined || c->protocol == CONVERSATION_TLS;

	c->protocol = for_good ? CONVERSATION_OPAQUE : CONVERSATION_UNKNOWN;
}

#endif
