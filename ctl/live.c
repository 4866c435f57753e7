/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/live.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "ctl/column.h"
#include "ctl/connect.h"
#include "ctl/question.h"
#include "ctl/screen.h"
#include "ctl/stand_in.h"
#include "ctl/text.h"
#include "ctl/view.h"

#define LIVE_MAGIC 0x6c697665u
#define RETRY_NS   CLOCK_NS_PER_S
#define MESSAGE_NS (4 * CLOCK_NS_PER_S)
#define FAR        1000000 /* rows: beyond any end */
#define DECISIONS  100 /* kept on the page of decisions */

static const char *const orders[] = {"name", "cpu", "memory", "saturation", "pods"};
#define N_ORDERS (sizeof(orders) / sizeof(orders[0]))

struct live {
	unsigned magic;
	const struct session *session;
	struct connect *connect;
	struct loop *loop;
	struct screen *screen;
	struct loop_timer *tick, *retry, *end;
	struct rpc_call *stream; /* NULL: lost */
	bool ending;
	int result;
	struct view view;
	struct history *cpu;
	/* What the view borrows from: */
	struct fleet *fleet; /* of an agent */
	struct stand_in *stand_in;
	struct rpc_msg *workloads; /* of an aggregator */
	struct rpc_msg *decisions;
	char *text;
	enum view_mode before; /* where the text was asked for */
	const workload **all;
	size_t n_all;
	char *selected;               /* name */
	char *page;                   /* name of an agent's cgroup whose page is open, NULL: none */
	char *newest_decisions;       /* ids of all workloads, to see when there is a new one */
	uint64_t received_ns, age_ns; /* of the newest sample when it was received */
	uint64_t message_until_ns;
};

static struct live *live_of(void *data)
{
	return obj_cast(struct live, data, LIVE_MAGIC);
}

static void draw(struct live *v)
{
	struct buf rows[SCREEN_ROWS] = {0};
	uint64_t now = clock_boot().ns;

	if (!v->screen)
		return;
	screen_size(v->screen, &v->view.columns, &v->view.rows);
	v->view.wall_unix_ns = clock_wall().ns;
	if (v->view.aged)
		v->view.newest_age_ns = v->age_ns + (now - v->received_ns);
	if (now >= v->message_until_ns)
		v->view.message[0] = '\0';
	view_draw(&v->view, rows);
	screen_draw(v->screen, rows, v->view.rows);
	for (int i = 0; i < SCREEN_ROWS; i++)
		buf_done(&rows[i]);
}

__attribute__((format(printf, 2, 3))) static void say(struct live *v, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(v->view.message, sizeof(v->view.message), format, args);
	va_end(args);
	v->message_until_ns = clock_boot().ns + MESSAGE_NS;
}

static void say_err(struct live *v, const struct err *e)
{
	say(v, "%s: %s", e->what, *e->cause ? e->cause : strerror(-e->code));
}

static void end(struct live *v, int result)
{
	v->ending = true;
	v->result = result;
	loop_stop(v->loop);
}

/* The list: filtered, sorted, the selection kept by name */

static void remember_selection(struct live *v)
{
	free(v->selected);
	v->selected = v->view.selected < v->view.n
			      ? mem_strdup(v->view.list[v->view.selected]->name)
			      : NULL;
}

static void select_again(struct live *v)
{
	struct view *w = &v->view;

	for (size_t i = 0; v->selected && i < w->n; i++) {
		if (strcmp(w->list[i]->name, v->selected) == 0) {
			w->selected = i;
			return;
		}
	}
	if (w->selected >= w->n)
		w->selected = w->n ? w->n - 1 : 0;
}

static void arrange(struct live *v)
{
	struct view *w = &v->view;

	free((void *)w->list);
	w->list = mem_array(NULL, v->n_all + 1, sizeof(*w->list));
	w->n = 0;
	w->total = v->n_all;
	for (size_t i = 0; i < v->n_all; i++)
		if (!*w->filter || strcasestr(v->all[i]->name, w->filter))
			w->list[w->n++] = v->all[i];
	workload_sort(w->list, w->n, w->sort);
	select_again(v);
}

