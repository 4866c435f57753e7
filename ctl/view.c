/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/view.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/text.h"

#define HEAD_ROWS   3  /* title, trouble or blank, column titles */
#define MIN_COLUMNS 40 /* the columns that are never dropped, with a very short name */
#define BAR_WIDTH   10
#define PANE_MIN    4 /* decisions below a full list, if the screen has PANE_ROWS or more */
#define PANE_ROWS   18

/* One line of text */

static void add(const struct view *v, struct buf *row, enum paint p, const char *text)
{
	buf_printf(row, "%s%s%s", paint_on(v->style, p), text, p ? paint_off(v->style) : "");
}

/* Peers' text, at most `width` columns. */
static void add_peer(const struct view *v, struct buf *row, enum paint p, const char *text,
		     int width)
{
	scoped(buf_done) struct buf safe = {0}, fit = {0};

	text_safe(text, &safe);
	text_fit(buf_text(&safe), width, TEXT_END, &fit);
	add(v, row, p, buf_text(&fit));
}

static void add_fit(const struct view *v, struct buf *row, enum paint p, const char *text,
		    int width, bool right)
{
	scoped(buf_done) struct buf fit = {0};

	text_fit(text, width, right ? TEXT_RIGHT : TEXT_END, &fit);
	add(v, row, p, buf_text(&fit));
}

/* Header and footer */

static unsigned pods(const struct view *v)
{
	unsigned n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->list[i]->replicas;
	return n;
}

static void count(struct buf *to, size_t n, const char *what)
{
	buf_printf(to, "   %zu %s%s", n, what, n == 1 ? "" : "s");
}

static void header(const struct view *v, struct buf *row)
{
	scoped(buf_done) struct buf facts = {0}, right = {0}, safe = {0};

	if (!v->agent)
		count(&facts, v->nodes, "node");
	count(&facts, v->total, v->agent ? "cgroup" : "workload");
	if (!v->agent)
		count(&facts, pods(v), "pod");
	if (v->aged)
		buf_printf(&facts, "   newest sample %s ago", figure_age(v->newest_age_ns).text);
	text_safe(v->address, &safe);
	buf_printf(&right, "%s   %s ", buf_text(&safe), figure_clock(v->wall_unix_ns).text);
	int width = text_width(buf_text(&facts)), most = v->columns - 10;
	int room = most - (width < most ? width : most);
	add(v, row, PAINT_BOLD, " plimsoll ");
	add_fit(v, row, PAINT_PLAIN, buf_text(&facts), most - room, false);
	if (text_width(buf_text(&right)) + 2 > room) {
		buf_clear(&right);
		buf_printf(&right, "%s ", figure_clock(v->wall_unix_ns).text);
	}
	add_fit(v, row, PAINT_DIM, buf_text(&right), room, true);
}

static void key(const struct view *v, struct buf *row, int *room, const char *name,
		const char *what)
{
	int width = text_width(name) + text_width(what) + 4;

	if (width > *room)
		return;
	*room -= width;
	buf_printf(row, " ");
	add(v, row, PAINT_ACCENT, name);
	buf_printf(row, " %s  ", what);
}

static void keys(const struct view *v, struct buf *row)
{
	int room = v->columns;

	key(v, row, &room, v->style->unicode ? "↑↓" : "arrows",
	    v->mode == VIEW_TEXT ? "scroll" : "select");
	if (v->mode == VIEW_LIST) {
		char sort[48];

		key(v, row, &room, "enter", v->agent ? "all signals" : "explain");
		snprintf(sort, sizeof(sort), "sort: %s", v->sort);
		key(v, row, &room, "s", sort);
		key(v, row, &room, "/", *v->filter ? v->filter : "filter");
		if (!v->agent) {
			key(v, row, &room, "d", "decisions");
			key(v, row, &room, "p", "pause or resume");
		}
		key(v, row, &room, "q", "quit");
		return;
	}
	if (v->mode == VIEW_DECISIONS)
		key(v, row, &room, "enter", "explain");
	key(v, row, &room, "esc", "back");
	key(v, row, &room, "q", "quit");
}

