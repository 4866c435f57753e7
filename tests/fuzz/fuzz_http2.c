/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection of HTTP/2 as segments of frames: their types, flags, streams, lengths and payloads are any, their heads
 * are mostly such. Whatever comes, each stream is told once at most, what is under way is what lies in the places and
 * beyond them, and the same bytes in pieces of one are the same.
 * A frame of the input: a byte of the side, one each of type, flags and stream, one of its length, the payload.
 */
#include <stdint.h>
#include <string.h>

#include "base/obj.h"

struct http2;
static _Bool hear_bytes(const void *from, uint32_t offset, void *to, uint32_t n);
static struct http2 *hear_streams(const void *from);

#include "bpf/hear.h"

#define ASKS  1u
#define BARE  2u /* the payload is all there is of it: no head */
#define LONG  4u /* the length is 0xff0000 more than the payload */
#define HEAD  5	 /* bytes before the payload */
#define MOST  (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	uint32_t n, all; /* how many, and of what they say a sum */
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
static const char settings[9] = "\0\0\0\4";
static struct http2 streams; /* of the connection that is heard */

static int conversation_tell(const struct conversation *c, __u64 to, const struct exchange *x)
{
	struct told *t = (void *)(uintptr_t)to;

	must(c->role == CONVERSATION_SERVER);
	if (c->protocol == CONVERSATION_TURNS)
		return 0; /* it made no sense before anything was asked */
	must(c->protocol == CONVERSATION_HTTP2);
	must(x->outcome == http2_outcome(x->status));
	must(x->status <= 999 || x->status == HTTP2_ABANDONED || x->status == HTTP2_BROKEN ||
	     (x->status >= HTTP2_GRPC && x->status <= HTTP2_GRPC + HPACK_GRPC_LAST));
	must(!x->asked_ns || (x->asked_ns <= x->answered_ns && x->answered_ns <= x->ended_ns));
	t->all = t->all * 31 + x->status + (x->asked_ns ? 7 : 0);
	t->n++;
	return 0;
}

static bool hear_bytes(const void *from, uint32_t offset, void *to, uint32_t n)
{
	memcpy(to, (const uint8_t *)from + offset, n);
	return true;
}

static struct http2 *hear_streams(const void *from)
{
	(void)from;
	return &streams;
}

static void whole(const struct conversation *c)
{
	uint32_t open = 0;

	for (unsigned i = 0; i < HTTP2_STREAMS; i++)
		open += streams.stream[i].id != 0;
	must(conversation_under_way(c) == open + c->beyond);
	must(streams.hpack.heard <= HPACK_ENTRIES);
}

static void say(struct hearing *h, struct told *t, bool asks, const void *says, size_t n, size_t step, uint64_t now_ns)
{
	static uint32_t next[2];
	struct segment s = {.to = (uintptr_t)t, .now_ns = now_ns, .out = !asks, .first = true,
			    .opened = CONVERSATION_SERVER};

	if (!h->in.known && !h->out.known)
		next[0] = next[1] = 0;
	for (size_t at = 0; at < n; at += s.bytes) {
		s.bytes = (uint32_t)(step < n - at ? step : n - at);
		s.sequence = s.expected = next[asks];
		s.acknowledged = next[!asks];
		next[asks] += s.bytes;
		hear_segment(h, &s, (const uint8_t *)says + at);
	}
	if (h->talk.protocol == CONVERSATION_HTTP2)
		whole(&h->talk);
}

static size_t frame(const uint8_t *data, size_t size, uint8_t to[9 + 255], size_t *ret_size)
{
	size_t n = data[4] < size - HEAD ? data[4] : size - HEAD, head = data[0] & BARE ? 0 : 9;
	const uint8_t begins[9] = {data[0] & LONG ? 0xff : 0, 0, (uint8_t)n, data[1], data[2], 0, 0, 0, data[3]};

	memcpy(to, begins, head);
	memcpy(to + head, data + HEAD, n);
	*ret_size = head + n;
	return HEAD + n;
}

static struct told play(const uint8_t *data, size_t size, size_t step)
{
	struct hearing h = {};
	struct told t = {};
	uint8_t says[9 + 255];
	size_t n;

	memset(&streams, 0, sizeof(streams));
	say(&h, &t, true, preface, sizeof(preface), MOST, 1000);
	say(&h, &t, false, settings, sizeof(settings), step, 1000);
	for (size_t at = 0; at + HEAD <= size;) {
		bool asks = data[at] & ASKS;

		at += frame(data + at, size - at, says, &n);
		say(&h, &t, asks, says, n, step, 1000 * (at + 2));
	}
	must(t.n <= streams.last);
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct told once = play(data, size, MOST), cut = play(data, size, 1);

	must(once.n == cut.n && once.all == cut.all);
	return 0;
}
