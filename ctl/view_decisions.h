/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions on the screen of top: below the list, and as a page of their own. Pure, as ctl/view.h. */
#ifndef CTL_VIEW_DECISIONS_H
#define CTL_VIEW_DECISIONS_H

#include "ctl/view.h"

#define VIEW_DECISIONS_NONE SIZE_MAX /* is selected */

/* As many from `first` on as fit into `n` rows; `title` NULL: without theirs. */
void view_decisions_draw(const struct view *v, size_t first, size_t selected, struct buf *title, struct buf *rows,
			 int n);

#endif
