/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/live_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"

#define MESSAGE_NS (4 * CLOCK_NS_PER_S)

struct live_state *live_state_of(void *data)
{
	return obj_cast(struct live_state, data, LIVE_STATE_MAGIC);
}

void live_state_draw(struct live_state *v)
{
	struct buf rows[SCREEN_ROWS] = {0};
	uint64_t now = clock_boot().ns;

	if (!v->screen)
		return;
	screen_size(v->screen, &v->view.columns, &v->view.rows);
	v->view.wall_unix_ns = clock_wall().ns;
	if (v->view.aged)
		v->view.newest_age_ns = v->age_ns + (now - v->received_ns);
	if (now >= v->message_until_ns)
		v->view.message[0] = '\0';
	view_draw(&v->view, rows);
	screen_draw(v->screen, rows, v->view.rows);
	for (int i = 0; i < SCREEN_ROWS; i++)
		buf_done(&rows[i]);
}

void live_state_say(struct live_state *v, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(v->view.message, sizeof(v->view.message), format, args);
	va_end(args);
	v->message_until_ns = clock_boot().ns + MESSAGE_NS;
}

void live_state_say_err(struct live_state *v, const struct err *e)
{
	live_state_say(v, "%s: %s", e->what, *e->cause ? e->cause : strerror(-e->code));
}

void live_state_end(struct live_state *v, int result)
{
	v->ending = true;
	v->result = result;
	loop_stop(v->loop);
}

/* The list: filtered, sorted, the selection kept by name */

void live_state_remember(struct live_state *v)
{
	free(v->selected);
	v->selected = v->view.selected < v->view.n
			      ? mem_strdup(v->view.list[v->view.selected]->name)
			      : NULL;
}

static void select_again(struct live_state *v)
{
	struct view *w = &v->view;

	for (size_t i = 0; v->selected && i < w->n; i++) {
		if (strcmp(w->list[i]->name, v->selected) == 0) {
			w->selected = i;
			return;
		}
	}
	if (w->selected >= w->n)
		w->selected = w->n ? w->n - 1 : 0;
}

void live_state_arrange(struct live_state *v)
{
	struct view *w = &v->view;

	free((void *)w->list);
	w->list = mem_array(NULL, v->n_all + 1, sizeof(*w->list));
	w->n = 0;
	w->total = v->n_all;
	for (size_t i = 0; i < v->n_all; i++)
		if (!*w->filter || strcasestr(v->all[i]->name, w->filter))
			w->list[w->n++] = v->all[i];
	workload_sort(w->list, w->n, w->sort);
	select_again(v);
}
