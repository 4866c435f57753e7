/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "ctl/fit.h"
#include "ctl/fold.h"
#include "ctl/text.h"

#define GAP        3  /* columns between two, as kubectl has it */
#define NAME_LEAST 20 /* enough of a pod's name to know it by both its ends */
#define TEXT_LEAST 16

void table_begin(struct table *t, const struct table_column *columns, size_t n, bool wide)
{
	must(n <= TABLE_COLUMNS);
	t->column = columns;
	t->n = n;
	t->wide = wide;
	for (size_t i = 0; i < n; i++)
		t->width[i] = text_width(columns[i].title);
}

void table_cell(struct table *t, enum paint p, const char *format, ...)
{
	scoped(buf_done) struct buf safe = {0};
	size_t column = t->n_cells % t->n;
	char *raw = NULL;
	va_list args;

	va_start(args, format);
	must(vasprintf(&raw, format, args) >= 0);
	va_end(args);
	text_safe(raw, &safe);
	free(raw);
	if (t->n_cells == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->cell = mem_array(t->cell, t->room, sizeof(t->cell[0]));
	}
	int width = text_width(buf_text(&safe));
	if (width > t->width[column])
		t->width[column] = width;
	t->cell[t->n_cells++] = (struct table_cell){mem_strdup(buf_text(&safe)), p};
}

static int least_width(const struct table *t, size_t i)
{
	int title = text_width(t->column[i].title);
	int least = t->column[i].form == TABLE_NAME   ? NAME_LEAST
		    : t->column[i].form == TABLE_TEXT ? TEXT_LEAST
						      : t->width[i];

	return title > least ? title : least;
}

struct layout { /* of those that are shown, from left to right */
	size_t n, column[TABLE_COLUMNS];
	int width[TABLE_COLUMNS];
};

static int wanted_width(const struct table *t, size_t i)
{
	return t->wide || !t->column[i].wide ? t->width[i] : 0;
}

static void show_column(struct layout *l, size_t column, int width)
{
	if (!width)
		return;
	l->width[l->n] = width;
	l->column[l->n++] = column;
}

static void lay_out(const struct table *t, int columns, struct layout *ret)
{
	struct fit_column c[TABLE_COLUMNS];

	ret->n = 0;
	for (size_t i = 0; i < t->n; i++)
		c[i] = (struct fit_column){wanted_width(t, i), least_width(t, i), t->column[i].drop};
	if (columns)
		fit_columns(c, t->n, GAP, columns);
	for (size_t i = 0; i < t->n; i++)
		show_column(ret, i, c[i].width);
}

/* One row; nothing is padded behind its last cell, so that no line ends in blanks. */
static void print_row(const struct table *t, const struct layout *l, const struct table_cell *row,
		      const struct paint_style *s, FILE *to)
{
	int pad = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct table_cell *cell = &row[l->column[i]];
		enum table_form form = t->column[l->column[i]].form;
		scoped(buf_done) struct buf cut = {0};

		text_cut(cell->text, l->width[i], (form == TABLE_NAME ? TEXT_MIDDLE : 0) | (s->unicode ? 0 : TEXT_ASCII),
			 &cut);
		int spare = l->width[i] - text_width(buf_text(&cut));
		pad += (i ? GAP : 0) + (form == TABLE_NUMBER ? spare : 0);
		fprintf(to, "%*s%s%s%s", pad, "", paint_on(s, cell->paint), buf_text(&cut),
			cell->paint ? paint_off(s) : "");
		pad = form == TABLE_NUMBER ? 0 : spare;
	}
	fputc('\n', to);
}

static bool is_titled(const struct table *t, const struct layout *l)
{
	bool titled = t->headed && t->n_titled == l->n;

	for (size_t i = 0; titled && i < l->n; i++)
		titled = t->titled[i] == l->column[i];
	return titled;
}

static void print_titles(struct table *t, const struct layout *l, const struct paint_style *s, FILE *to)
{
	struct table_cell row[TABLE_COLUMNS];

	for (size_t i = 0; i < t->n; i++)
		row[i] = (struct table_cell){(char *)(uintptr_t)t->column[i].title, PAINT_BOLD};
	print_row(t, l, row, s, to);
	memcpy(t->titled, l->column, l->n * sizeof(l->column[0]));
	t->n_titled = l->n;
	t->headed = true;
}

static void print_rows(struct table *t, const struct layout *l, const struct paint_style *s, bool headers, FILE *to)
{
	must(t->n_cells % t->n == 0);
	if (headers && !is_titled(t, l))
		print_titles(t, l, s, to);
	for (size_t i = 0; i < t->n_cells; i += t->n)
		print_row(t, l, &t->cell[i], s, to);
}

static void clear(struct table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cell[i].text);
	t->n_cells = 0;
}

void table_print(struct table *t, const struct paint_style *s, bool headers, int columns, FILE *to)
{
	struct layout l;

	lay_out(t, columns, &l);
	print_rows(t, &l, s, headers, to);
	clear(t);
}

/* Folding */

/* A key may have a third of the screen: the others are what is asked for. */
static int least_folded(const struct table *t, size_t i, int columns)
{
	int least = least_width(t, i), third = columns / 3;

	return t->column[i].key && t->column[i].form == TABLE_NAME && third > least ? third : least;
}

static void lay_out_block(const struct table *t, const int *width, bool keys_first, struct layout *ret)
{
	ret->n = 0;
	for (size_t i = 0; keys_first && i < t->n; i++)
		if (t->column[i].key)
			show_column(ret, i, width[i]);
	for (size_t i = 0; i < t->n; i++)
		if (!keys_first || !t->column[i].key)
			show_column(ret, i, width[i]);
}

void table_fold(struct table *t, const struct paint_style *s, bool headers, int columns, FILE *to)
{
	struct fold_column c[TABLE_COLUMNS];
	int width[TABLE_COLUMNS];

	if (!columns) {
		table_print(t, s, headers, columns, to);
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		c[i] = (struct fold_column){wanted_width(t, i), least_folded(t, i, columns), t->column[i].key,
					    t->column[i].together};
	for (size_t at = 0, next; at < t->n; at = next) {
		struct layout l;

		next = fold_block(c, t->n, GAP, columns, at, width);
		lay_out_block(t, width, at || next < t->n, &l);
		if (at)
			fputc('\n', to);
		print_rows(t, &l, s, headers, to);
	}
	clear(t);
}

void table_done(struct table *t)
{
	clear(t);
	free(t->cell);
	*t = (struct table){0};
}
