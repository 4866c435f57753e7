/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/view_list.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/fit.h"
#include "ctl/row.h"
#include "decide/saturation.h"

#define PART_WIDTH  6  /* of a share, and the blanks in front of it */
#define SHARE_WIDTH 5  /* of a share behind its bar */
#define NAME_MOST   80 /* columns for a name, if it needs them */
#define NAME_MORE   16 /* that it can do with besides, where causes would take its room */
#define CAUSES_DROP 10   /* of no other column: they go together */

/* Columns of the list. Each cell writes plain text and says how to paint it. */

typedef enum paint cell_fn(const struct view *v, const workload *w, int width, struct buf *to);

static enum paint cell_name(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", w->name);
	return PAINT_PLAIN;
}

static enum paint cell_pods(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	workload_pods(w, to);
	return *w->policy && w->desired && w->desired != w->replicas ? PAINT_BOLD : PAINT_PLAIN;
}

/* "3.40/4.00   85%"; in less room "3.40   85%", in still less "85%": figures are never cut. They keep their places also
 * when one is missing. */
static void of(struct figure used, struct figure whole, struct figure part, int width, struct buf *to)
{
	scoped(buf_done) struct buf both = {0};
	bool known = strcmp(whole.text, FIGURE_NONE) != 0;

	buf_printf(&both, "%s%s%s", used.text, known ? "/" : "", known ? whole.text : "");
	if (text_width(buf_text(&both)) + PART_WIDTH > width) {
		buf_clear(&both);
		buf_printf(&both, "%s", used.text);
	}
	if (text_width(buf_text(&both)) + PART_WIDTH > width) {
		buf_printf(to, "%s", known ? part.text : used.text);
		return;
	}
	text_fit(buf_text(&both), width - PART_WIDTH, TEXT_RIGHT, to);
	text_fit(part.text, PART_WIDTH, TEXT_RIGHT, to);
}

