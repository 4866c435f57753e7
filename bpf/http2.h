/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * HTTP/2 (RFC 9113) with prior knowledge on either side of a conversation, and gRPC over it: many requests under way at
 * once, each a stream. One begins with the first byte of the HEADERS that open it, its answer with that of the HEADERS
 * which are not interim; it ends with END_STREAM of the server, or when either side resets it. Frames are passed over by
 * their length; of heads only those of answers are read (hpack.h), for the status. Input may be cut anywhere.
 * Where bytes are missing it goes on at the next segment that begins with a frame of a stream which we know.
 * Streams lie in memory that only such connections get. The side that asks puts them there, and whoever ends one takes
 * it out: nobody locks. Pure, as conversation.h; needs its state zeroed.
 */
#ifndef BPF_HTTP2_H
#define BPF_HTTP2_H

#include "conversation.h"
#include "hpack.h"
#include "letters.h"

/* Streams at once whose times are kept: no fewer than servers should allow (RFC 9113, 6.5.2), and all of it fits 4 KiB
 * with what the kernel puts before it. Those beyond are counted, without a time. */
#define HTTP2_STREAMS	  100
#define HTTP2_STEPS	  16 /* of a piece, each of a frame's head, a string or a byte */
#define HTTP2_LONG_NS	  10000000000ull /* an answer that goes on for longer is a stream of them: it has no time */
#define HTTP2_HEAD_SIZE	  9
#define HTTP2_PREFACE_SIZE 24
#define HTTP2_CODE_SIZE	  4 /* of an error, a stream */
#define HTTP2_PRIORITY_SIZE 5
#define HTTP2_SETTING_SIZE 6
#define HTTP2_GREETING	  1ull /* no text: a server said its settings before the client said anything */
#define HTTP2_PING_SIZE	  8
#define HTTP2_USUAL_SIZE  16384 /* of a frame at most, unless the other side allows more (RFC 9113, 4.2) */
#define HTTP2_MISSED	  1000	/* streams that may have begun in a gap; with more of them it is none of ours */

enum http2_type {
	HTTP2_DATA, HTTP2_HEADERS, HTTP2_PRIORITY, HTTP2_RESET, HTTP2_SETTINGS, HTTP2_PROMISE, HTTP2_PING, HTTP2_GOAWAY,
	HTTP2_WINDOW, HTTP2_CONTINUATION
};
enum http2_flag { HTTP2_END_STREAM = 1, HTTP2_END_HEADERS = 4, HTTP2_PADDED = 8, HTTP2_HAS_PRIORITY = 32 };

enum http2_state {
	HTTP2_PREFACE, /* nothing was said yet; who asks says this first */
	HTTP2_FRAME,   /* at its head */
	HTTP2_PADS,    /* at the length of the padding */
	HTTP2_SKIP,    /* before a head that is read */
	HTTP2_HEAD,    /* within one */
	HTTP2_CODE,    /* at a number that is read */
	HTTP2_BODY,    /* passed over to the end of the frame */
	HTTP2_LOST,    /* bytes are missing: where frames begin is not known */
	HTTP2_SEEKS,   /* as that, and at the first byte of a segment */
	HTTP2_BAD,
};

/* What is told as a status: that of HTTP, or one of these. */
enum http2_status {
	HTTP2_UNKNOWN = 0,
	HTTP2_ABANDONED = 1000, /* by the client */
	HTTP2_BROKEN = 1001,	/* off by the server */
	HTTP2_GRPC = 2000,	/* and the code of gRPC */
};

enum http2_event { HTTP2_ANSWER, HTTP2_ANSWER_ENDS, HTTP2_DATA_ENDS, HTTP2_RESETS };

/* Errors of gRPC are the server's as OpenTelemetry has them for servers (semantic conventions for gRPC): UNKNOWN,
 * DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. All others are its clients', RESOURCE_EXHAUSTED
 * among them, as 429 of HTTP; and so is what they did not wait for. */
