/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/clock.h"
#include "loop/handle.h"

#define TIMER_MAGIC 0x6c74696du

struct loop_timer {
	unsigned magic; /* struct loop_handle */
	uv_close_cb released;
	uv_timer_t uv;
	uint64_t due_ns; /* on libuv's clock (CLOCK_MONOTONIC) */
	uint64_t repeat_ns;
	void (*fire)(void *data);
	void *data;
};

struct loop_timer *loop_timer_new(struct loop *l, void (*fire)(void *data), void *data)
{
	struct loop_timer *t = mem_new(struct loop_timer);

	t->magic = TIMER_MAGIC;
	t->released = loop_handle_free;
	t->fire = fire;
	t->data = data;
	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	return t;
}

static void arm(struct loop_timer *t);

/* Missed ticks are skipped: the next one is the first multiple of the period that lies ahead. */
static void advance(struct loop_timer *t)
{
	uint64_t now_ns = uv_hrtime();

	t->due_ns += t->repeat_ns;
	if (t->due_ns <= now_ns)
		t->due_ns += ((now_ns - t->due_ns) / t->repeat_ns + 1) * t->repeat_ns;
	arm(t);
}

static void fired(uv_timer_t *uv)
{
	struct loop_timer *t = obj_cast(struct loop_timer, uv->data, TIMER_MAGIC);

	if (t->repeat_ns)
		advance(t);
	t->fire(t->data);
}

/* Waits for the first whole millisecond at or after the due time, so it never fires early. */
static void arm(struct loop_timer *t)
{
	uint64_t due_ms = (t->due_ns + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;
	uint64_t now_ms;

	uv_update_time(t->uv.loop);
	now_ms = uv_now(t->uv.loop);
	uv_timer_start(&t->uv, fired, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

void loop_timer_start(struct loop_timer *t, uint64_t first_ns, uint64_t repeat_ns)
{
	must(t->magic == TIMER_MAGIC);
	t->due_ns = uv_hrtime() + first_ns;
	t->repeat_ns = repeat_ns;
	arm(t);
}

void loop_timer_stop(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

void loop_timer_close(struct loop_timer *t)
{
	if (t)
		loop_handle_close((uv_handle_t *)&t->uv);
}
