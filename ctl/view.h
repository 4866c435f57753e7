/* SPDX-License-Identifier: Apache-2.0 */
/* What top looks like: from what is known and selected to rows of a screen. Pure: no terminal, no clock. */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include <stdbool.h>

#include "base/buf.h"
#include "ctl/history.h"
#include "ctl/paint.h"
#include "ctl/workload.h"

typedef Plimsoll__V1__Decision decision;

enum view_mode { VIEW_LIST, VIEW_DECISIONS, VIEW_TEXT };

struct view {
	const struct paint_style *style;
	int columns, rows; /* of the screen */
	enum view_mode mode;
	bool agent;          /* cgroups of one node instead of workloads */
	bool answered;       /* something has come */
	const char *address;
	uint32_t nodes;
	uint64_t wall_unix_ns;  /* now */
	bool aged;              /* newest_age_ns is known */
	uint64_t newest_age_ns;
	const workload **list;  /* sorted and filtered */
	size_t n, total;
	size_t selected, first; /* in the list; `first` is the topmost one shown */
	bool causes;            /* each of them rather than what is used */
	const char *sort;
	char filter[64];
	bool filtering;         /* the filter is being typed */
	decision *const *decisions; /* newest first */
	size_t n_decisions, decision, first_decision;
	char **line;            /* of a text */
	size_t n_lines, n_rows, first_line; /* rows: of the screen, as view_draw() found it; first_line is one */
	const struct history *cpu;
	char trouble[560];      /* empty: all is well */
	char message[256];      /* of the last key, for some seconds */
};

/* `rows`: as many empty buffers as the screen has rows. Moves `first` so that the selection shows. */
void view_draw(struct view *v, struct buf *rows);
int view_page(const struct view *v); /* rows that a page key moves */

#endif