static void heard(struct live *v)
{
	for (size_t i = 0; i < v->n_all; i++) {
		const value *cpu = v->all[i]->cpu_cores;

		history_add(v->cpu, v->all[i]->name, workload_known(cpu), cpu ? cpu->value : 0);
	}
	v->view.answered = true;
	v->view.trouble[0] = '\0';
	v->received_ns = clock_boot().ns;
	arrange(v);
	draw(v);
}

/* Decisions: asked for when some workload has a new one, or one changes */

static void got_decisions(struct rpc_msg *m, const struct err *e, void *data)
{
	struct live *v = live_of(data);

	if (e || v->ending) {
		free(v->newest_decisions); /* so that the next list asks again */
		v->newest_decisions = NULL;
		rpc_msg_release(m);
		return;
	}
	const Plimsoll__V1__ListDecisionsResponse *l = (const void *)rpc_msg_get(m);
	rpc_msg_release(v->decisions);
	v->decisions = m;
	v->view.decisions = l->decision;
	v->view.n_decisions = l->n_decision;
	if (v->view.decision >= l->n_decision)
		v->view.decision = l->n_decision ? l->n_decision - 1 : 0;
	draw(v);
}

static void ask_decisions(struct live *v)
{
	Plimsoll__V1__ListDecisionsRequest q = PLIMSOLL__V1__LIST_DECISIONS_REQUEST__INIT;

	q.limit = DECISIONS;
	question_ask(v->connect, &method_list_decisions, &q.base, v->session->o->timeout,
		     got_decisions, v);
}

/* An actuator is at work: its outcome is still to come. */
static bool one_is_acting(const struct live *v)
{
	for (size_t i = 0; i < v->view.n_decisions; i++)
		if (strcmp(v->view.decisions[i]->outcome, "acting") == 0)
			return true;
	return false;
}

static void look_for_decisions(struct live *v)
{
	struct buf ids = {0};

	for (size_t i = 0; i < v->n_all; i++)
		buf_printf(&ids, "%s ", v->all[i]->last_decision);
	bool is_new = !v->newest_decisions || strcmp(v->newest_decisions, buf_text(&ids)) != 0;
	free(v->newest_decisions);
	v->newest_decisions = buf_take(&ids);
	if (is_new || one_is_acting(v))
		ask_decisions(v);
}

/* The stream */

static void got_workloads(struct live *v, struct rpc_msg *m)
{
	const Plimsoll__V1__ListWorkloadsResponse *r = (const void *)rpc_msg_get(m);

	rpc_msg_release(v->workloads);
	v->workloads = rpc_msg_keep(m);
	v->all = mem_array((void *)v->all, r->n_workload + 1, sizeof(*v->all));
	memcpy(v->all, r->workload, r->n_workload * sizeof(*v->all));
	v->n_all = r->n_workload;
	v->view.nodes = r->nodes;
	v->view.aged = r->newest_sample_age_ns != UINT64_MAX;
	v->age_ns = r->newest_sample_age_ns;
	heard(v);
	look_for_decisions(v);
}

static void fill_page(struct live *v);

static void got_batch(struct live *v, const Plimsoll__V1__Batch *b)
{
	const workload **list;

	if (!fleet_apply(v->fleet, b))
		return;
	stand_in_free(v->stand_in);
	v->stand_in = stand_in_new(v->fleet, &list, &v->n_all);
	v->all = mem_array((void *)v->all, v->n_all + 1, sizeof(*v->all));
	memcpy(v->all, list, v->n_all * sizeof(*v->all));
	if (!b->sequence) { /* names only */
		arrange(v);
		return;
	}
	v->view.aged = true;
	v->age_ns = clock_since(clock_boot(), (clock_boot_t){b->boottime_ns});
	if (v->page && v->view.mode == VIEW_TEXT)
		fill_page(v);
	heard(v);
}