static __always_inline enum exchange_outcome http2_outcome(__u32 status)
{
	__u32 code = status - HTTP2_GRPC;

	if (status == HTTP2_UNKNOWN)
		return EXCHANGE_UNKNOWN;
	if (status >= HTTP2_GRPC && code)
		return code == 2 || code == 4 || (code >= 12 && code <= 15) ? EXCHANGE_FAILED : EXCHANGE_REFUSED;
	if (status == HTTP2_BROKEN || (status >= 500 && status < HTTP2_ABANDONED))
		return EXCHANGE_FAILED;
	return status == HTTP2_ABANDONED || (status >= 400 && status < 500) ? EXCHANGE_REFUSED : EXCHANGE_DONE;
}

struct http2_stream {
	__u64 asked_ns;
	__u64 answered_ns;
	__u32 id;     /* 0: this place is free */
	__u32 answer; /* of the stream with this id is what the side that answers left here: answered_ns, status */
	__u32 status;
	__u32 _pad;
};

struct http2_side {
	__u8 state;
	__u8 type, flags; /* of the frame */
	__u8 matched;	  /* so many bytes of what the state expects */
	__u8 pad, skip;	  /* bytes at the end of the frame, and before its head */
	__u8 heads;	  /* enum http2_type: whose head is under way; HTTP2_DATA: none */
	__u8 ends;	  /* that head ends its stream */
	__u8 greeted;	  /* its first frame was SETTINGS */
	__u8 _pad[3];
	__u32 stream;	   /* of the frame */
	__u32 left;	   /* bytes of the frame's payload to come */
	__u32 heads_stream;
	volatile __u32 at; /* of the piece that is being read; in memory, since the verifier counts along what it sees */
	__u64 number;	   /* that is being read */
	__u64 began_ns;	   /* the first byte of the frame, … */
	__u64 heads_ns;	   /* … of the first one of that head */
};

struct http2 {
	struct http2_side ask, answer;
	struct hpack hpack; /* of answers */
	__u32 last;	    /* stream that was asked */
	__u32 _pad;
	struct http2_stream stream[HTTP2_STREAMS];
};

/* Where a stream is, wanted 0: a free place for it. Nearly always the first one looked at. HTTP2_STREAMS: nowhere. */
static __always_inline __u32 http2_find(struct http2 *h, __u32 id, __u32 wanted)
{
	for (__u32 i = 0; i < HTTP2_STREAMS; i++) {
		volatile __u32 place = ((id >> 1) + i) % HTTP2_STREAMS;
		__u32 at = place;

		if (at >= HTTP2_STREAMS) /* the verifier does not conclude it from the remainder */
			break;
		if (*(volatile __u32 *)&h->stream[at].id == wanted)
			return at;
	}
	return HTTP2_STREAMS;
}

/* HEADERS of the side that asks: a new stream, or trailers of one. */
CONVERSATION_GLOBAL int http2_asks(struct http2 *h, struct conversation *c, __u32 id, __u64 now_ns)
{
	__u32 at;

	if (!h || !c || !(id & 1) || id <= h->last)
		return 0;
	h->last = id;
	at = http2_find(h, id, 0);
	if (at >= HTTP2_STREAMS) {
		__sync_fetch_and_add(&c->beyond, 1);
		return 0;
	}
	h->stream[at].asked_ns = now_ns;
	c->asked++;
	*(volatile __u32 *)&h->stream[at].id = id; /* now it is anybody's */
	return 0;
}

/* The status as it ends: what trailers say of gRPC goes before that of HTTP, which is 200 then. */
static __always_inline __u32 http2_ended(const struct hpack *p, __u32 status)
{
	if (p->grpc)
		return HTTP2_GRPC + p->grpc - 1;
	return p->unsure && status == 200 ? HTTP2_UNKNOWN : status;
}

