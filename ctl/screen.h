/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal as a full screen: alternate buffer, no cursor, keys as they are pressed. It is given
 * back in the state it was found in by screen_close(), while the process is stopped (Ctrl-Z), and when
 * the process aborts or crashes. One at a time, loop thread only.
 */
#ifndef CTL_SCREEN_H
#define CTL_SCREEN_H

#include "base/buf.h"
#include "base/err.h"
#include "ctl/key.h"
#include "loop/loop.h"

#define SCREEN_ROWS 300    /* more are left empty */
#define SCREEN_COLUMNS 500

struct screen_events {
	void (*key)(struct key k, void *data);
	void (*redraw)(void *data);           /* the size changed, or the screen was lost meanwhile */
	void (*signal)(int signum, void *data); /* SIGINT, SIGTERM, SIGHUP: end */
	void *data;
};

struct screen;
/* -ENOTTY: stdin or stdout is no terminal. */
int screen_open(struct loop *l, const struct screen_events *events, struct screen **ret_s,
		struct err *e);
struct screen *screen_close(struct screen *s); /* NULL is fine; returns NULL */
void screen_size(const struct screen *s, int *ret_columns, int *ret_rows);
/* Row by row, with colours; only rows that changed are written. Copies. */
void screen_draw(struct screen *s, const struct buf *rows, int n);

#endif
