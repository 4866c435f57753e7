/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/view.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/row.h"
#include "ctl/view_decisions.h"
#include "ctl/view_list.h"

#define HEAD_ROWS   3  /* title, trouble or blank, column titles */
#define MIN_COLUMNS 40 /* the columns that are never dropped, with a very short name */
#define PANE_MIN    4 /* decisions below a full list, if the screen has PANE_ROWS or more */
#define PANE_ROWS   18
#define QUIT_WIDTH  9 /* of the key that everybody looks for */

/* Header and footer */

static unsigned pods(const struct view *v)
{
	unsigned n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->list[i]->replicas;
	return n;
}

static void count(struct buf *to, int gap, size_t n, const char *what)
{
	buf_printf(to, "%*s%zu %s%s", gap, "", n, what, n == 1 ? "" : "s");
}

static void header(const struct view *v, struct buf *row)
{
	scoped(buf_done) struct buf facts = {0}, right = {0}, safe = {0};

	if (!v->agent)
		count(&facts, 3, v->nodes, "node");
	if (*v->filter)
		buf_printf(&facts, "   %zu of", v->n);
	count(&facts, *v->filter ? 1 : 3, v->total, v->agent ? "cgroup" : "workload");
	if (!v->agent)
		count(&facts, 3, pods(v), "pod");
	if (v->aged)
		buf_printf(&facts, "   newest sample %s ago", figure_age(v->newest_age_ns).text);
	text_safe(v->address, &safe);
	buf_printf(&right, "%s   %s ", buf_text(&safe), figure_clock(v->wall_unix_ns).text);
	int width = text_width(buf_text(&facts)), most = v->columns - 10;
	int room = most - (width < most ? width : most);
	row_add(row, v->style, PAINT_BOLD, " plimsoll ");
	row_fit(row, v->style, PAINT_PLAIN, buf_text(&facts), most - room, TEXT_END);
	if (text_width(buf_text(&right)) + 2 > room) {
		buf_clear(&right);
		buf_printf(&right, "%s ", figure_clock(v->wall_unix_ns).text);
	}
	row_fit(row, v->style, PAINT_DIM, buf_text(&right), room, TEXT_RIGHT);
}

static void key(const struct view *v, struct buf *row, int *room, const char *name,
		const char *what)
{
	int width = text_width(name) + text_width(what) + 4;

	if (width > *room)
		return;
	*room -= width;
	buf_printf(row, " ");
	row_add(row, v->style, PAINT_ACCENT, name);
	buf_printf(row, " %s  ", what);
}

/* Who does not know the arrows finds them; the others have the room. */
static void keys_of_list(const struct view *v, struct buf *row, int *room)
{
	char sort[48];

	snprintf(sort, sizeof(sort), "sort: %s", v->sort);
	key(v, row, room, "enter", v->agent ? "all signals" : "explain");
	key(v, row, room, "s", sort);
	key(v, row, room, "c", v->causes ? "use" : "causes");
	key(v, row, room, "/", *v->filter ? v->filter : "filter");
	if (!v->agent) {
		key(v, row, room, "d", "decisions");
		key(v, row, room, "p", "pause or resume");
	}
}

static void keys(const struct view *v, struct buf *row)
{
	int room = v->columns - QUIT_WIDTH, quit = QUIT_WIDTH;

	if (v->mode == VIEW_LIST)
		keys_of_list(v, row, &room);
	else if (v->mode == VIEW_DECISIONS)
		key(v, row, &room, "enter", "explain");
	if (v->mode != VIEW_LIST)
		key(v, row, &room, "esc", "back");
	key(v, row, &room, v->style->unicode ? "↑↓" : "arrows", v->mode == VIEW_TEXT ? "scroll" : "select");
	key(v, row, &quit, "q", "quit");
}

static void footer(const struct view *v, struct buf *row)
{
	if (v->filtering) {
		int width = text_width(v->filter), most = v->columns - 11;

		row_add(row, v->style, PAINT_ACCENT, " filter: ");
		row_fit(row, v->style, PAINT_PLAIN, v->filter, width < most ? width : most, TEXT_END);
		row_add(row, v->style, PAINT_BOLD, "_");
		row_add(row, v->style, PAINT_DIM, most - width > 31 ? "   enter keeps it, esc drops it" : "");
	} else if (*v->message) {
		buf_printf(row, " ");
		row_fit(row, v->style, PAINT_BOLD, v->message, v->columns - 2, TEXT_END);
	} else {
		keys(v, row);
	}
}

/* Moves `first` as little as needed to have `at` among `room` rows. */
static void follow(size_t at, size_t room, size_t n, size_t *first)
{
	if (at < *first)
		*first = at;
	else if (room && at >= *first + room)
		*first = at - room + 1;
	if (*first + room > n)
		*first = n > room ? n - room : 0;
}