static void footer(const struct view *v, struct buf *row)
{
	if (v->filtering) {
		int width = text_width(v->filter), most = v->columns - 11;

		add(v, row, PAINT_ACCENT, " filter: ");
		add_peer(v, row, PAINT_PLAIN, v->filter, width < most ? width : most);
		add(v, row, PAINT_BOLD, "_");
		add(v, row, PAINT_DIM, most - width > 31 ? "   enter keeps it, esc drops it" : "");
	} else if (*v->message) {
		buf_printf(row, " ");
		add_peer(v, row, PAINT_BOLD, v->message, v->columns - 2);
	} else {
		keys(v, row);
	}
}

/* Columns of the list. Each cell writes plain text and says how to paint it. */

typedef enum paint cell_fn(const struct view *v, const workload *w, int width, struct buf *to);

static enum paint cell_name(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	text_safe(w->name, to);
	return PAINT_PLAIN;
}

static enum paint cell_pods(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	workload_pods(w, to);
	return *w->policy && w->desired && w->desired != w->replicas ? PAINT_BOLD : PAINT_PLAIN;
}

/* "3.40/4.00   85%": both figures keep their place also when one is missing. */
static void of(struct figure used, struct figure whole, struct figure part, int width,
	       struct buf *to)
{
	scoped(buf_done) struct buf both = {0};
	bool known = strcmp(whole.text, FIGURE_NONE) != 0;

	buf_printf(&both, "%s%s%s", used.text, known ? "/" : "", known ? whole.text : "");
	text_fit(buf_text(&both), width - 6, TEXT_RIGHT, to);
	text_fit(part.text, 6, TEXT_RIGHT, to);
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

static enum paint cell_saturation(const struct view *v, const workload *w, int width,
				  struct buf *to)
{
	double share;

	(void)width;
	if (!workload_saturation(w, &share)) {
		buf_printf(to, "%*s" FIGURE_NONE, BAR_WIDTH + 4, "");
		return PAINT_DIM;
	}
	paint_bar(v->style, share, BAR_WIDTH, to);
	text_fit(figure_share(share).text, 5, TEXT_RIGHT, to);
	return paint_load(share);
}

static enum paint cell_cause(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	text_safe(*w->by_what ? w->by_what : FIGURE_NONE, to);
	return *w->by_what ? PAINT_PLAIN : PAINT_DIM;
}

static enum paint cell_advice(const struct view *v, const workload *w, int width, struct buf *to)
{
	(void)v;
	(void)width;
	text_safe(*w->advice ? w->advice : FIGURE_NONE, to);
	return *w->advice ? PAINT_BOLD : PAINT_DIM;
}

static enum paint cell_history(const struct view *v, const workload *w, int width, struct buf *to)
{
	history_draw(v->cpu, w->name, width, v->style->unicode, to);
	return PAINT_ACCENT;
}

static enum paint cell_decision(const struct view *v, const workload *w, int width, struct buf *to)
{
	scoped(buf_done) struct buf text = {0};

	(void)v;
	(void)width;
	workload_last_decision(w, &text);
	text_safe(buf_text(&text), to);
	return w->paused ? PAINT_WARN : *w->last_decision ? PAINT_PLAIN : PAINT_DIM;
}

enum { FOR_WORKLOADS = 1, FOR_CGROUPS = 2, FOR_ALL = 3 };

static const struct column {
	const char *title;
	int width;
	bool right;
	int drop; /* the highest goes first when the screen is narrow; 0: never */
	int where;
	cell_fn *cell;
} columns[] = {
	{"WORKLOAD", 12, false, 0, FOR_WORKLOADS, cell_name},
	{"CGROUP", 24, false, 0, FOR_CGROUPS, cell_name},
	{"PODS", 5, true, 0, FOR_WORKLOADS, cell_pods},
	{"CPU of req", 15, true, 0, FOR_WORKLOADS, cell_cpu},
	{"CPU", 6, true, 0, FOR_CGROUPS, cell_cores},
	{"CPU, LAST 20 S", 20, false, 3, FOR_ALL, cell_history},
	{"MEM of lim", 16, true, 4, FOR_WORKLOADS, cell_memory},
	{"MEMORY", 7, true, 1, FOR_CGROUPS, cell_bytes},
	{"WAIT p95", 8, true, 5, FOR_ALL, cell_wait},
	{"SATURATION", BAR_WIDTH + 5, false, 2, FOR_ALL, cell_saturation},
	{"BY WHAT", 13, false, 6, FOR_ALL, cell_cause},
	{"WHAT HELPS", 22, false, 7, FOR_ALL, cell_advice},
	{"LAST DECISION", 30, false, 1, FOR_WORKLOADS, cell_decision},
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))
#define GAP       2
#define NAME_MOST 40 /* columns for a name, if it needs them */