static void stream_message(struct rpc_call *c, struct rpc_msg *m)
{
	struct live *v = live_of(rpc_data(c));

	if (v->ending)
		return;
	if (v->view.agent)
		got_batch(v, (const void *)rpc_msg_get(m));
	else
		got_workloads(v, m);
}

static void stream_closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	struct live *v = live_of(rpc_data(c));
	struct err e = {0};

	v->stream = NULL;
	if (v->ending)
		return;
	connect_explain(v->connect, c, code, text, &e);
	/* Not what cannot be reached, which whoever looks at it knows: the cause has the row. */
	snprintf(v->view.trouble, sizeof(v->view.trouble), "trying again: %s", *e.cause ? e.cause : e.what);
	loop_timer_start(v->retry, RETRY_NS, 0);
	draw(v);
}

static const struct rpc_handler stream_handler = {.message = stream_message,
						  .closed = stream_closed};

static void open_stream(void *data)
{
	Plimsoll__V1__ListWorkloadsRequest workloads = PLIMSOLL__V1__LIST_WORKLOADS_REQUEST__INIT;
	Plimsoll__V1__Query rows = PLIMSOLL__V1__QUERY__INIT;
	struct live *v = live_of(data);
	bool agent = v->view.agent;

	v->stream = rpc_open(connect_client(v->connect),
			     agent ? &method_watch_metrics : &method_watch_workloads,
			     &stream_handler, 0, false, v);
	(void)rpc_send(v->stream,
		       agent ? &rows.base : &workloads.base); /* a failure comes as closed() */
}

/* Explaining */

static void set_text(struct live *v, const char *text)
{
	struct view *w = &v->view;
	scoped(buf_done) struct buf safe = {0};
	char *at;

	text_safe_lines(text, &safe);
	free(v->text);
	at = v->text = buf_take(&safe);
	w->n_lines = 0;
	for (char *line; at && (line = strsep(&at, "\n"));) {
		w->line = mem_array(w->line, w->n_lines + 1, sizeof(*w->line));
		w->line[w->n_lines++] = line;
	}
}

static void show_text(struct live *v, const char *text)
{
	set_text(v, text);
	v->view.first_line = 0;
	v->view.mode = VIEW_TEXT;
}

static bool is_called(const struct fleet_row *r, const char *name)
{
	return strcmp(r->cgroup, name) == 0 || (*r->pod_name && strcmp(r->title, name) == 0);
}

/* An agent's cgroup: all of its signals, again with each second while the page is open. */
static void fill_page(struct live *v)
{
	scoped(buf_done) struct buf page = {0};
	const struct fleet_node *n;
	size_t nodes = 0;

	while ((n = fleet_next(v->fleet, &nodes))) {
		size_t rows = 0;
		uint64_t id;
		void *row;

		while (map_next(n->rows, &rows, &id, &row))
			if (is_called(row, v->page))
				column_page(n, row, 0, &page);
	}
	if (!page.size)
		buf_printf(&page, "%s has ended", v->page);
	set_text(v, buf_text(&page));
}

static void open_page(struct live *v, const char *name)
{
	free(v->page);
	v->page = mem_strdup(name);
	v->before = v->view.mode;
	fill_page(v);
	v->view.first_line = 0;
	v->view.mode = VIEW_TEXT;
}

static void got_explanation(struct rpc_msg *m, const struct err *e, void *data)
{
	struct live *v = live_of(data);

	if (e)
		say_err(v, e);
	else if (!v->ending && v->view.mode == v->before && !v->view.filtering) /* else it is late */
		show_text(v, ((const Plimsoll__V1__ExplainResponse *)rpc_msg_get(m))->text);
	rpc_msg_release(m);
	draw(v);
}

static void explain(struct live *v, const char *id)
{
	Plimsoll__V1__ExplainRequest q = PLIMSOLL__V1__EXPLAIN_REQUEST__INIT;

	if (!id || !*id) {
		say(v, "nothing was decided for it yet");
		return;
	}
	q.id = (char *)(uintptr_t)id;
	v->before = v->view.mode;
	question_ask(v->connect, &method_explain, &q.base, v->session->o->timeout, got_explanation,
		     v);
}