/* A head of an answer is whole. */
static __always_inline void http2_answers(struct http2 *h, struct http2_stream *s, __u32 id, bool ends)
{
	const struct hpack *p = &h->hpack;

	if (!ends && p->status >= 100 && p->status < 200)
		return; /* interim */
	if (s->answer != id) {
		s->answered_ns = h->answer.heads_ns;
		s->status = p->status;
		s->answer = id;
	}
	if (ends)
		s->status = http2_ended(p, s->status);
}

/* By whom it is reset. Who gives up waiting waited at least so long; who has enough of an answer that goes on did not. */
static __always_inline void http2_cut(struct exchange *x, bool asks, __u64 now_ns)
{
	x->status = asks ? HTTP2_ABANDONED : HTTP2_BROKEN;
	if (!x->answered_ns)
		x->answered_ns = now_ns;
	else if (asks)
		x->asked_ns = 0;
}

/* One of those whose times nobody kept. */
static __always_inline int http2_beyond(struct http2 *h, struct conversation *c, const struct conversation_piece *p,
					enum http2_event event)
{
	struct exchange x = {.answered_ns = p->now_ns, .ended_ns = p->now_ns};

	if (!c->beyond || (event != HTTP2_ANSWER_ENDS && event != HTTP2_DATA_ENDS))
		return 0;
	__sync_fetch_and_add(&c->beyond, -1);
	if (event == HTTP2_ANSWER_ENDS)
		x.status = http2_ended(&h->hpack, h->hpack.status);
	x.outcome = http2_outcome(x.status);
	return conversation_tell(c, p->to, &x);
}

/* Whoever takes it out tells it. */
static __always_inline int http2_end(struct conversation *c, const struct conversation_piece *p, struct http2_stream *s,
				     __u32 id, enum http2_event event)
{
	struct exchange x = {.asked_ns = s->asked_ns, .ended_ns = p->now_ns};

	if (s->answer == id) {
		x.answered_ns = s->answered_ns;
		x.status = s->status;
	}
	if (event == HTTP2_RESETS)
		http2_cut(&x, p->asks, p->now_ns);
	if (!__sync_bool_compare_and_swap(&s->id, id, 0))
		return 0;
	__sync_fetch_and_add(&c->answered, 1);
	if (x.answered_ns < x.asked_ns || p->now_ns - x.answered_ns > HTTP2_LONG_NS)
		x.asked_ns = 0;
	x.outcome = http2_outcome(x.status);
	return conversation_tell(c, p->to, &x);
}

CONVERSATION_GLOBAL int http2_happens(struct http2 *h, struct conversation *c, const struct conversation_piece *p,
				      __u32 id, int event)
{
	struct http2_stream *s;
	__u32 at;

	if (!h || !c || !p || !(id & 1) || id > h->last)
		return 0;
	at = http2_find(h, id, id);
	if (at >= HTTP2_STREAMS)
		return http2_beyond(h, c, p, (enum http2_event)event);
	s = &h->stream[at];
	if (event == HTTP2_ANSWER || event == HTTP2_ANSWER_ENDS)
		http2_answers(h, s, id, event == HTTP2_ANSWER_ENDS);
	if (event == HTTP2_ANSWER)
		return 0;
	return http2_end(c, p, s, id, (enum http2_event)event);
}

/* Nothing is told of the streams above `last` but one: they never happened, or nobody heard how they ended. */
CONVERSATION_GLOBAL int http2_forget(struct http2 *h, struct conversation *c, __u32 last, __u32 but)
{
	if (!h || !c)
		return 0;
	for (__u32 i = 0; i < HTTP2_STREAMS; i++) {
		__u32 id = h->stream[i].id;

		if (id > last && id != but && __sync_bool_compare_and_swap(&h->stream[i].id, id, 0))
			__sync_fetch_and_add(&c->answered, 1);
	}
	return 0;
}

static __always_inline bool http2_has_head(__u8 type)
{
	return type == HTTP2_HEADERS || type == HTTP2_PROMISE || type == HTTP2_CONTINUATION;
}

