/* SPDX-License-Identifier: Apache-2.0 */
/* One row of a full screen, piece by piece from the left. Text may come from peers: it is made safe here. */
#ifndef CTL_ROW_H
#define CTL_ROW_H

#include "base/buf.h"
#include "ctl/paint.h"
#include "ctl/text.h"

void row_add(struct buf *row, const struct paint_style *s, enum paint p, const char *text);
/* In exactly `width` columns. */
void row_fit(struct buf *row, const struct paint_style *s, enum paint p, const char *text, int width,
	     enum text_how how);
/* In front of a row of a list, 2 columns. A selected one is shown in reverse up to row_end(), so its cells have no
 * colours of their own. */
void row_mark(struct buf *row, const struct paint_style *s, bool selected);
void row_end(struct buf *row, const struct paint_style *s, bool selected);

#define ROW_MARK 2
#define ROW_GAP  2 /* between cells */

#endif
