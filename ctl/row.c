/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/row.h"

#include "base/scope.h"

void row_add(struct buf *row, const struct paint_style *s, enum paint p, const char *text)
{
	scoped(buf_done) struct buf safe = {0};

	text_safe(text, &safe);
	buf_printf(row, "%s%s%s", paint_on(s, p), buf_text(&safe), p ? paint_off(s) : "");
}

void row_fit(struct buf *row, const struct paint_style *s, enum paint p, const char *text, int width, enum text_how how)
{
	scoped(buf_done) struct buf safe = {0}, fit = {0};

	text_safe(text, &safe);
	text_fit(buf_text(&safe), width, how | (s->unicode ? 0 : TEXT_ASCII), &fit);
	row_add(row, s, p, buf_text(&fit));
}

void row_mark(struct buf *row, const struct paint_style *s, bool selected)
{
	buf_printf(row, "%s%s", selected && s->colour ? "\033[7m" : "",
		   !selected ? "  " : s->unicode ? "▸ " : "> ");
}

void row_end(struct buf *row, const struct paint_style *s, bool selected)
{
	buf_printf(row, "%s", selected ? paint_off(s) : "");
}