/* May this frame stand here (RFC 9113, 4.1 and 6)? Those of a type that is not known stand anywhere. */
static __always_inline bool http2_fits(const struct http2_side *s)
{
	__u8 type = s->type;

	if (!s->greeted && type != HTTP2_SETTINGS)
		return false;
	if (s->heads || type == HTTP2_CONTINUATION)
		return s->heads && type == HTTP2_CONTINUATION && s->stream == s->heads_stream;
	if (type == HTTP2_RESET)
		return s->stream && s->left == HTTP2_CODE_SIZE;
	if (type == HTTP2_GOAWAY)
		return !s->stream && s->left >= 2 * HTTP2_CODE_SIZE;
	if (type == HTTP2_SETTINGS || type == HTTP2_PING)
		return !s->stream;
	return s->stream || (type != HTTP2_DATA && !http2_has_head(type));
}

/* A head begins or goes on, of which answers are read. */
static __always_inline void http2_head(struct http2 *h, struct conversation *c, struct http2_side *s, bool asks)
{
	if (s->type != HTTP2_CONTINUATION) {
		s->heads = s->type;
		s->heads_stream = s->stream;
		s->heads_ns = s->began_ns;
		s->ends = s->flags & HTTP2_END_STREAM;
		if (asks && s->type == HTTP2_HEADERS)
			http2_asks(h, c, s->stream, s->began_ns);
		else if (!asks)
			hpack_begin(&h->hpack);
	}
	if (asks)
		return;
	s->skip = s->type == HTTP2_PROMISE ? HTTP2_CODE_SIZE : 0;
	if (s->type == HTTP2_HEADERS && s->flags & HTTP2_HAS_PRIORITY)
		s->skip = HTTP2_PRIORITY_SIZE;
	s->state = s->type != HTTP2_CONTINUATION && s->flags & HTTP2_PADDED ? HTTP2_PADS : HTTP2_SKIP;
}

/* Its nine bytes are there: type, flags, stream and, in left, the length. */
static __always_inline void http2_begins(struct http2 *h, struct conversation *c, struct http2_side *s, bool asks)
{
	s->stream &= 0x7fffffff;
	s->pad = s->skip = s->matched = 0;
	s->number = 0;
	s->state = HTTP2_BODY;
	if (!http2_fits(s))
		s->state = HTTP2_BAD;
	else if (http2_has_head(s->type))
		http2_head(h, c, s, asks);
	else if (s->type == HTTP2_GOAWAY)
		s->state = HTTP2_CODE;
	s->greeted = 1;
}

/* The head that was under way is whole. */
static __always_inline void http2_headed(struct http2 *h, struct conversation *c, struct http2_side *s,
					 const struct conversation_piece *p)
{
	__u8 heads = s->heads;

	s->heads = 0;
	if (p->asks)
		return;
	if (h->hpack.state != HPACK_FIELD)
		s->state = HTTP2_BAD;
	else if (heads == HTTP2_HEADERS)
		http2_happens(h, c, p, s->heads_stream, s->ends ? HTTP2_ANSWER_ENDS : HTTP2_ANSWER);
}

static __always_inline void http2_ends(struct http2 *h, struct conversation *c, struct http2_side *s,
				       const struct conversation_piece *p)
{
	__u8 type = s->type;

	s->state = HTTP2_FRAME;
	s->matched = 0;
	if (http2_has_head(type)) {
		if (s->flags & HTTP2_END_HEADERS)
			http2_headed(h, c, s, p);
	} else if (type == HTTP2_RESET) {
		http2_happens(h, c, p, s->stream, HTTP2_RESETS);
	} else if (type == HTTP2_GOAWAY && !p->asks) {
		http2_forget(h, c, (__u32)s->number & 0x7fffffff, 0); /* the server takes no others */
	} else if (type == HTTP2_DATA && s->flags & HTTP2_END_STREAM && !p->asks) {
		http2_happens(h, c, p, s->stream, HTTP2_DATA_ENDS);
	}
}

