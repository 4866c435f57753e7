/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/live_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ctl/live_page.h"
#include "ctl/live_state.h"
#include "ctl/method.h"
#include "ctl/question.h"

#define RETRY_NS  CLOCK_NS_PER_S
#define DECISIONS 100 /* kept on the page of decisions */

static void heard(struct live_state *v)
{
	for (size_t i = 0; i < v->n_all; i++) {
		const value *cpu = v->all[i]->cpu_cores;

		history_add(v->cpu, v->all[i]->name, workload_known(cpu), cpu ? cpu->value : 0);
	}
	v->view.answered = true;
	v->view.trouble[0] = '\0';
	v->received_ns = clock_boot().ns;
	live_state_arrange(v);
	live_state_draw(v);
}

/* Decisions: asked for when some workload has a new one, or one changes */

static void got_decisions(struct rpc_msg *m, const struct err *e, void *data)
{
	struct live_state *v = live_state_of(data);

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
	live_state_draw(v);
}

static void ask_decisions(struct live_state *v)
{
	Plimsoll__V1__ListDecisionsRequest q = PLIMSOLL__V1__LIST_DECISIONS_REQUEST__INIT;

	q.limit = DECISIONS;
	question_ask(v->connect, &method_list_decisions, &q.base, v->session->o->timeout,
		     got_decisions, v);
}

/* An actuator is at work: its outcome is still to come. */
static bool one_is_acting(const struct live_state *v)
{
	for (size_t i = 0; i < v->view.n_decisions; i++)
		if (strcmp(v->view.decisions[i]->outcome, "acting") == 0)
			return true;
	return false;
}

static void look_for_decisions(struct live_state *v)
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

static void got_workloads(struct live_state *v, struct rpc_msg *m)
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

static void got_batch(struct live_state *v, const Plimsoll__V1__Batch *b)
{
	const workload **list;

	if (!fleet_apply(v->fleet, b))
		return;
	stand_in_free(v->stand_in);
	v->stand_in = stand_in_new(v->fleet, &list, &v->n_all);
	v->all = mem_array((void *)v->all, v->n_all + 1, sizeof(*v->all));
	memcpy(v->all, list, v->n_all * sizeof(*v->all));
	if (!b->sequence) { /* names only */
		live_state_arrange(v);
		return;
	}
	v->view.aged = true;
	v->age_ns = clock_since(clock_boot(), (clock_boot_t){b->boottime_ns});
	if (v->page && v->view.mode == VIEW_TEXT)
		live_page_fill(v);
	heard(v);
}

static void stream_message(struct rpc_call *c, struct rpc_msg *m)
{
	struct live_state *v = live_state_of(rpc_data(c));

	if (v->ending)
		return;
	if (v->view.agent)
		got_batch(v, (const void *)rpc_msg_get(m));
	else
		got_workloads(v, m);
}

static void stream_closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	struct live_state *v = live_state_of(rpc_data(c));
	struct err e = {0};

	v->stream = NULL;
	if (v->ending)
		return;
	connect_explain(v->connect, c, code, text, &e);
	/* Not what cannot be reached, which whoever looks at it knows: the cause has the row. */
	snprintf(v->view.trouble, sizeof(v->view.trouble), "trying again: %s", *e.cause ? e.cause : e.what);
	loop_timer_start(v->retry, RETRY_NS, 0);
	live_state_draw(v);
}

static const struct rpc_handler stream_handler = {.message = stream_message,
						  .closed = stream_closed};

void live_stream_open(void *data)
{
	Plimsoll__V1__ListWorkloadsRequest workloads = PLIMSOLL__V1__LIST_WORKLOADS_REQUEST__INIT;
	Plimsoll__V1__Query rows = PLIMSOLL__V1__QUERY__INIT;
	struct live_state *v = live_state_of(data);
	bool agent = v->view.agent;

	v->stream = rpc_open(connect_client(v->connect),
			     agent ? &method_watch_metrics : &method_watch_workloads,
			     &stream_handler, 0, false, v);
	(void)rpc_send(v->stream,
		       agent ? &rows.base : &workloads.base); /* a failure comes as closed() */
}