/* The brake */

struct braking {
	struct live *live;
	char *workload;
	bool resumes;
};

static void braked(struct rpc_msg *m, const struct err *e, void *data)
{
	struct braking *b = data;

	if (e)
		say_err(b->live, e);
	else
		say(b->live, b->resumes ? "%s is scaled again" : "%s is paused; p resumes it", b->workload);
	rpc_msg_release(m);
	draw(b->live);
	free(b->workload);
	free(b);
}

static void pause_or_resume(struct live *v, const workload *w)
{
	Plimsoll__V1__PauseRequest pause = PLIMSOLL__V1__PAUSE_REQUEST__INIT;
	Plimsoll__V1__ResumeRequest resume = PLIMSOLL__V1__RESUME_REQUEST__INIT;
	struct braking *b = mem_new(struct braking);

	*b = (struct braking){v, mem_strdup(w->name), w->paused};
	pause.workload = resume.workload = w->name;
	pause.why = (char *)(uintptr_t) "by hand, in plimsoll top";
	question_ask(v->connect, w->paused ? &method_resume : &method_pause,
		     w->paused ? &resume.base : &pause.base, v->session->o->timeout, braked, b);
}

/* Keys */

static const workload *current(const struct live *v)
{
	return v->view.selected < v->view.n ? v->view.list[v->view.selected] : NULL;
}

static void next_order(struct live *v)
{
	size_t i = 0;

	while (i < N_ORDERS && strcmp(orders[i], v->view.sort) != 0)
		i++;
	i = (i + 1) % N_ORDERS;
	if (v->view.agent && strcmp(orders[i], "pods") == 0)
		i = (i + 1) % N_ORDERS;
	v->view.sort = orders[i];
	arrange(v);
}

/* Steps that a moving key means; 0: it is none. */
static long steps(const struct view *w, struct key k)
{
	switch (k.name) {
	case KEY_UP:
		return -1;
	case KEY_DOWN:
		return 1;
	case KEY_PAGE_UP:
		return -view_page(w);
	case KEY_PAGE_DOWN:
		return view_page(w);
	case KEY_HOME:
		return -FAR;
	case KEY_END:
		return FAR;
	default:
		break;
	}
	switch (k.code) {
	case 'k':
		return -1;
	case 'j':
		return 1;
	case 'g':
		return -FAR;
	case 'G':
		return FAR;
	default:
		return 0;
	}
}

static size_t moved(size_t at, long by, size_t n)
{
	long to = (long)at + by;

	if (to >= (long)n)
		to = (long)n - 1;
	return to < 0 ? 0 : (size_t)to;
}

static void move(struct live *v, long by)
{
	struct view *w = &v->view;

	if (w->mode == VIEW_LIST) {
		w->selected = moved(w->selected, by, w->n);
		remember_selection(v);
	} else if (w->mode == VIEW_DECISIONS) {
		w->decision = moved(w->decision, by, w->n_decisions);
	} else {
		w->first_line = moved(w->first_line, by, w->n_rows);
	}
}

