/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The protocols that conversations are heard in, each once: all that bpf/hear.h knows of them. A protocol is a line of
 * enum conversation_protocol, an #include and a line of PROTOCOLS() here, and a header that defines, of its name:
 *
 *   bool X_opens(word)              may a connection of which nothing was said before begin with these eight bytes of the
 *                                   client, however they are cut? The first is the lowest. They are fewer, and the others
 *                                   0, only if the server spoke before there were more.
 *   bool X_may_begin(word, safe)    may a segment that begins so be a request, of a connection that is older than we are,
 *                                   or after a loss? safe: it does not come in the middle of an answer. false: never.
 *   int X_pass(c, asks, n, to, ns)  of n bytes that come next those that nobody needs to look at
 *   int X_read(c, piece)            how many bytes of the piece it took, up to one that makes no sense; 0: that comes next
 *   void X_close(c, to, ns)         the side that answers ends its stream
 *
 * It may call conversation_become() for another protocol that begins behind it (TLS), and set CONVERSATION_OPAQUE where
 * no more requests come. What opens no protocol, or makes no sense before the first request, is one of turns (turns.h).
 * The steps are how often pass and read may be called for each 64 KiB of a segment, or part of them: the kernel hands over
 * several packets as one, up to 512 KiB. In PROTOCOLS() the first that opens is taken.
 *
 * HTTP/2 stands beside the others: its streams need memory of their own, which only such connections get.
 */
#ifndef BPF_PROTOCOL_H
#define BPF_PROTOCOL_H

#include "bolt.h"
#include "conversation.h"
#include "http1.h"
#include "http2.h"
#include "pgsql.h"
#include "redis.h"
#include "tls.h"

#define PROTOCOLS(P)      \
	P(REDIS, redis, 2048) /* as many elements as 64 KiB have, which a pipeline or a reply may be full of */ \
	P(PGSQL, pgsql, 2048) /* as many messages */ \
	P(BOLT, bolt, 2048)   /* as many records */ \
	P(TLS, tls, 64)       /* a handshake */                                                               \
	P(HTTP1, http1, 512)  /* 32 KiB of heads; more is an attack */

#define PROTOCOL_HTTP2_STEPS 2048 /* as many pieces as 64 KiB have, and again, for they may end in a frame's head */

static __always_inline bool protocol_is_heard(__u8 protocol)
{
#define P(ID, ...) || protocol == CONVERSATION_##ID
	return protocol == CONVERSATION_HTTP2 PROTOCOLS(P);
#undef P
}

static __always_inline enum conversation_protocol protocol_opens(__u64 word)
{
	if (http2_opens(word))
		return CONVERSATION_HTTP2;
#define P(ID, name, ...)              \
	if (name##_opens(word))       \
		return CONVERSATION_##ID;
	PROTOCOLS(P)
#undef P
	return CONVERSATION_UNKNOWN;
}

static __always_inline enum conversation_protocol protocol_may_begin(__u64 word, bool safe)
{
	if (http2_may_begin(word))
		return CONVERSATION_HTTP2;
#define P(ID, name, ...)                    \
	if (name##_may_begin(word, safe))   \
		return CONVERSATION_##ID;
	PROTOCOLS(P)
#undef P
	return CONVERSATION_UNKNOWN;
}

/* Of n bytes that come next; of the piece its bytes are not looked at. */
static __always_inline __u32 protocol_pass(struct conversation *c, struct http2 *streams,
					   const struct conversation_piece *p, __u32 n)
{
	switch (*(volatile __u8 *)&c->protocol) {
#define P(ID, name, ...)        \
	case CONVERSATION_##ID: \
		return (__u32)name##_pass(c, p->asks, n, p->to, p->now_ns);
	PROTOCOLS(P)
#undef P
	case CONVERSATION_HTTP2:
		return (__u32)http2_pass(streams, c, p, n);
	default:
		return 0;
	}
}

static __always_inline __u32 protocol_read(struct conversation *c, struct http2 *streams,
					   const struct conversation_piece *p)
{
	switch (*(volatile __u8 *)&c->protocol) {
#define P(ID, name, ...)        \
	case CONVERSATION_##ID: \
		return (__u32)name##_read(c, p);
	PROTOCOLS(P)
#undef P
	case CONVERSATION_HTTP2:
		return (__u32)http2_read(streams, c, p);
	default:
		return 0;
	}
}

static __always_inline void protocol_close(struct conversation *c, __u64 to, __u64 now_ns)
{
	switch (*(volatile __u8 *)&c->protocol) {
#define P(ID, name, ...)        \
	case CONVERSATION_##ID: \
		return name##_close(c, to, now_ns);
	PROTOCOLS(P)
#undef P
	}
}

/* Of 64 KiB. */
static __always_inline __u32 protocol_steps(__u8 protocol)
{
	switch (protocol) {
#define P(ID, name, steps)      \
	case CONVERSATION_##ID: \
		return steps;
	PROTOCOLS(P)
#undef P
	case CONVERSATION_HTTP2:
		return PROTOCOL_HTTP2_STEPS;
	default:
		return 0;
	}
}

#endif
