/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/live_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ctl/live_page.h"
#include "ctl/live_state.h"
#include "ctl/method.h"
#include "ctl/question.h"
#include "ctl/view_list.h"

#define FAR 1000000 /* rows: beyond any end */

static const char *const orders[] = {"name", "cpu", "memory", "saturation", "requests", "pods"};
#define N_ORDERS (sizeof(orders) / sizeof(orders[0]))

/* The brake */

struct braking {
	struct live_state *live;
	char *workload;
	bool resumes;
};

static void braked(struct rpc_msg *m, const struct err *e, void *data)
{
	struct braking *b = data;

	if (e)
		live_state_say_err(b->live, e);
	else
		live_state_say(b->live, b->resumes ? "%s is scaled again" : "%s is paused; p resumes it", b->workload);
	rpc_msg_release(m);
	live_state_draw(b->live);
	free(b->workload);
	free(b);
}

static void pause_or_resume(struct live_state *v, const workload *w)
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

static const workload *current(const struct live_state *v)
{
	return v->view.selected < v->view.n ? v->view.list[v->view.selected] : NULL;
}

static bool means_nothing(const struct view *w, const char *order)
{
	return (w->agent && strcmp(order, "pods") == 0) ||
	       (strcmp(order, "requests") == 0 && !view_list_hears_requests(w));
}

static void next_order(struct live_state *v)
{
	size_t i = 0;

	while (i < N_ORDERS && strcmp(orders[i], v->view.sort) != 0)
		i++;
	do
		i = (i + 1) % N_ORDERS;
	while (means_nothing(&v->view, orders[i]));
	v->view.sort = orders[i];
	live_state_arrange(v);
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

static void move(struct live_state *v, long by)
{
	struct view *w = &v->view;

	if (w->mode == VIEW_LIST) {
		w->selected = moved(w->selected, by, w->n);
		live_state_remember(v);
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

static void append(struct live_state *v, const char *character)
{
	size_t n = strlen(v->view.filter);

	if (n + strlen(character) < sizeof(v->view.filter))
		memcpy(v->view.filter + n, character, strlen(character) + 1);
}

static void edit_filter(struct live_state *v, struct key k)
{
	if (k.name == KEY_ESCAPE)
		v->view.filter[0] = '\0';
	if (k.name == KEY_ESCAPE || k.name == KEY_ENTER)
		v->view.filtering = false;
	else if (k.name == KEY_BACKSPACE)
		drop_last_character(v->view.filter);
	else if (k.name == KEY_TEXT)
		append(v, k.text);
	live_state_arrange(v);
}

static void enter(struct live_state *v)
{
	const workload *w = current(v);

	if (v->view.mode == VIEW_DECISIONS && v->view.decision < v->view.n_decisions)
		live_page_explain(v, v->view.decisions[v->view.decision]->id);
	else if (v->view.mode == VIEW_LIST && w && v->view.agent)
		live_page_open(v, w->name);
	else if (v->view.mode == VIEW_LIST && w)
		live_page_explain(v, w->last_decision);
}

static void letter(struct live_state *v, uint32_t code)
{
	const workload *w = current(v);
	bool list = v->view.mode == VIEW_LIST;

	if (code == 'q')
		live_state_end(v, COMMAND_FINE);
	else if (code == 's' && list)
		next_order(v);
	else if (code == 'c' && list)
		v->view.causes = !v->view.causes;
	else if (code == '/' && list)
		v->view.filtering = true;
	else if (code == 'd' && !v->view.agent)
		v->view.mode = list ? VIEW_DECISIONS : VIEW_LIST;
	else if (code == 'p' && list && w && !v->view.agent)
		pause_or_resume(v, w);
}

static void back(struct live_state *v)
{
	if (v->view.mode == VIEW_LIST)
		v->view.filter[0] = '\0';
	v->view.mode = v->view.mode == VIEW_TEXT ? v->before : VIEW_LIST;
	live_state_arrange(v);
}

void live_keys_press(struct key k, void *data)
{
	struct live_state *v = live_state_of(data);
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
		live_state_draw(v);
}