struct layout {
	int width[N_COLUMNS]; /* 0: not shown */
	int total;
};

static int name_width(const struct view *v)
{
	int most = columns[v->agent ? 1 : 0].width;

	for (size_t i = 0; i < v->n; i++) {
		int width = text_width(v->list[i]->name);

		most = width > most ? width : most;
	}
	return most < NAME_MOST ? most : NAME_MOST;
}

static void drop_one(struct layout *l)
{
	size_t worst = 0;

	for (size_t i = 1; i < N_COLUMNS; i++)
		if (l->width[i] && columns[i].drop > (l->width[worst] ? columns[worst].drop : 0))
			worst = i;
	l->total -= l->width[worst] + GAP;
	l->width[worst] = 0;
}

static bool can_drop(const struct layout *l)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (l->width[i] && columns[i].drop)
			return true;
	return false;
}

/* What is left over goes to the last decision, or to the cgroup's path. */
static void stretch(const struct view *v, struct layout *l)
{
	size_t i = v->agent ? 1 : N_COLUMNS - 1;

	if (!l->width[i])
		i = 0;
	l->width[i] += v->columns - l->total;
	if (l->width[i] < 1)
		l->width[i] = 1;
}

static struct layout lay_out(const struct view *v)
{
	struct layout l = {.total = 2}; /* the mark of the selected row */

	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!(columns[i].where & (v->agent ? FOR_CGROUPS : FOR_WORKLOADS)))
			continue;
		l.width[i] = columns[i].cell == cell_name ? name_width(v) : columns[i].width;
		l.total += l.width[i] + GAP;
	}
	while (l.total > v->columns && can_drop(&l))
		drop_one(&l);
	stretch(v, &l);
	return l;
}

static void titles(const struct view *v, const struct layout *l, struct buf *row)
{
	buf_printf(row, "  ");
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (!l->width[i])
			continue;
		add_fit(v, row, PAINT_DIM, columns[i].title, l->width[i], columns[i].right);
		buf_printf(row, "%*s", GAP, "");
	}
}

static const char *mark(const struct view *v, bool selected)
{
	return !selected ? "  " : v->style->unicode ? "▸ " : "> ";
}