/* After whatever was read: what comes next. */
static __always_inline void http2_settle(struct http2 *h, struct conversation *c, struct http2_side *s,
					 const struct conversation_piece *p)
{
	if (s->state == HTTP2_SKIP && (__u32)s->pad + s->skip > s->left)
		s->state = HTTP2_BAD;
	if (s->state == HTTP2_SKIP && !s->skip)
		s->state = HTTP2_HEAD;
	if (s->state == HTTP2_HEAD && s->left == s->pad)
		s->state = HTTP2_BODY;
	if (s->state == HTTP2_CODE && s->matched == HTTP2_CODE_SIZE)
		s->state = HTTP2_BODY;
	if (s->state == HTTP2_PADS && !s->left)
		s->state = HTTP2_BAD;
	if (s->state == HTTP2_BODY && !s->left)
		http2_ends(h, c, s, p);
}

/* A byte of a frame's head: three of the length, the type, the flags, four of the stream. */
static __always_inline void http2_frame_byte(struct http2 *h, struct conversation *c, struct http2_side *s,
					     const struct conversation_piece *p, __u8 b)
{
	if (!s->matched) {
		s->began_ns = p->now_ns;
		s->number = 0;
	}
	s->number = s->number << 8 | b;
	s->matched++;
	if (s->matched == HTTP2_HEAD_SIZE - HTTP2_CODE_SIZE) {
		s->left = (__u32)(s->number >> 16);
		s->type = (__u8)(s->number >> 8);
		s->flags = (__u8)s->number;
	} else if (s->matched == HTTP2_HEAD_SIZE) {
		s->stream = (__u32)s->number;
		http2_begins(h, c, s, p->asks);
	}
}

static __always_inline __u8 http2_preface_letter(__u8 at)
{
	if (at < 8)
		return letters_at(LETTERS("PRI * HT"), at);
	return letters_at(at < 16 ? LETTERS("TP/2.0\r\n") : LETTERS("\r\nSM\r\n\r\n"), at);
}

static __always_inline void http2_preface(struct http2_side *s, __u8 b)
{
	if (b != http2_preface_letter(s->matched)) {
		s->state = HTTP2_BAD;
	} else if (++s->matched == HTTP2_PREFACE_SIZE) {
		s->matched = 0;
		s->state = HTTP2_FRAME;
	}
}

CONVERSATION_GLOBAL int http2_byte(struct http2 *h, struct conversation *c, const struct conversation_piece *p, __u8 b)
{
	struct http2_side *s;

	if (!h || !c || !p)
		return 0;
	s = p->asks ? &h->ask : &h->answer;
	switch (*(volatile __u8 *)&s->state) {
	case HTTP2_FRAME:
		http2_frame_byte(h, c, s, p, b);
		break;
	case HTTP2_PREFACE:
		http2_preface(s, b);
		return 0;
	case HTTP2_PADS:
		s->pad = b;
		s->left--;
		s->state = HTTP2_SKIP;
		break;
	case HTTP2_SKIP:
		s->skip--;
		s->left--;
		break;
	case HTTP2_HEAD:
		hpack_byte(&h->hpack, b);
		s->left--;
		break;
	case HTTP2_CODE:
		s->number = s->number << 8 | b;
		s->matched++;
		s->left--;
		break;
	default:
		s->state = HTTP2_BAD;
	}
	http2_settle(h, c, s, p);
	return 0;
}

/* Is this the head of a frame, when nothing says that one begins here? It hardly is anything else if its stream is under
 * way, or comes next, and all that a frame of its type has is as it must be. */
