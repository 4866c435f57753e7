/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/question.h"

#include <string.h>

#include "base/obj.h"
#include "demo/ask.h"
#include "demo/show.h"

#define ASK_EVERY 5 /* ticks: decisions are shown within half a second */

static void got_workloads(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);
	const Plimsoll__V1__ListWorkloadsResponse *l = (const void *)answer;

	(void)why; /* not up yet: START has its own deadline */
	r->asking = false;
	for (size_t i = 0; l && i < l->n_workload; i++) {
		const Plimsoll__V1__Workload *w = l->workload[i];
		if (strcmp(w->name, RUN_WORKLOAD) != 0)
			continue;
		if (r->phase == RUN_LOAD)
			report_latency(&r->report, w->request_p95_ns);
		if (r->phase == RUN_START && w->replicas > 0 && w->cpu_cores && w->cpu_cores->known)
			question_last(r); /* the agent's counters at the beginning */
	}
}

static void ask_workloads(struct run *r)
{
	Plimsoll__V1__ListWorkloadsRequest q = PLIMSOLL__V1__LIST_WORKLOADS_REQUEST__INIT;

	r->asking = true;
	ask(r->to_aggregator, ASK_WORKLOADS, &q.base, got_workloads, r);
}

static void take_decisions(struct run *r, const ProtobufCMessage *answer)
{
	report_decisions(&r->report, (const void *)answer);
	show_news(r);
}

static void got_news(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	(void)why; /* asked again in half a second */
	r->asking = false;
	if (answer && r->phase == RUN_LOAD)
		take_decisions(r, answer);
}

static void got_last_decisions(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	if (r->phase == RUN_STOP)
		return;
	if (answer)
		take_decisions(r, answer);
	else
		show_line(r, "the aggregator did not list its decisions: %s", why);
	r->answered(r);
}

static void ask_decisions(struct run *r, ask_answered_t answered)
{
	Plimsoll__V1__ListDecisionsRequest q = PLIMSOLL__V1__LIST_DECISIONS_REQUEST__INIT;

	q.limit = REPORT_DECISIONS;
	r->asking = true;
	ask(r->to_aggregator, ASK_DECISIONS, &q.base, answered, r);
}

static void got_aggregator(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);

	if (r->phase == RUN_STOP)
		return;
	if (answer)
		report_aggregator(r->report.aggregator, (const void *)answer);
	else
		show_line(r, "the aggregator did not tell its counters: %s", why);
	ask_decisions(r, got_last_decisions);
}

static void ask_status(struct rpc_client *c, ask_answered_t answered, struct run *r)
{
	Plimsoll__V1__StatusRequest q = PLIMSOLL__V1__STATUS_REQUEST__INIT;

	r->asking = true;
	ask(c, ASK_STATUS, &q.base, answered, r);
}

static void got_agent(const ProtobufCMessage *answer, const char *why, void *data)
{
	struct run *r = obj_cast(struct run, data, RUN_MAGIC);
	bool first = r->phase == RUN_START;
	struct report *p = &r->report;

	r->asking = false;
	if (r->phase == RUN_STOP)
		return;
	if (!answer)
		show_line(r, "the agent did not tell its counters: %s", why);
	else
		report_agent(first ? p->agent_begin : p->agent_end, (const void *)answer);
	*(first ? &p->agent_begin_ns : &p->agent_end_ns) = clock_boot().ns;
	if (first)
		r->answered(r);
	else
		ask_status(r->to_aggregator, got_aggregator, r);
}

void question_last(struct run *r)
{
	ask_status(r->to_agent, got_agent, r);
}

void question_first_sample(struct run *r)
{
	if (!r->asking)
		ask_workloads(r);
}

void question_news(struct run *r)
{
	uint32_t turn;

	if (r->asking)
		return;
	turn = r->questions++ % ASK_EVERY;
	if (turn == 0)
		ask_decisions(r, got_news);
	else if (turn == ASK_EVERY / 2)
		ask_workloads(r);
}
