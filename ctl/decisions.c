/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/decisions.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/figure.h"
#include "ctl/listing.h"
#include "ctl/watch.h"

typedef Plimsoll__V1__Decision decision;

static const struct table_column columns[] = {
	{"TIME", TABLE_WORD, 4, false},
	{"ID", TABLE_WORD, 0, false, true},
	{"AGE", TABLE_NUMBER, 5, false},
	{"WORKLOAD", TABLE_NAME, 0, false, true},
	{"POLICY", TABLE_NAME, 8, true},
	{"FROM", TABLE_NUMBER, 0, false},
	{"TO", TABLE_NUMBER, 0, false},
	{"REASON", TABLE_WORD, 3, false},
	{"TRIGGER", TABLE_TEXT, 1, false},
	{"MODE", TABLE_WORD, 6, true},
	{"LOAD AGE", TABLE_NUMBER, 7, true},
	{"OUTCOME", TABLE_TEXT, 2, false},
};

static void dash_if_empty(struct table *t, enum paint p, const char *text)
{
	table_cell(t, *text ? p : PAINT_DIM, "%s", *text ? text : FIGURE_NONE);
}

static enum paint outcome_paint(const decision *d)
{
	return strncmp(d->outcome, "failed", 6) == 0 ? PAINT_BAD : PAINT_PLAIN;
}

/* Its age by the wall clock: a decision outlives the boot by whose clock it was taken, and maybe that machine. */
static void cells(struct table *t, const void *item)
{
	const decision *d = item;
	uint64_t now = clock_wall().ns;
	uint64_t age = now > d->wall_unix_ns ? now - d->wall_unix_ns : 0;

	table_cell(t, PAINT_ACCENT, "%s", d->id);
	table_cell(t, PAINT_PLAIN, "%s", figure_age(age).text);
	table_cell(t, PAINT_PLAIN, "%s", d->workload);
	dash_if_empty(t, PAINT_PLAIN, d->policy);
	table_cell(t, PAINT_PLAIN, "%u", d->from);
	table_cell(t, d->from == d->to ? PAINT_PLAIN : PAINT_BOLD, "%u", d->to);
	dash_if_empty(t, PAINT_PLAIN, d->reason);
	dash_if_empty(t, PAINT_PLAIN, d->trigger);
	dash_if_empty(t, PAINT_PLAIN, d->mode);
	table_cell(t, PAINT_PLAIN, "%s", figure_duration(d->load_age_ns).text);
	dash_if_empty(t, outcome_paint(d), d->outcome);
}

static json_t *tree(const void *item)
{
	const decision *d = item;
	json_t *o =
		json_pack("{s:o, s:o, s:o, s:o, s:i, s:i}", "id", tree_string(d->id), "time",
			  tree_time(d->wall_unix_ns), "workload", tree_string(d->workload),
			  "policy", tree_string(d->policy), "from", (int)d->from, "to", (int)d->to);

	json_object_set_new(o, "reason", tree_string(d->reason));
	json_object_set_new(o, "trigger", tree_text(d->trigger));
	json_object_set_new(o, "mode", tree_string(d->mode));
	json_object_set_new(o, "outcome", tree_string(d->outcome));
	json_object_set_new(o, "load_age_seconds", tree_seconds(true, d->load_age_ns));
	return o;
}

static const char *name(const void *item)
{
	return ((const decision *)item)->id;
}

static const struct listing listing = {
	.kind = "Decision",
	.word = "decision",
	.columns = columns,
	.n_columns = sizeof(columns) / sizeof(columns[0]),
	.cells = cells,
	.tree = tree,
	.name = name,
	.none = "no decision yet: nothing had to change, or no policy is loaded",
};

#define SHOWN 256u /* more than a stream begins with */

struct show {
	struct listing_printer printer;
	int result;
	char id[SHOWN][32]; /* of those that were shown last; "": none */
	uint64_t wall_unix_ns[SHOWN]; /* an id may be given again, if it was lost */
	size_t next;
};

static bool was_shown(const struct show *w, const decision *d)
{
	for (size_t i = 0; i < SHOWN; i++)
		if (*d->id && strcmp(w->id[i], d->id) == 0 && w->wall_unix_ns[i] == d->wall_unix_ns)
			return true;
	return false;
}

static void note_shown(struct show *w, const decision *d)
{
	if (!*d->id || strlen(d->id) >= sizeof(w->id[0]))
		return;
	strcpy(w->id[w->next], d->id);
	w->wall_unix_ns[w->next] = d->wall_unix_ns;
	w->next = (w->next + 1) % SHOWN;
}

/* A stream that goes on after an outage begins with what was decided since the first began. */
static bool print_one(const ProtobufCMessage *m, void *data)
{
	struct show *w = data;
	const void *item = m;

	if (was_shown(w, item))
		return true;
	note_shown(w, item);
	w->result = listing_print(&w->printer, &item, 1, ((const decision *)item)->wall_unix_ns);
	return w->result == COMMAND_FINE;
}

static int list(struct show *w, struct connect *c, const Plimsoll__V1__ListDecisionsRequest *q,
		struct err *e)
{
	struct rpc_msg *answer = NULL;
	int r = connect_ask(c, &method_list_decisions, &q->base, &answer, e);

	if (r < 0)
		return r;
	const Plimsoll__V1__ListDecisionsResponse *l = (const void *)rpc_msg_get(answer);
	w->result = listing_print(&w->printer, (const void *const *)l->decision, l->n_decision, 0);
	rpc_msg_release(answer);
	return 0;
}

int decisions_show(const struct session *s, char **workloads, size_t n, bool watch)
{
	Plimsoll__V1__ListDecisionsRequest q = PLIMSOLL__V1__LIST_DECISIONS_REQUEST__INIT;
	scoped(connect_freep) struct connect *c = NULL;
	struct show w = {0};
	struct err e;
	int r = connect_open(s->o, NULL, &c, &e);

	q.workload = workloads;
	q.n_workload = n;
	q.limit = (uint32_t)s->o->limit;
	if (s->o->since || watch)
		q.since_unix_ns = clock_wall().ns - s->o->since;
	q.holds = s->o->holds;
	listing_begin(&w.printer, &listing, s, watch);
	if (r == 0 && watch)
		r = watch_follow(s->o, c, &method_watch_decisions, &q.base, print_one, &w, &e);
	else if (r == 0)
		r = list(&w, c, &q, &e);
	listing_done(&w.printer);
	return r < 0 ? command_fail(&e) : w.result;
}

int decisions_run(const struct session *s)
{
	return decisions_show(s, s->words, s->n, s->o->watch);
}
