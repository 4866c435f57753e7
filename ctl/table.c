/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "ctl/fit.h"
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

/* Returns how many columns are left out for want of room. */
static size_t lay_out(const struct table *t, int columns, struct fit_column *c)
{
	size_t out = 0;

	for (size_t i = 0; i < t->n; i++) {
		bool wanted = t->wide || !t->column[i].wide;

		c[i] = (struct fit_column){wanted ? t->width[i] : 0, least_width(t, i), t->column[i].drop};
		out += wanted;
	}
	if (columns)
		fit_columns(c, t->n, GAP, columns);
	for (size_t i = 0; i < t->n; i++)
		out -= c[i].width != 0;
	return out;
}

/* One row; nothing is padded behind its last cell, so that no line ends in blanks. */
static void print_row(const struct table *t, const struct fit_column *c, const struct table_cell *row,
		      const struct paint_style *s, FILE *to)
{
	int pad = 0;

	for (size_t i = 0, shown = 0; i < t->n; i++) {
		scoped(buf_done) struct buf cut = {0};
		enum table_form form = t->column[i].form;

		if (!c[i].width)
			continue;
		text_cut(row[i].text, c[i].width,
			 (form == TABLE_NAME ? TEXT_MIDDLE : 0) | (s->unicode ? 0 : TEXT_ASCII), &cut);
		int spare = c[i].width - text_width(buf_text(&cut));
		pad += (shown++ ? GAP : 0) + (form == TABLE_NUMBER ? spare : 0);
		fprintf(to, "%*s%s%s%s", pad, "", paint_on(s, row[i].paint), buf_text(&cut),
			row[i].paint ? paint_off(s) : "");
		pad = form == TABLE_NUMBER ? 0 : spare;
	}
	fputc('\n', to);
}

static bool is_titled(const struct table *t, const struct fit_column *c)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->titled[i] != (c[i].width != 0))
			return false;
	return t->headed;
}

static void print_titles(struct table *t, const struct fit_column *c, const struct paint_style *s, FILE *to)
{
	struct table_cell row[TABLE_COLUMNS];

	for (size_t i = 0; i < t->n; i++) {
		row[i] = (struct table_cell){(char *)(uintptr_t)t->column[i].title, PAINT_BOLD};
		t->titled[i] = c[i].width != 0;
	}
	print_row(t, c, row, s, to);
	t->headed = true;
}

static void clear(struct table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cell[i].text);
	t->n_cells = 0;
}

size_t table_print(struct table *t, const struct paint_style *s, bool headers, int columns, FILE *to)
{
	struct fit_column c[TABLE_COLUMNS];
	size_t out = lay_out(t, columns, c);

	must(t->n_cells % t->n == 0);
	if (headers && !is_titled(t, c))
		print_titles(t, c, s, to);
	for (size_t i = 0; i < t->n_cells; i += t->n)
		print_row(t, c, &t->cell[i], s, to);
	clear(t);
	return out;
}

void table_done(struct table *t)
{
	clear(t);
	free(t->cell);
	*t = (struct table){0};
}
