/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/live_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/scope.h"
#include "ctl/column.h"
#include "ctl/method.h"
#include "ctl/question.h"
#include "ctl/text.h"

static void set_text(struct live_state *v, const char *text)
{
	struct view *w = &v->view;
	scoped(buf_done) struct buf safe = {0};
	char *at;

	text_safe_lines(text, &safe);
	free(v->text);
	at = v->text = buf_take(&safe);
	w->n_lines = 0;
	for (char *line; at && (line = strsep(&at, "\n"));) {
		w->line = mem_array(w->line, w->n_lines + 1, sizeof(*w->line));
		w->line[w->n_lines++] = line;
	}
}

static void show_text(struct live_state *v, const char *text)
{
	set_text(v, text);
	v->view.first_line = 0;
	v->view.mode = VIEW_TEXT;
}

static bool is_called(const struct fleet_row *r, const char *name)
{
	return strcmp(r->cgroup, name) == 0 || (*r->pod_name && strcmp(r->title, name) == 0);
}

/* An agent's cgroup: all of its signals, again with each second while the page is open. */
void live_page_fill(struct live_state *v)
{
	scoped(buf_done) struct buf page = {0};
	const struct fleet_node *n;
	size_t nodes = 0;

	while ((n = fleet_next(v->fleet, &nodes))) {
		size_t rows = 0;
		uint64_t id;
		void *row;

		while (map_next(n->rows, &rows, &id, &row))
			if (is_called(row, v->page))
				column_page(n, row, 0, &page);
	}
	if (!page.size)
		buf_printf(&page, "%s has ended", v->page);
	set_text(v, buf_text(&page));
}

void live_page_open(struct live_state *v, const char *name)
{
	free(v->page);
	v->page = mem_strdup(name);
	v->before = v->view.mode;
	live_page_fill(v);
	v->view.first_line = 0;
	v->view.mode = VIEW_TEXT;
}

static void got_explanation(struct rpc_msg *m, const struct err *e, void *data)
{
	struct live_state *v = live_state_of(data);

	if (e)
		live_state_say_err(v, e);
	else if (!v->ending && v->view.mode == v->before && !v->view.filtering) /* else it is late */
		show_text(v, ((const Plimsoll__V1__ExplainResponse *)rpc_msg_get(m))->text);
	rpc_msg_release(m);
	live_state_draw(v);
}

void live_page_explain(struct live_state *v, const char *id)
{
	Plimsoll__V1__ExplainRequest q = PLIMSOLL__V1__EXPLAIN_REQUEST__INIT;

	if (!id || !*id) {
		live_state_say(v, "nothing was decided for it yet");
		return;
	}
	q.id = (char *)(uintptr_t)id;
	v->before = v->view.mode;
	question_ask(v->connect, &method_explain, &q.base, v->session->o->timeout, got_explanation,
		     v);
}