static __always_inline bool http2_is_frame(struct http2 *h, bool asks, __u32 length, __u8 type, __u8 flags, __u32 stream)
{
	bool open = stream & 1 && http2_find(h, stream, stream) < HTTP2_STREAMS;
	bool next = asks && stream & 1 && stream > h->last && stream - h->last <= 2 * HTTP2_MISSED;

	switch (type) {
	case HTTP2_DATA:
		return open && length <= HTTP2_USUAL_SIZE && !(flags & ~(HTTP2_END_STREAM | HTTP2_PADDED));
	case HTTP2_HEADERS:
		return (open || next) && length <= HTTP2_USUAL_SIZE &&
		       !(flags & ~(HTTP2_END_STREAM | HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_HAS_PRIORITY));
	case HTTP2_RESET:
		return open && length == HTTP2_CODE_SIZE && !flags;
	case HTTP2_WINDOW:
		return (open || !stream) && length == HTTP2_CODE_SIZE && !flags;
	case HTTP2_PING:
		return !stream && length == HTTP2_PING_SIZE && flags <= HTTP2_END_STREAM /* as which it is an answer */;
	default:
		return false;
	}
}

/* It goes on with this frame. Of streams that are under way anything may be missing, but for one whose answer begins here;
 * and of the entries that heads refer to, all. */
static __always_inline void http2_resume(struct http2 *h, struct conversation *c, struct http2_side *s, bool asks, __u32 but)
{
	s->state = HTTP2_FRAME;
	s->greeted = 1;
	s->matched = s->heads = 0;
	if (!asks)
		h->hpack.heard = 0;
	http2_forget(h, c, 0, but);
	__sync_fetch_and_add(&c->beyond, -c->beyond);
}

CONVERSATION_GLOBAL int http2_seek(struct http2 *h, struct conversation *c, bool asks, __u64 word, __u8 last)
{
	struct http2_side *s;
	__u32 stream;
	__u8 type;

	if (!h || !c)
		return 0;
	s = asks ? &h->ask : &h->answer;
	word = __builtin_bswap64(word);
	stream = (__u32)(word << 8) | last;
	type = (__u8)(word >> 32);
	s->state = HTTP2_LOST;
	if (http2_is_frame(h, asks, (__u32)(word >> 40), type, (__u8)(word >> 24), stream))
		http2_resume(h, c, s, asks, type == HTTP2_HEADERS && !asks ? stream : 0);
	return 0;
}

/* A frame's head at once: its first eight bytes, and the last. */
CONVERSATION_GLOBAL int http2_word(struct http2 *h, struct conversation *c, const struct conversation_piece *p,
				   __u64 word, __u8 last)
{
	struct http2_side *s;

	if (!h || !c || !p)
		return 0;
	s = p->asks ? &h->ask : &h->answer;
	word = __builtin_bswap64(word);
	s->began_ns = p->now_ns;
	s->left = (__u32)(word >> 40);
	s->type = (__u8)(word >> 32);
	s->flags = (__u8)(word >> 24);
	s->stream = (__u32)(word << 8) | last;
	http2_begins(h, c, s, p->asks);
	http2_settle(h, c, s, p);
	return HTTP2_HEAD_SIZE;
}

/* Of n bytes that come next, those that nobody needs to look at. */
CONVERSATION_GLOBAL int http2_pass(struct http2 *h, struct conversation *c, const struct conversation_piece *p, __u32 n)
{
	struct http2_side *s;
	__u32 most;

	if (!h || !c || !p)
		return 0;
	s = p->asks ? &h->ask : &h->answer;
	if (s->state == HTTP2_LOST)
		return (int)n;
	most = s->state == HTTP2_HEAD ? s->left - s->pad : s->left;
	n = n < most ? n : most;
	if (s->state == HTTP2_HEAD)
		n = (__u32)hpack_pass(&h->hpack, n);
	else if (s->state != HTTP2_BODY)
		n = 0;
	s->left -= n;
	if (n)
		http2_settle(h, c, s, p);
	return (int)n;
}

