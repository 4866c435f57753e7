/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations as segments, for the tests of bpf/hear.h: a play is what either side says in turn and what must be told of
 * it, however its lines are cut, and however often their pieces are sent.
 */
#ifndef TESTS_UNIT_BPF_STAGE_H
#define TESTS_UNIT_BPF_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct http2;
static _Bool hear_bytes(const void *from, uint32_t offset, void *to, uint32_t n);
static struct http2 *hear_streams(const void *from);

#include "bpf/hear.h"

#define MS   1000000ull
#define MOST 64
#define LONGEST_SEGMENT (8u << 16) /* that the kernel builds (GSO_MAX_SIZE), of several packets */

struct told {
	struct exchange x[MOST];
	unsigned n;
};

struct line { /* of a play */
	bool asks;
	const char *says;
	size_t bytes; /* 0: says is text */
};

struct outcome { /* what a play must come to, for each exchange */
	uint32_t status; /* of a protocol that has none: enum exchange_outcome */
	unsigned asked, answered, ended; /* by which line, from 1; 0: not told */
};

struct play {
	const char *name;
	struct line line[16];
	struct outcome is[16];
};

static int conversation_tell(const struct conversation *c, __u64 to, const struct exchange *x)
{
	struct told *t = (void *)(uintptr_t)to;

	(void)c;
	assert_true(t->n < MOST);
	t->x[t->n++] = *x;
	return 0;
}

static bool hear_bytes(const void *from, uint32_t offset, void *to, uint32_t n)
{
	if (n)
		memcpy(to, (const char *)from + offset, n);
	return true;
}

static struct http2 *on_stage; /* the streams of the connection that is heard */

static struct http2 *hear_streams(const void *from)
{
	(void)from;
	return on_stage;
}

static size_t size_of(const struct line *l)
{
	return l->bytes ? l->bytes : strlen(l->says);
}

struct stage {
	struct hearing h;
	struct http2 streams;
	struct told told;
	uint32_t next[2]; /* sequence numbers, of what is answered and asked */
	uint32_t expected[2]; /* as the socket has it: what is missing it still waits for */
	bool last;        /* what is said ends its direction */
	bool server;      /* we are it */
	bool joined;      /* we came in the middle */
};

static enum heard say_at(struct stage *st, bool asks, uint32_t sequence, const char *says, size_t n, uint64_t now_ns)
{
	struct segment s = {.to = (uintptr_t)&st->told, .now_ns = now_ns, .sequence = sequence, .bytes = (uint32_t)n,
			    .expected = st->expected[asks], .acknowledged = st->next[!asks], .last = st->last,
			    .out = asks != st->server, .first = !st->joined,
			    .opened = st->server ? CONVERSATION_SERVER : CONVERSATION_CLIENT};

	on_stage = &st->streams;
	if ((int32_t)(sequence + s.bytes - st->expected[asks]) > 0 && (int32_t)(sequence - st->expected[asks]) <= 0)
		st->expected[asks] = sequence + s.bytes;
	return hear_segment(&st->h, &s, says);
}

static enum heard say(struct stage *st, bool asks, const char *says, size_t n, uint64_t now_ns)
{
	uint32_t sequence = st->next[asks];

	st->next[asks] += (uint32_t)n;
	return say_at(st, asks, sequence, says, n, now_ns);
}

static struct stage opened(bool server)
{
	return (struct stage){.server = server, .next = {UINT32_MAX - 20, UINT32_MAX - 3}, /* they wrap */
			      .expected = {UINT32_MAX - 20, UINT32_MAX - 3}};
}

/* We come in the middle of exchanges of one protocol, 100 ms apart, as `exchange` has them, and hear one after a pause. */
static inline struct stage joined_and_quiet(void (*exchange)(struct stage *st, uint64_t at_ns))
{
	struct stage st = opened(true);

	st.joined = true;
	for (uint64_t at = 1; at < 20; at++)
		exchange(&st, at * 100 * MS);
	assert_int_equal(st.told.n, 0);
	exchange(&st, 3000 * MS);
	return st;
}

/* When the line is said. A cut one takes a while, within which any moment is right. */
static uint64_t time_of(unsigned line)
{
	return line * 10 * MS;
}

static void assert_at(uint64_t ns, unsigned line)
{
	assert_true(line ? ns / (10 * MS) == line : ns == 0);
}

static void assert_told(const struct play *p, const struct told *t)
{
	unsigned n = 0;

	for (const struct outcome *o = p->is; o->answered; o++, n++) {
		assert_true(n < t->n);
		assert_int_equal(t->x[n].status ? t->x[n].status : t->x[n].outcome, o->status);
		assert_at(t->x[n].asked_ns, o->asked);
		assert_at(t->x[n].answered_ns, o->answered);
		assert_at(t->x[n].ended_ns, o->ended);
	}
	assert_int_equal(t->n, n);
}

/* Each line in pieces of `each` bytes, the first of the line that is cut of `first`; `twice`: as a sender who heard no
 * acknowledgement does it. */
static void perform(const struct play *p, bool server, size_t first, size_t each, bool twice)
{
	struct stage st = opened(server);
	unsigned number = 1;

	for (const struct line *l = p->line; l->says; l++, number++) {
		size_t n = size_of(l), cut = first ? first : each;

		for (size_t at = 0; at < n; at += cut, cut = each) {
			size_t piece = cut < n - at ? cut : n - at;

			say(&st, l->asks, l->says + at, piece, time_of(number) + at);
			if (twice) {
				say_at(&st, l->asks, st.next[l->asks] - (uint32_t)piece, l->says + at, piece,
				       time_of(number) + at + MS);
				say_at(&st, l->asks, st.next[l->asks] - 1, l->says + at + piece - 1, 1, time_of(number));
			}
		}
	}
	assert_told(p, &st.told);
}

/* What each protocol is tried with: */
#define STAGE_TESTS(PROGRAMME)                                                     \
	cmocka_unit_test_prestate(whole_as_server_and_as_client, PROGRAMME),       \
	cmocka_unit_test_prestate(cut_at_every_byte, PROGRAMME),                   \
	cmocka_unit_test_prestate(sent_twice, PROGRAMME)

struct programme {
	const struct play *plays;
	size_t n;
};

static void whole_as_server_and_as_client(void **state)
{
	const struct programme *g = *state;

	for (size_t i = 0; i < g->n; i++) {
		print_message("  %s\n", g->plays[i].name);
		perform(&g->plays[i], true, 0, 65536, false);
		perform(&g->plays[i], false, 0, 65536, false);
	}
}

static void cut_at_every_byte(void **state)
{
	const struct programme *g = *state;

	for (size_t i = 0; i < g->n; i++)
		for (size_t cut = 1; cut < 140; cut++) {
			perform(&g->plays[i], true, cut, 65536, false);
			perform(&g->plays[i], true, 0, cut, false);
		}
}

static void sent_twice(void **state)
{
	const struct programme *g = *state;

	for (size_t i = 0; i < g->n; i++)
		for (size_t cut = 1; cut < 140; cut += 3)
			perform(&g->plays[i], i % 2, 0, cut, true);
}

#endif
