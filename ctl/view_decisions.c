/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/view_decisions.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/fit.h"
#include "ctl/row.h"

typedef enum paint cell_fn(const decision *d, struct buf *to);

static enum paint cell_time(const decision *d, struct buf *to)
{
	buf_printf(to, "%s", figure_clock(d->wall_unix_ns).text);
	return PAINT_DIM;
}

static enum paint cell_id(const decision *d, struct buf *to)
{
	buf_printf(to, "%s", d->id);
	return PAINT_ACCENT;
}

static enum paint cell_workload(const decision *d, struct buf *to)
{
	buf_printf(to, "%s", d->workload);
	return PAINT_PLAIN;
}

static enum paint cell_step(const decision *d, struct buf *to)
{
	buf_printf(to, "%u→%u", d->from, d->to);
	return d->to > d->from ? PAINT_WARN : PAINT_GOOD;
}

static enum paint cell_reason(const decision *d, struct buf *to)
{
	buf_printf(to, "%s", d->reason);
	return PAINT_PLAIN;
}

static enum paint cell_why(const decision *d, struct buf *to)
{
	buf_printf(to, "%s%s%s", d->trigger, *d->trigger && *d->outcome ? "; " : "", d->outcome);
	return strncmp(d->outcome, "failed", 6) == 0 ? PAINT_BAD : PAINT_PLAIN;
}

static const struct column {
	const char *title;
	int least, drop; /* as in ctl/fit.h; 0: what its cells need */
	enum text_how how;
	cell_fn *cell;
} columns[] = {
	{"TIME", 0, 2, TEXT_END, cell_time},        {"ID", 0, 0, TEXT_END, cell_id},
	{"WORKLOAD", 12, 0, TEXT_MIDDLE, cell_workload}, {"STEP", 0, 0, TEXT_END, cell_step},
	{"REASON", 0, 1, TEXT_END, cell_reason},    {"WHY AND OUTCOME", 24, 3, TEXT_END, cell_why},
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static int width_of(const struct view *v, const struct column *c, size_t first, size_t n)
{
	int most = text_width(c->title);

	for (size_t i = first; i < n; i++) {
		scoped(buf_done) struct buf text = {0}, safe = {0};

		c->cell(v->decisions[i], &text);
		text_safe(buf_text(&text), &safe);
		int width = text_width(buf_text(&safe));
		most = width > most ? width : most;
	}
	return most;
}

/* `d` NULL: the titles. */
static void decision_row(const struct view *v, const struct fit_column *c, const decision *d, bool selected,
			 struct buf *row)
{
	int gap = 0;

	row_mark(row, v->style, selected);
	for (size_t i = 0; i < N_COLUMNS; i++) {
		scoped(buf_done) struct buf text = {0};
		enum paint p = PAINT_DIM;

		if (!c[i].width)
			continue;
		if (d)
			p = columns[i].cell(d, &text);
		buf_printf(row, "%*s", gap, "");
		row_fit(row, v->style, selected ? PAINT_PLAIN : p, d ? buf_text(&text) : columns[i].title, c[i].width,
			columns[i].how);
		gap = ROW_GAP;
	}
	row_end(row, v->style, selected);
}

void view_decisions_draw(const struct view *v, size_t first, size_t selected, struct buf *title, struct buf *rows,
			 int n)
{
	size_t end = first + (size_t)n < v->n_decisions ? first + (size_t)n : v->n_decisions;
	struct fit_column c[N_COLUMNS];

	for (size_t i = 0; i < N_COLUMNS; i++) {
		int width = width_of(v, &columns[i], first, end);

		c[i] = (struct fit_column){width, columns[i].least ? columns[i].least : width, columns[i].drop};
	}
	fit_columns(c, N_COLUMNS, ROW_GAP, v->columns - ROW_MARK);
	if (title)
		decision_row(v, c, NULL, false, title);
	for (size_t i = first; i < end; i++)
		decision_row(v, c, v->decisions[i], i == selected, &rows[i - first]);
}
