/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/measured.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/fleet.h"
#include "ctl/listing.h"
#include "ctl/measured_cell.h"
#include "ctl/measured_node.h"
#include "ctl/measured_row.h"
#include "ctl/method.h"
#include "ctl/watch.h"

#define LIST_NS (4 * CLOCK_NS_PER_S) /* by then even a late node has sent two seconds */

struct show {
	const struct session *session;
	const struct listing *listing;
	struct listing_printer printer;
	struct fleet *fleet;
	struct fleet_here here;
	bool watch;
	size_t expected; /* nodes that a list waits for */
	struct measured_item *item;
	size_t n, room;
	int result;
};

static void add(struct show *w, const struct fleet_node *node, const struct fleet_row *row)
{
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 64;
		w->item = mem_array(w->item, w->room, sizeof(w->item[0]));
	}
	w->item[w->n++] = (struct measured_item){node, row, &w->here};
}

static void add_node(struct show *w, const struct fleet_node *n)
{
	size_t cursor = 0;
	uint64_t id;
	void *row;

	if (w->listing == &measured_node_listing) {
		add(w, n, NULL);
		return;
	}
	while (map_next(n->rows, &cursor, &id, &row)) {
		const struct fleet_row *r = row;

		if (measured_row_belongs(w->listing, r->kind))
			add(w, n, r);
	}
}

/* What --sort means for a row; unknown is less than nothing. Where the saturation is not known, what is known of it is 0. */
static double number_of(const struct measured_item *i, const char *by)
{
	struct fleet_value v = {true, 0};
	struct saturation s = {0};

	if (!i->row)
		return 0;
	if (strcmp(by, "cpu") == 0)
		v = fleet_rate(i->node, i->row, SIGNAL_CPU_NS);
	else if (strcmp(by, "memory") == 0)
		v = fleet_level(i->row, SIGNAL_MEMORY_WORKING_SET_BYTES);
	else if (strcmp(by, "requests") == 0)
		v = fleet_rate(i->node, i->row, SIGNAL_REQUESTS);
	else if (strcmp(by, "saturation") == 0)
		v.value = fleet_saturation(i->node, i->row, &s) ? measured_row_saturation(&s).value : 0;
	return v.known ? v.value : -1;
}

static int compare(const void *a, const void *b, void *by)
{
	const struct measured_item *x = a, *y = b;
	double p = number_of(x, by), q = number_of(y, by);
	int order = strcmp(x->node->name, y->node->name);

	if (p == q && strcmp(by, "name") != 0) {
		p = number_of(x, "cpu");
		q = number_of(y, "cpu");
	}
	if (p != q)
		return p > q ? -1 : 1;
	return order || !x->row ? order : strcmp(x->row->cgroup, y->row->cgroup);
}

static bool print(struct show *w, uint64_t unix_ns)
{
	scoped(freep) const void **items = mem_array(NULL, w->n + 1, sizeof(*items));

	fleet_here(&w->here);
	if (w->n)
		qsort_r(w->item, w->n, sizeof(w->item[0]), compare, (void *)(uintptr_t)command_order(w->session, "name"));
	for (size_t i = 0; i < w->n; i++)
		items[i] = &w->item[i];
	w->result = listing_print(&w->printer, items, w->n, unix_ns);
	w->n = 0;
	return w->result == COMMAND_FINE;
}

static bool got(const ProtobufCMessage *m, void *data)
{
	const Plimsoll__V1__Batch *b = (const void *)m;
	struct show *w = data;
	struct fleet_node *n = fleet_apply(w->fleet, b);

	if (!w->watch)
		return !fleet_rated(w->fleet) || fleet_size(w->fleet) < w->expected;
	if (!n || !n->before_ns)
		return true;
	add_node(w, n);
	return print(w, n->wall_unix_ns);
}

static void add_fleet(struct show *w)
{
	const struct fleet_node *n;
	size_t cursor = 0;

	while ((n = fleet_next(w->fleet, &cursor)))
		add_node(w, n);
}