static void drop_last_character(char *text)
{
	size_t n = strlen(text);

	while (n && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	text[n ? n - 1 : 0] = '\0';
}

static void append(struct live *v, const char *character)
{
	size_t n = strlen(v->view.filter);

	if (n + strlen(character) < sizeof(v->view.filter))
		memcpy(v->view.filter + n, character, strlen(character) + 1);
}

static void edit_filter(struct live *v, struct key k)
{
	if (k.name == KEY_ESCAPE)
		v->view.filter[0] = '\0';
	if (k.name == KEY_ESCAPE || k.name == KEY_ENTER)
		v->view.filtering = false;
	else if (k.name == KEY_BACKSPACE)
		drop_last_character(v->view.filter);
	else if (k.name == KEY_TEXT)
		append(v, k.text);
	arrange(v);
}

static void enter(struct live *v)
{
	const workload *w = current(v);

	if (v->view.mode == VIEW_DECISIONS && v->view.decision < v->view.n_decisions)
		explain(v, v->view.decisions[v->view.decision]->id);
	else if (v->view.mode == VIEW_LIST && w && v->view.agent)
		open_page(v, w->name);
	else if (v->view.mode == VIEW_LIST && w)
		explain(v, w->last_decision);
}

static void letter(struct live *v, uint32_t code)
{
	const workload *w = current(v);
	bool list = v->view.mode == VIEW_LIST;

	if (code == 'q')
		end(v, COMMAND_FINE);
	else if (code == 's' && list)
		next_order(v);
	else if (code == '/' && list)
		v->view.filtering = true;
	else if (code == 'd' && !v->view.agent)
		v->view.mode = list ? VIEW_DECISIONS : VIEW_LIST;
	else if (code == 'p' && list && w && !v->view.agent)
		pause_or_resume(v, w);
}

static void back(struct live *v)
{
	if (v->view.mode == VIEW_LIST)
		v->view.filter[0] = '\0';
	v->view.mode = v->view.mode == VIEW_TEXT ? v->before : VIEW_LIST;
	arrange(v);
}

static void key(struct key k, void *data)
{
	struct live *v = live_of(data);
	long by = v->view.filtering ? 0 : steps(&v->view, k);

	v->message_until_ns = 0;
	if (v->view.filtering)
		edit_filter(v, k);
	else if (by)
		move(v, by);
	else if (k.name == KEY_ENTER)
		enter(v);
	else if (k.name == KEY_ESCAPE)
		back(v);
	else if (k.name == KEY_TEXT)
		letter(v, k.code);
	if (!v->ending)
		draw(v);
}

static void redraw(void *data)
{
	draw(live_of(data));
}

static void got_signal(int signum, void *data)
{
	end(live_of(data), 128 + signum);
}

static void over(void *data)
{
	end(live_of(data), COMMAND_FINE);
}

/* Life */

static void begin(struct live *v)
{
	v->tick = loop_timer_new(v->loop, redraw, v);
	v->retry = loop_timer_new(v->loop, open_stream, v);
	v->end = loop_timer_new(v->loop, over, v);
	loop_timer_start(v->tick, CLOCK_NS_PER_S, CLOCK_NS_PER_S);
	if (v->session->o->seconds)
		loop_timer_start(v->end, (uint64_t)v->session->o->seconds * CLOCK_NS_PER_S, 0);
	open_stream(v);
	draw(v);
}

static void release(struct live *v)
{
	fleet_free(v->fleet);
	stand_in_free(v->stand_in);
	rpc_msg_release(v->workloads);
	rpc_msg_release(v->decisions);
	history_free(v->cpu);
	free((void *)v->view.list);
	free((void *)v->all);
	free(v->view.line);
	free(v->text);
	free(v->selected);
	free(v->page);
	free(v->newest_decisions);
}

int live_run(const struct session *s, struct connect *c, bool agent)
{
	struct live v = {.magic = LIVE_MAGIC, .session = s, .connect = c, .loop = connect_loop(c)};
	const struct screen_events events = {key, redraw, got_signal, &v};
	struct err e;

	v.fleet = fleet_new();
	v.cpu = history_new();
	v.view = (struct view){.style = &s->style,
			       .agent = agent,
			       .address = connect_address(c),
			       .sort = s->o->sort,
			       .cpu = v.cpu};
	int r = screen_open(v.loop, &events, &v.screen, &e);
	if (r == 0) {
		begin(&v);
		loop_run(v.loop);
		v.screen = screen_close(v.screen);
		loop_timer_close(v.tick);
		loop_timer_close(v.retry);
		loop_timer_close(v.end);
	}
	connect_free(c); /* the calls end here, into v */
	release(&v);
	return r < 0 ? command_fail(&e) : v.result;
}
