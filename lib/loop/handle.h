/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/loop only: what every object on the loop begins with. A uv handle's `data` points to
 * its object, so that loop_free() can close what it finds without knowing the kind.
 */
#ifndef LOOP_HANDLE_H
#define LOOP_HANDLE_H

#include <uv.h>

#include "base/mem.h"
#include "base/obj.h"
#include "loop/loop.h"

struct loop {
	unsigned magic;
	uv_close_cb released;
	uv_loop_t uv;
	uv_prepare_t clock; /* see loop_new() */
};

struct loop_handle {
	unsigned magic;
	uv_close_cb released; /* frees the object once libuv has let go of the handle */
};

void loop_handle_free(uv_handle_t *h); /* a `released` for objects that are one malloc block */

/* Close is asynchronous in libuv; a second close of the same handle is a no-op here. */
static inline void loop_handle_close(uv_handle_t *h)
{
	struct loop_handle *object = h->data;

	if (!uv_is_closing(h))
		uv_close(h, object->released);
}

#endif
