/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/scaling.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/aggregator.h"
#include "aggregator/explain.h"
#include "aggregator/record.h"
#include "aggregator/scaler.h"
#include "aggregator/serve/history.h"
#include "aggregator/store/decisions.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/scope.h"
#include "base/unicode.h"
#include "plimsoll/v1/scaling.pb-c.h"

static struct aggregator *aggregator_of(const struct rpc_call *c)
{
	return rpc_server_data(rpc_call_server(c));
}

/* Explain */

/* "d-7" or "7"; 0: neither. */
static uint64_t parse_id(const char *text)
{
	const char *digits = !strncmp(text, "d-", 2) ? text + 2 : text;
	char *end;
	unsigned long long id;

	errno = 0;
	id = strtoull(digits, &end, 10);
	return isdigit((unsigned char)*digits) && !*end && !errno ? id : 0;
}

static void no_decision(struct rpc_call *c, const char *id)
{
	char why[128];

	snprintf(why, sizeof(why), "there is no decision %.60s", id);
	rpc_finish(c, RPC_NOT_FOUND, why,
		   "plimsoll decisions lists those that are kept, d-1 is the form of an id");
}

static void explain(struct rpc_call *c, const char *hold_id, const struct decision *x, char *record)
{
	Plimsoll__V1__ExplainResponse m = PLIMSOLL__V1__EXPLAIN_RESPONSE__INIT;
	scoped(buf_done) struct buf words = {0};
	const struct scaler_workload *w = scaler_find(aggregator_of(c)->scaler, x->workload);
	Plimsoll__V1__Decision d;
	char id[SERVE_HISTORY_ID];
	struct err e;

	if (explain_decision(x, record, &words, &e) < 0)
		buf_printf(&words, "its record cannot be read: %s: %s\n", e.what, e.cause);
	if (w && !hold_id)
		hold_mention(&w->hold, x, &words);
	serve_history_fill(&d, x, id);
	if (hold_id)
		d.id = (char *)(uintptr_t)hold_id; /* as in serve_history_fill() */
	m.decision = &d;
	m.record_json = record;
	m.text = words.data;
	(void)rpc_send(c, &m.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void explain_hold(struct rpc_call *c, const char *id)
{
	const char *name = id + strlen(RECORD_HOLD);
	const struct scaler_workload *w = scaler_find(aggregator_of(c)->scaler, name);
	struct decision x;
	char why[128];

	if (w && hold_decision(&w->hold, &x)) {
		explain(c, id, &x, w->hold.record);
		return;
	}
	snprintf(why, sizeof(why), w ? "nothing held %.64s back since the aggregator began" : "no policy scales %.64s", name);
	rpc_finish(c, RPC_NOT_FOUND, why, "plimsoll get policies lists them, with the newest reason of each");
}

static void explain_message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__ExplainRequest *q = (const Plimsoll__V1__ExplainRequest *)rpc_msg_get(m);
	uint64_t id = parse_id(q->id);
	scoped(freep) char *record = NULL;
	struct decision x;
	int r;

	if (!strncmp(q->id, RECORD_HOLD, strlen(RECORD_HOLD))) {
		explain_hold(c, q->id);
		return;
	}
	r = id ? decisions_get(aggregator_of(c)->decisions, id, &x, &record) : -ENOENT;

	if (r == -ENOENT)
		no_decision(c, q->id);
	else if (r < 0)
		rpc_finish(c, RPC_INTERNAL, "the decisions file cannot be read",
			   "see the aggregator's log");
	else
		explain(c, NULL, &x, record);
}

/* Pause and resume */

static const char *nearest_workload(const struct scaler *s, const char *name)
{
	const char **all = mem_array(NULL, s->n + 1, sizeof(*all));
	const char *nearest;

	for (size_t i = 0; i < s->n; i++)
		all[i] = s->item[i]->manifest.policy.name;
	nearest = err_nearest(name, all, s->n);
	free((void *)all);
	return nearest;
}

/* Only what a policy scales can be paused; false: the call is finished. */
static bool has_policy(struct rpc_call *c, const char *name)
{
	const struct scaler *s = aggregator_of(c)->scaler;
	const char *nearest;
	char why[160], fix[160];

	if (scaler_find(s, name))
		return true;
	nearest = nearest_workload(s, name);
	snprintf(why, sizeof(why), "no policy scales a workload named %.64s", name);
	if (nearest)
		snprintf(fix, sizeof(fix), "did you mean %s?", nearest);
	else
		snprintf(fix, sizeof(fix), "plimsoll get workloads lists them");
	rpc_finish(c, RPC_NOT_FOUND, why, fix);
	return false;
}

static bool is_text(struct rpc_call *c, const char *s, size_t most)
{
	uint32_t code = 0;

	if (strlen(s) > most) {
		rpc_finish(c, RPC_INVALID, "why is too long", "give the reason in less than 200 bytes");
		return false;
	}
	for (size_t n; *s; s += n) {
		n = unicode_next(s, &code);
		if (n && code >= ' ' && code != 0x7f)
			continue;
		rpc_finish(c, RPC_INVALID, "why has a control character or is not UTF-8",
			   "give the reason as one line of text");
		return false;
	}
	return true;
}

/* A brake that is not on the disk holds only while this process lives: whoever pulled it must know. */
static bool is_written(struct rpc_call *c, const char *what)
{
	const char *trouble = decisions_trouble(aggregator_of(c)->decisions);
	char why[400];

	if (!trouble)
		return true;
	snprintf(why, sizeof(why), "%s for now, but it cannot be written down (%.200s): a restart forgets it",
		 what, trouble);
	rpc_finish(c, RPC_UNAVAILABLE, why, "make room in the state directory, then give the order again");
	return false;
}

static void pause_message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__PauseRequest *q = (const Plimsoll__V1__PauseRequest *)rpc_msg_get(m);
	Plimsoll__V1__PauseResponse answer = PLIMSOLL__V1__PAUSE_RESPONSE__INIT;
	struct decisions *d = aggregator_of(c)->decisions;
	struct pause p = {.since_unix_ns = clock_wall().ns};

	if (!has_policy(c, q->workload) || !is_text(c, q->why, sizeof(p.why) - 1))
		return;
	snprintf(p.workload, sizeof(p.workload), "%s", q->workload);
	snprintf(p.why, sizeof(p.why), "%s", q->why);
	if (q->for_ns)
		p.until_unix_ns = q->for_ns < INT64_MAX - p.since_unix_ns ? p.since_unix_ns + q->for_ns
									  : 0;
	answer.was_paused = decisions_paused(d, q->workload, clock_boot()) != NULL;
	decisions_pause(d, &p);
	log_info("%s is paused %s (%s)", p.workload, p.until_unix_ns ? "for a time" : "until resumed",
		 *p.why ? p.why : "no reason given");
	if (!is_written(c, "paused"))
		return;
	(void)rpc_send(c, &answer.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void resume_message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__ResumeRequest *q = (const Plimsoll__V1__ResumeRequest *)rpc_msg_get(m);
	Plimsoll__V1__ResumeResponse answer = PLIMSOLL__V1__RESUME_RESPONSE__INIT;
	struct decisions *d = aggregator_of(c)->decisions;

	/* A brake that outlived its policy can be released, too. */
	if (!decisions_paused(d, q->workload, (clock_boot_t){0}) && !has_policy(c, q->workload))
		return;
	answer.was_paused = decisions_paused(d, q->workload, clock_boot()) != NULL;
	(void)decisions_resume(d, q->workload);
	if (answer.was_paused)
		log_info("%s is resumed", q->workload);
	if (!is_written(c, "resumed"))
		return;
	(void)rpc_send(c, &answer.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static const struct rpc_handler explain_handler = {.message = explain_message};
static const struct rpc_handler pause_handler = {.message = pause_message};
static const struct rpc_handler resume_handler = {.message = resume_message};

const struct rpc_method serve_scaling_methods[] = {
	{"/plimsoll.v1.Scaling/Explain", RPC_UNARY, &plimsoll__v1__explain_request__descriptor,
	 &plimsoll__v1__explain_response__descriptor, &explain_handler, 0},
	{"/plimsoll.v1.Scaling/Pause", RPC_UNARY, &plimsoll__v1__pause_request__descriptor,
	 &plimsoll__v1__pause_response__descriptor, &pause_handler, 0},
	{"/plimsoll.v1.Scaling/Resume", RPC_UNARY, &plimsoll__v1__resume_request__descriptor,
	 &plimsoll__v1__resume_response__descriptor, &resume_handler, 0},
};
const size_t serve_scaling_n = sizeof(serve_scaling_methods) / sizeof(serve_scaling_methods[0]);