/* The selected row is shown in reverse, so its cells have no colours of their own. */
static void list_row(const struct view *v, const struct layout *l, size_t i, struct buf *row)
{
	bool selected = i == v->selected;

	buf_printf(row, "%s%s", selected && v->style->colour ? "\033[7m" : "", mark(v, selected));
	for (size_t c = 0; c < N_COLUMNS; c++) {
		scoped(buf_done) struct buf text = {0};

		if (!l->width[c])
			continue;
		enum paint p = columns[c].cell(v, v->list[i], l->width[c], &text);
		add_fit(v, row, selected ? PAINT_PLAIN : p, buf_text(&text), l->width[c],
			columns[c].right);
		buf_printf(row, "%*s", GAP, "");
	}
	buf_printf(row, "%s", selected ? paint_off(v->style) : "");
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

/* Decisions, as the pane below the list and as a page of their own */

/* As much of a part as still fits. */
static void part(const struct view *v, struct buf *row, int *room, enum paint p, const char *text,
		 int width)
{
	width = width < *room ? width : *room;
	if (width <= 0)
		return;
	add_peer(v, row, p, text, width);
	*room -= width;
}

static void decision_row(const struct view *v, const decision *d, bool selected, struct buf *row)
{
	const enum paint plain = PAINT_PLAIN, direction = d->to > d->from ? PAINT_WARN : PAINT_GOOD;
	bool failed = strncmp(d->outcome, "failed", 6) == 0;
	scoped(buf_done) struct buf step = {0}, why = {0};
	int room = v->columns - 3;

	buf_printf(&step, "%u%s%u", d->from, v->style->unicode ? "→" : ">", d->to);
	buf_printf(&why, "%s%s%s", d->trigger, *d->trigger && *d->outcome ? "; " : "", d->outcome);
	buf_printf(row, "%s%s", selected && v->style->colour ? "\033[7m" : "", mark(v, selected));
	part(v, row, &room, selected ? plain : PAINT_DIM, figure_clock(d->wall_unix_ns).text, 10);
	part(v, row, &room, selected ? plain : PAINT_ACCENT, d->id, 8);
	part(v, row, &room, plain, d->workload, 20);
	part(v, row, &room, plain, "", 2);
	part(v, row, &room, selected ? plain : direction, buf_text(&step), 9);
	part(v, row, &room, plain, d->reason, 12);
	part(v, row, &room, failed && !selected ? PAINT_BAD : plain, buf_text(&why), room);
	buf_printf(row, "%s", selected ? paint_off(v->style) : "");
}

static void pane(const struct view *v, struct buf *rows, int n)
{
	add(v, &rows[1], PAINT_DIM, "  LAST DECISIONS");
	for (int i = 0; i < n - 2 && (size_t)i < v->n_decisions; i++)
		decision_row(v, v->decisions[i], false, &rows[2 + i]);
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
	struct layout l = lay_out(v);
	int body = v->rows - HEAD_ROWS - 1, below = pane_rows(v, body), room = body - below;

	titles(v, &l, &rows[HEAD_ROWS - 1]);
	if (!v->n && room >= NOTHING_ROWS) {
		buf_printf(&rows[HEAD_ROWS + 1], "  ");
		add_fit(v, &rows[HEAD_ROWS + 1], PAINT_DIM, nothing(v), v->columns - 2, false);
	}
	follow(v->selected, (size_t)room, v->n, &v->first);
	for (int i = 0; i < room && v->first + (size_t)i < v->n; i++)
		list_row(v, &l, v->first + (size_t)i, &rows[HEAD_ROWS + i]);
	if (below)
		pane(v, &rows[HEAD_ROWS + room], below);
}

static void draw_decisions(struct view *v, struct buf *rows)
{
	int room = v->rows - HEAD_ROWS - 1;

	add_fit(v, &rows[HEAD_ROWS - 1], PAINT_DIM,
		"  TIME      ID      WORKLOAD              STEP     REASON      WHY AND OUTCOME",
		v->columns, false);
	if (!v->n_decisions && room > 1)
		add(v, &rows[HEAD_ROWS + 1], PAINT_DIM, "  no decision yet");
	follow(v->decision, (size_t)room, v->n_decisions, &v->first_decision);
	for (int i = 0; i < room && v->first_decision + (size_t)i < v->n_decisions; i++) {
		size_t at = v->first_decision + (size_t)i;

		decision_row(v, v->decisions[at], at == v->decision, &rows[HEAD_ROWS + i]);
	}
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
			add_peer(v, row, n ? PAINT_PLAIN : PAINT_BOLD, buf_text(&piece), width - indent);
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
		add_peer(v, &rows[1], PAINT_BAD, v->trouble, v->columns - 2);
	}
	if (v->mode == VIEW_LIST)
		draw_list(v, rows);
	else if (v->mode == VIEW_DECISIONS)
		draw_decisions(v, rows);
	else
		draw_text(v, rows);
	footer(v, &rows[v->rows - 1]);
}
