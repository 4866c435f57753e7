/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"

#include <signal.h>
#include <stdlib.h>

#include "loop/handle.h"

#define LOOP_MAGIC 0x6c6f6f70u

void loop_handle_free(uv_handle_t *h)
{
	struct loop_handle *object = h->data;

	object->magic = 0;
	free(object);
}

static void nothing_to_free(uv_handle_t *h)
{
	(void)h;
}

/* libuv computes how long to sleep from the time at the turn's start: after a slow callback it would
 * sleep that much too long. */
static void refresh_clock(uv_prepare_t *h)
{
	uv_update_time(h->loop);
}

struct loop *loop_new(void)
{
	struct loop *l = mem_new(struct loop);

	l->magic = LOOP_MAGIC;
	if (uv_loop_init(&l->uv) < 0) {
		free(l);
		return NULL;
	}
	l->released = nothing_to_free;
	l->clock.data = l;
	uv_prepare_init(&l->uv, &l->clock);
	uv_prepare_start(&l->clock, refresh_clock);
	uv_unref((uv_handle_t *)&l->clock); /* alone it is nothing to wait for */
	/* A child that closes its stdin early must not end this process; libuv gives children the
	 * default back. */
	signal(SIGPIPE, SIG_IGN);
	return l;
}

void loop_run(struct loop *l)
{
	must(l->magic == LOOP_MAGIC);
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

static void close_left(uv_handle_t *h, void *data)
{
	(void)data;
	loop_handle_close(h);
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	must(l->magic == LOOP_MAGIC);
	uv_walk(&l->uv, close_left, NULL);
	/* A close callback may close further handles (a child closes its timer): walk until quiet. */
	while (uv_run(&l->uv, UV_RUN_DEFAULT) || uv_loop_close(&l->uv) == UV_EBUSY)
		uv_walk(&l->uv, close_left, NULL);
	l->magic = 0;
	free(l);
	return NULL;
}