/* Of an agent 1; an aggregator has a counter of those that it keeps. */
static int count_nodes(struct connect *c, const Plimsoll__V1__Query *q, size_t *ret_n,
		       struct err *e)
{
	struct rpc_msg *m = NULL;
	int r = connect_status(c, &m, e);

	if (r < 0)
		return r;
	const Plimsoll__V1__StatusResponse *a = (const void *)rpc_msg_get(m);
	*ret_n = 1;
	for (size_t i = 0; i < a->n_counter; i++)
		if (strcmp(a->counter[i]->name, "aggregator_agents") == 0 &&
		    a->counter[i]->value > 1)
			*ret_n = (size_t)a->counter[i]->value;
	if (q->n_node && q->n_node < *ret_n)
		*ret_n = q->n_node;
	rpc_msg_release(m);
	return 0;
}

/* An empty answer to somebody who named something is a mistake of theirs, not an empty fleet. */
static int nothing_fits(const struct listing *l, const char *name, struct err *e)
{
	err_set(e, -ENOENT, "no %s fits \"%.120s\"", l->word, name);
	if (l == &measured_node_listing) {
		err_cause(e, "no agent of that name has reported");
		return err_fix(e, "plimsoll get nodes lists all of them");
	}
	err_cause(e, "* stops at a slash, ** does not");
	return err_fix(
		e, "plimsoll get cgroups lists all paths; quote patterns, so that the shell leaves "
		   "them alone");
}

static int show(const struct session *s, const struct listing *l, const Plimsoll__V1__Query *q,
		bool watch)
{
	const char *wanted = q->n_node ? q->node[0] : q->n_cgroup ? q->cgroup[0] : NULL;
	scoped(connect_freep) struct connect *c = NULL;
	struct show w = {.session = s, .listing = l, .watch = watch, .fleet = fleet_new()};
	struct err e;
	int r = connect_open(s->o, NULL, &c, &e);

	listing_begin(&w.printer, l, s, watch);
	if (r == 0 && !watch)
		r = count_nodes(c, q, &w.expected, &e);
	if (r == 0 && watch)
		r = watch_follow(s->o, c, &method_watch_metrics, &q->base, got, &w, &e);
	else if (r == 0)
		r = connect_follow(c, &method_watch_metrics, &q->base, LIST_NS, got, &w, &e);
	if (r == 0 && !watch)
		add_fleet(&w);
	if (r == 0 && !watch && !w.n && wanted)
		r = nothing_fits(l, wanted, &e);
	else if (r == 0 && !watch)
		print(&w, 0);
	listing_done(&w.printer);
	fleet_free(w.fleet);
	free(w.item);
	return r < 0 ? command_fail(&e) : w.result;
}

int measured_nodes(const struct session *s, char **names, size_t n, bool watch)
{
	Plimsoll__V1__Query q = PLIMSOLL__V1__QUERY__INIT;

	q.node = names;
	q.n_node = n;
	return show(s, &measured_node_listing, &q, watch);
}

static int show_rows(const struct session *s, enum measured_row which, char **globs, size_t n, bool watch)
{
	Plimsoll__V1__Query q = PLIMSOLL__V1__QUERY__INIT;

	q.cgroup = globs;
	q.n_cgroup = n;
	return show(s, measured_row_listing(which), &q, watch);
}

int measured_containers(const struct session *s, char **globs, size_t n, bool watch)
{
	return show_rows(s, MEASURED_ROW_CONTAINER, globs, n, watch);
}

int measured_pods(const struct session *s, char **globs, size_t n, bool watch)
{
	return show_rows(s, MEASURED_ROW_POD, globs, n, watch);
}

int measured_cgroups(const struct session *s, char **globs, size_t n, bool watch)
{
	return show_rows(s, MEASURED_ROW_CGROUP, globs, n, watch);
}