#define NOTHING_ROWS 2 /* a blank, and why the list is empty */

/* Rows for the pane of decisions with its blank and its title; 0: none. */
static int pane_rows(const struct view *v, int body)
{
	int list = v->n ? (int)v->n : NOTHING_ROWS;
	int wanted = (int)v->n_decisions, free = body - list - 2;

	if (v->agent || !wanted || v->rows < PANE_ROWS)
		return 0;
	if (free < PANE_MIN)
		free = PANE_MIN;
	return 2 + (wanted < free ? wanted : free);
}

static const char *nothing(const struct view *v)
{
	if (!v->answered)
		return "waiting for the first sample";
	if (*v->filter)
		return "nothing fits the filter; / changes it";
	return v->agent ? "no cgroup is measured yet"
			: "no workload yet: no agent reports here, or no policy names its cgroups";
}

static void draw_list(struct view *v, struct buf *rows)
{
	int body = v->rows - HEAD_ROWS - 1, below = pane_rows(v, body), room = body - below;

	if (!v->n && room >= NOTHING_ROWS) {
		buf_printf(&rows[HEAD_ROWS + 1], "  ");
		row_fit(&rows[HEAD_ROWS + 1], v->style, PAINT_DIM, nothing(v), v->columns - 2, TEXT_END);
	}
	follow(v->selected, (size_t)room, v->n, &v->first);
	view_list_draw(v, &rows[HEAD_ROWS - 1], &rows[HEAD_ROWS], room);
	if (!below)
		return;
	row_add(&rows[HEAD_ROWS + room + 1], v->style, PAINT_DIM, "  LAST DECISIONS");
	view_decisions_draw(v, 0, VIEW_DECISIONS_NONE, NULL, &rows[HEAD_ROWS + room + 2], below - 2);
}

static void draw_decisions(struct view *v, struct buf *rows)
{
	int room = v->rows - HEAD_ROWS - 1;

	if (!v->n_decisions && room > 1)
		row_add(&rows[HEAD_ROWS + 1], v->style, PAINT_DIM, "  no decision yet");
	follow(v->decision, (size_t)room, v->n_decisions, &v->first_decision);
	view_decisions_draw(v, v->first_decision, v->decision, &rows[HEAD_ROWS - 1], &rows[HEAD_ROWS], room);
}

/* One line from row `n` of the text on; shown if there are `rows` and it is in sight. Returns the row behind it. */
static size_t text_line(const struct view *v, const char *line, size_t n, struct buf *rows)
{
	size_t room = (size_t)(v->rows - HEAD_ROWS);
	int width = v->columns - 2, hang = text_hang(line, width), indent = 0; /* a blank on either side */

	do {
		size_t bytes = text_break(line, width - indent, indent ? 0 : hang);
		scoped(buf_done) struct buf piece = {0};

		if (rows && n >= v->first_line && n < v->first_line + room) {
			struct buf *row = &rows[HEAD_ROWS - 1 + n - v->first_line];

			buf_add(&piece, line, bytes);
			buf_printf(row, " %*s", indent, "");
			row_fit(row, v->style, n ? PAINT_PLAIN : PAINT_BOLD, buf_text(&piece), width - indent,
				TEXT_END);
		}
		n++;
		line += bytes + strspn(line + bytes, " ");
		indent = hang;
	} while (*line);
	return n;
}

static size_t text_rows(const struct view *v, struct buf *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n_lines; i++)
		n = text_line(v, v->line[i], n, rows);
	return n;
}

static void draw_text(struct view *v, struct buf *rows)
{
	size_t room = (size_t)(v->rows - HEAD_ROWS);

	v->n_rows = text_rows(v, NULL);
	if (v->first_line + room > v->n_rows)
		v->first_line = v->n_rows > room ? v->n_rows - room : 0;
	(void)text_rows(v, rows);
}

int view_page(const struct view *v)
{
	int n = v->rows - HEAD_ROWS - 2;
	return n > 1 ? n : 1;
}

void view_draw(struct view *v, struct buf *rows)
{
	if (v->rows < HEAD_ROWS + 2 || v->columns < MIN_COLUMNS) {
		buf_printf(&rows[0], "too small");
		return;
	}
	header(v, &rows[0]);
	if (*v->trouble) {
		buf_printf(&rows[1], " ");
		row_fit(&rows[1], v->style, PAINT_BAD, v->trouble, v->columns - 2, TEXT_END);
	}
	if (v->mode == VIEW_LIST)
		draw_list(v, rows);
	else if (v->mode == VIEW_DECISIONS)
		draw_decisions(v, rows);
	else
		draw_text(v, rows);
	footer(v, &rows[v->rows - 1]);
}