static __always_inline bool http2_reads(const struct http2 *h, const struct conversation *c, const struct http2_side *s)
{
	return c->protocol == CONVERSATION_HTTP2 && *(volatile const __u8 *)&s->state != HTTP2_BAD &&
	       (s->state != HTTP2_HEAD || h->hpack.state != HPACK_BAD);
}

/* What may be passed over, a frame's head or a byte; that head is better read whole, with what the next piece has of it. */
static __always_inline __u32 http2_step(struct http2 *h, struct conversation *c, struct http2_side *s,
					const struct conversation_piece *p, __u32 i)
{
	__u32 passed;

	if (!http2_reads(h, c, s))
		return 0;
	if (s->state == HTTP2_SEEKS)
		http2_seek(h, c, p->asks, letters_of(p, 0), p->n < HTTP2_HEAD_SIZE ? 0xff : p->byte[8]);
	if (s->state == HTTP2_FRAME && !s->matched) {
		if (i <= CONVERSATION_PIECE - HTTP2_HEAD_SIZE && i + HTTP2_HEAD_SIZE <= p->n)
			return (__u32)http2_word(h, c, p, letters_of(p, i), p->byte[i + 8]);
		if (p->n == CONVERSATION_PIECE)
			return 0;
	}
	if (s->state == HTTP2_BODY || s->state == HTTP2_LOST || (s->state == HTTP2_HEAD && h->hpack.state == HPACK_PASSED)) {
		passed = (__u32)http2_pass(h, c, p, p->n - i);
		if (passed)
			return passed;
	}
	http2_byte(h, c, p, p->byte[i]);
	return 1;
}

/* Reads a piece, or a few steps of it. Returns how many bytes it took. */
CONVERSATION_GLOBAL int http2_read(struct http2 *h, struct conversation *c, const struct conversation_piece *p)
{
	struct http2_side *s;

	if (!h || !c || !p)
		return 0;
	s = p->asks ? &h->ask : &h->answer;
	if (!p->asks && s->state == HTTP2_PREFACE)
		s->state = HTTP2_FRAME;
	s->at = 0;
	for (int k = 0; k < HTTP2_STEPS; k++) {
		__u32 i = s->at, taken;

		if (i >= p->n || i >= CONVERSATION_PIECE)
			break;
		taken = http2_step(h, c, s, p, i);
		if (!taken)
			break;
		s->at = i + taken;
	}
	return (int)s->at;
}

/* Bytes of this side are missing. */
static __always_inline void http2_lose(struct http2 *h, bool asks)
{
	if (h)
		(asks ? &h->ask : &h->answer)->state = HTTP2_LOST;
}

/* A segment begins. */
static __always_inline void http2_arrives(struct http2 *h, bool asks)
{
	struct http2_side *s = asks ? &h->ask : &h->answer;

	if (s->state == HTTP2_LOST)
		s->state = HTTP2_SEEKS;
}

/* A connection begins. What makes no sense is no new beginning, as where requests are pipelined. */
static __always_inline void http2_begin(struct conversation *c, __u64 now_ns)
{
	c->pipelined = 1;
	c->ask.began_ns = now_ns; /* should it turn out to be something else */
}

/* A server need not wait for the client's preface to say its settings: the head of such a frame but for its last byte. */
static __always_inline bool http2_greets(__u64 word)
{
	__u32 length = (__u32)(word >> 16) & 0xff;

	return word == (LETTERS("\0\0\0\4\0\0\0\0") | (__u64)length << 16) && length % HTTP2_SETTING_SIZE == 0;
}

/* Whoever opens a connection with this means HTTP/2. */
static __always_inline bool http2_opens(__u64 word)
{
	return word == LETTERS("PRI * HT") || word == HTTP2_GREETING;
}

/* The preface is nothing else anywhere. When both sides speak at once it may seem that it is not the first word. */
static __always_inline bool http2_may_begin(__u64 word)
{
	return word == LETTERS("PRI * HT");
}

#endif
