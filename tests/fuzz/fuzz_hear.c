/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both directions of a connection as segments: any bytes, lengths, sequence numbers, flags. Whatever comes, what is told
 * has happened in its order, nothing is told that nobody asked, and the same bytes cut elsewhere are the same.
 * A segment of the input: a byte of flags, one of its length, one of the step of its sequence number, the data.
 */
#include <stdint.h>
#include <string.h>

#include "base/obj.h"

struct http2;
static _Bool hear_bytes(const void *from, uint32_t offset, void *to, uint32_t n);
static struct http2 *hear_streams(const void *from);

#include "bpf/hear.h"

#define OUT     1u
#define LAST    2u
#define STRANGE 4u /* its sequence number is not the next one */
#define FIRST   8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct watched {
	uint64_t now_ns, told;
};

static int conversation_tell(const struct conversation *c, __u64 to, const struct exchange *x)
{
	struct watched *w = (void *)(uintptr_t)to;

	must(c->role == CONVERSATION_SERVER || c->role == CONVERSATION_CLIENT);
	must(x->outcome <= EXCHANGE_UNKNOWN);
	must(c->protocol != CONVERSATION_HTTP1 || (x->status >= 100 && x->status <= 999));
	must(!x->asked_ns || x->asked_ns <= x->answered_ns);
	must(!x->ended_ns || x->answered_ns <= x->ended_ns);
	must(x->ended_ns <= w->now_ns);
	w->told++;
	return 0;
}

static struct http2 streams; /* of the connection that is heard */

static struct http2 *hear_streams(const void *from)
{
	(void)from;
	return &streams;
}

static bool hear_bytes(const void *from, uint32_t offset, void *to, uint32_t n)
{
	memcpy(to, (const uint8_t *)from + offset, n);
	return true;
}

static size_t play(struct hearing *h, struct watched *w, const uint8_t *data, size_t size, uint32_t next[2])
{
	struct segment s = {.to = (uintptr_t)w, .out = data[0] & OUT, .last = data[0] & LAST};
	size_t n = data[1] < size - 3 ? data[1] : size - 3;

	w->now_ns += 1000;
	s.now_ns = w->now_ns;
	s.first = data[0] & FIRST;
	s.opened = s.first && s.out ? CONVERSATION_CLIENT : CONVERSATION_SERVER;
	s.expected = next[s.out];
	s.acknowledged = next[!s.out];
	s.bytes = (uint32_t)n;
	s.sequence = next[s.out] + (data[0] & STRANGE ? (uint32_t)(int8_t)data[2] : 0);
	hear_segment(h, &s, data + 3);
	next[s.out] = s.sequence + s.bytes + s.last;
	must(conversation_under_way(&h->talk) <= h->talk.asked + h->talk.beyond);
	must(h->in.taken == 0 && h->out.taken == 0);
	return 3 + n;
}

/* As one flow of bytes a direction, in whole segments and byte by byte: of TLS an answer is known only by its head. */
static void cut_is_the_same(const uint8_t *data, size_t size)
{
	size_t half = size / 2;
	struct watched told[2] = {};

	for (int cut = 0; cut < 2; cut++) {
		struct hearing h = {};
		size_t step = cut ? 1 : size + 1;

		memset(&streams, 0, sizeof(streams));
		for (size_t at = 0; at < size;) {
			size_t end = at < half ? half : size, n = step < end - at ? step : end - at;
			struct segment s = {.to = (uintptr_t)&told[cut], .first = true, .out = at >= half};

			s.expected = s.sequence = (uint32_t)(s.out ? at - half : at);
			s.opened = CONVERSATION_SERVER;
			s.bytes = (uint32_t)n;
			s.now_ns = told[cut].now_ns += 1000;
			hear_segment(&h, &s, data + at);
			at += n;
		}
	}
	must(told[0].told == told[1].told || (data[0] == TLS_HANDSHAKE && told[0].told > told[1].told));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hearing h = {};
	struct watched w = {.now_ns = 1000};
	uint32_t next[2] = {0, 0xfffffff0u};

	memset(&streams, 0, sizeof(streams));
	for (size_t at = 0; at + 3 <= size;)
		at += play(&h, &w, data + at, size - at, next);
	if (size < 16384)
		cut_is_the_same(data, size);
	return 0;
}