static enum paint cell_cpu(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	of(workload_cores(w->cpu_cores), workload_cores(w->cpu_request_cores),
	   workload_part(w->cpu_cores, w->cpu_request_cores), width, to);
	return workload_known(w->cpu_cores) ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_cores(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", workload_cores(w->cpu_cores).text);
	return workload_known(w->cpu_cores) ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_of_request(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", workload_part(w->cpu_cores, w->cpu_request_cores).text);
	return workload_known(w->cpu_request_cores) ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_memory(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	of(workload_bytes(w->memory_working_set_bytes), workload_bytes(w->memory_limit_bytes),
	   workload_part(w->memory_working_set_bytes, w->memory_limit_bytes), width, to);
	return workload_known(w->memory_working_set_bytes) ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_bytes(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", workload_bytes(w->memory_working_set_bytes).text);
	return workload_known(w->memory_working_set_bytes) ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_wait(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", workload_wait(w->runq_wait_p95_ns).text);
	return workload_known(w->runq_wait_p95_ns) ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_rate(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", workload_rate(w->requests_per_second).text);
	return workload_known(w->requests_per_second) && w->requests_per_second->value > 0 ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_errors(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", workload_share(w->request_error_share).text);
	return workload_errors_paint(w->request_error_share);
}

static enum paint duration(const value *v, struct buf *to)
{
	buf_printf(to, "%s", workload_wait(v).text);
	return workload_known(v) ? PAINT_PLAIN : PAINT_DIM;
}

#define X(quantile)                                                                                                    \
	static enum paint cell_##quantile(const struct view *v, const workload *w, int width, struct buf *to)          \
	{                                                                                                              \
		(void)v;                                                                                               \
		(void)width;                                                                                           \
		return duration(w->request_##quantile##_ns, to);                                                       \
	}
X(p50)
X(p95)
X(p99)
#undef X

static enum paint cell_saturation(const struct view *v, const workload *w, int width,
				  struct buf *to)
{
	double share;

	if (!workload_saturation(w, &share)) {
		text_fit(FIGURE_NONE, width, TEXT_RIGHT, to);
		return PAINT_DIM;
	}
	paint_bar(v->style, share, width - SHARE_WIDTH, to);
	text_fit(figure_share(share).text, SHARE_WIDTH, TEXT_RIGHT, to);
	return paint_load(share);
}

static enum paint cell_cause(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", *w->by_what ? w->by_what : FIGURE_NONE);
	return *w->by_what ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_advice(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	buf_printf(to, "%s", *w->advice ? w->advice : FIGURE_NONE);
	return *w->advice ? PAINT_BOLD : PAINT_DIM;
}

/* Of those that are nobody's trouble only the place is needed. */
static enum paint cell_one_cause(const workload *w, enum saturation_cause which, struct buf *to)
{
	const value *share = NULL;

	for (size_t i = 0; i < w->n_saturation; i++)
		if (strcmp(w->saturation[i]->name, saturation_word(which)) == 0)
			share = w->saturation[i]->value;
	buf_printf(to, "%s", workload_share(share).text);
	return workload_known(share) && share->value >= SATURATION_NAMED ? paint_load(share->value) : PAINT_DIM;
}

#define X(ID, word, meaning)                                                                                           \
	static enum paint cell_##ID(const struct view *v, const workload *w, int width, struct buf *to)                \
	{                                                                                                              \
		(void)v;                                                                                               \
		(void)width;                                                                                           \
		return cell_one_cause(w, SATURATION_##ID, to);                                                         \
	}
SATURATION_CAUSES_X(X)
#undef X

static enum paint cell_history(const struct view *v, const workload *w, int width, struct buf *to)
{
	history_draw(v->cpu, w->name, width, v->style->unicode, to);
	return PAINT_ACCENT;
}

static enum paint cell_decision(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	workload_last_decision(w, to);
	return w->paused ? PAINT_WARN : *w->last_decision ? PAINT_PLAIN : PAINT_DIM;
}

enum { FOR_WORKLOADS = 1, FOR_CGROUPS = 2, FOR_ALL = 3, FOR_REQUESTS = 4 };

/* Fixed widths, so that the screen stands still while figures change. What is asked for most, what holds it back and what
 * helps, fits into 80 columns; where requests are heard, what holds it back does, with their rate, errors and p95. */
static const struct column {
	const char *title;
	int width, least, drop; /* as in ctl/fit.h; of a name the width is as it needs */
	enum text_how how;
	int where;
	cell_fn *cell;
} columns[] = {
	{"WORKLOAD", 12, 12, 0, TEXT_MIDDLE, FOR_WORKLOADS, cell_name},
	{"CGROUP", 20, 20, 0, TEXT_MIDDLE, FOR_CGROUPS, cell_name},
	{"PODS", 5, 5, 0, TEXT_RIGHT, FOR_WORKLOADS, cell_pods},
	{"CPU/REQ", 15, 7, 0, TEXT_RIGHT, FOR_WORKLOADS, cell_cpu},
	{"CPU", 6, 6, 0, TEXT_RIGHT, FOR_CGROUPS, cell_cores},
	{"OF REQ", 6, 6, 13, TEXT_RIGHT, FOR_CGROUPS, cell_of_request},
	{"CPU, LAST 20 S", 20, 20, 11, TEXT_END, FOR_ALL, cell_history},
	{"MEM/LIMIT", 19, 12, 8, TEXT_RIGHT, FOR_WORKLOADS, cell_memory},
	{"MEMORY", 7, 7, 9, TEXT_RIGHT, FOR_CGROUPS, cell_bytes},
	{"WAIT p95", 8, 8, 12, TEXT_RIGHT, FOR_ALL, cell_wait},
	{"REQ/S", 5, 5, 1, TEXT_RIGHT, FOR_REQUESTS, cell_rate},
	{"ERRORS", 6, 6, 2, TEXT_RIGHT, FOR_REQUESTS, cell_errors},
	{"p50", 5, 5, 6, TEXT_RIGHT, FOR_REQUESTS, cell_p50},
	{"p95", 5, 5, 2, TEXT_RIGHT, FOR_REQUESTS, cell_p95},
	{"p99", 5, 5, 5, TEXT_RIGHT, FOR_REQUESTS, cell_p99},
	{"SATURATION", 15, 10, 3, TEXT_END, FOR_ALL, cell_saturation},
	{"BY WHAT", 12, 12, 4, TEXT_END, FOR_ALL, cell_cause},
	{"WHAT HELPS", 22, 22, 7, TEXT_END, FOR_ALL, cell_advice},
	{"RUNQ", 4, 4, CAUSES_DROP, TEXT_RIGHT, FOR_ALL, cell_CPU_RUNQUEUE},
	{"THROT", 5, 5, CAUSES_DROP, TEXT_RIGHT, FOR_ALL, cell_CPU_THROTTLE},
	{"MEM", 4, 4, CAUSES_DROP, TEXT_RIGHT, FOR_ALL, cell_MEMORY},
	{"IO", 4, 4, CAUSES_DROP, TEXT_RIGHT, FOR_ALL, cell_IO},
	{"ACCEPT", 6, 6, CAUSES_DROP, TEXT_RIGHT, FOR_ALL, cell_ACCEPT_QUEUE},
	{"NET", 4, 4, CAUSES_DROP, TEXT_RIGHT, FOR_ALL, cell_NETWORK},
	{"CONN", 4, 4, CAUSES_DROP, TEXT_RIGHT, FOR_ALL, cell_CONNECT},
	{"LAST DECISION", 36, 24, 9, TEXT_END, FOR_WORKLOADS, cell_decision},
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static int name_width(const struct view *v)
{
	int most = columns[v->agent ? 1 : 0].width;

	for (size_t i = 0; i < v->n; i++) {
		int width = text_width(v->list[i]->name);

		most = width > most ? width : most;
	}
	return most < NAME_MOST ? most : NAME_MOST;
}

bool view_list_hears_requests(const struct view *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (workload_known(v->list[i]->requests_per_second))
			return true;
	return false;
}

/* Where the causes are asked for, they go after everything that can. */
static int drop_of(const struct column *c, bool asked_for)
{
	if (!asked_for || !c->drop)
		return c->drop;
	return c->drop == CAUSES_DROP ? 1 : c->drop + 1;
}

/* False: some of the causes have no room. */
static bool lay_out_with(const struct view *v, bool causes, struct fit_column *c)
{
	int here = (v->agent ? FOR_CGROUPS : FOR_WORKLOADS) | (view_list_hears_requests(v) ? FOR_REQUESTS : 0);
	bool whole = true;

	for (size_t i = 0; i < N_COLUMNS; i++) {
		bool wanted = (columns[i].where & here) && (causes || columns[i].drop != CAUSES_DROP);
		bool name = columns[i].cell == cell_name;
		int width = name ? name_width(v) : columns[i].width;

		int more = name && causes && !v->causes ? NAME_MORE : 0;

		c[i] = (struct fit_column){wanted ? width : 0, columns[i].least + more,
					   drop_of(&columns[i], causes && v->causes)};
	}
	fit_columns(c, N_COLUMNS, ROW_GAP, v->columns - ROW_MARK);
	for (size_t i = 0; i < N_COLUMNS; i++)
		whole &= c[i].width || columns[i].drop != CAUSES_DROP;
	return whole;
}

/* All causes or none: of some, nobody could tell the highest. What is left over goes to the last decision. */
static void lay_out(const struct view *v, struct fit_column *c)
{
	int room = v->columns - ROW_MARK;

	if (!lay_out_with(v, true, c))
		(void)lay_out_with(v, false, c);
	if (c[N_COLUMNS - 1].width)
		c[N_COLUMNS - 1].width += room - fit_total(c, N_COLUMNS, ROW_GAP);
}

/* `w` NULL: the titles. */
static void list_row(const struct view *v, const struct fit_column *c, const workload *w, bool selected, struct buf *row)
{
	int gap = 0;

	row_mark(row, v->style, selected);
	for (size_t i = 0; i < N_COLUMNS; i++) {
		scoped(buf_done) struct buf text = {0};
		enum paint p = PAINT_DIM;

		if (!c[i].width)
			continue;
		if (w)
			p = columns[i].cell(v, w, c[i].width, &text);
		buf_printf(row, "%*s", gap, "");
		row_fit(row, v->style, selected ? PAINT_PLAIN : p, w ? buf_text(&text) : columns[i].title, c[i].width,
			columns[i].how);
		gap = ROW_GAP;
	}
	row_end(row, v->style, selected);
}

void view_list_draw(const struct view *v, struct buf *title, struct buf *rows, int n)
{
	struct fit_column c[N_COLUMNS];

	lay_out(v, c);
	list_row(v, c, NULL, false, title);
	for (size_t i = v->first; i < v->n && i < v->first + (size_t)n; i++)
		list_row(v, c, v->list[i], i == v->selected, &rows[i - v->first]);
}
