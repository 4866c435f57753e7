/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/account.h"

#include <stdio.h>

#include "agent/metrics.h"
#include "agent/names/inside.h"
#include "base/map.h"

/* Of those who serve Docker's API: together. */
static void observe_engines(struct names *const n[NAMES_KINDS])
{
	const struct names_state *d = &n[NAMES_DOCKER]->state, *p = &n[NAMES_PODMAN]->state;

	agent_set(agent_engine_connected, (uint64_t)d->connected + p->connected);
	agent_set(agent_engine_lists_total, d->lists + p->lists);
	agent_set(agent_engine_failures_total, d->failures + p->failures);
	agent_set(agent_engine_refused_total, d->refused + p->refused);
	agent_set(agent_engine_cpu_seconds_total, d->cpu_ns + p->cpu_ns);
	agent_set(agent_engine_peak_memory_bytes, d->peak_bytes + p->peak_bytes);
}

void account_observe(struct names *const n[NAMES_KINDS])
{
	const struct names_state *s = &n[NAMES_CRI]->state;
	uint64_t known = 0, unnamed = 0;

	for (int i = 0; i < NAMES_KINDS; i++) {
		known += strmap_size(n[i]->known);
		unnamed += n[i]->unnamed;
	}
	agent_set(agent_names_known, known);
	agent_set(agent_names_missing, unnamed);
	agent_set(agent_cri_connected, s->connected);
	agent_set(agent_cri_events, s->events);
	agent_set(agent_cri_lists_total, s->lists);
	agent_set(agent_cri_lists_deferred_total, s->deferred);
	agent_set(agent_cri_failures_total, s->failures);
	agent_set(agent_cri_events_total, s->event_count);
	agent_set(agent_cri_refused_total, s->refused);
	agent_set(agent_cri_cpu_seconds_total, s->cpu_ns);
	agent_set(agent_cri_peak_memory_bytes, s->peak_bytes);
	observe_engines(n);
}

static const char *fix_of(const struct names_state *s)
{
	return s->denied ? "start the agent as root or with CAP_SETGID, for its helper to take the socket's group; it keeps neither"
			 : "see that it runs and serves there; its socket's group must have access";
}

static void write_notice(const struct names *n, struct probe_notice *to, const char *level, const char *fix)
{
	to->id = names_kinds[n->kind].notice;
	to->level = level;
	snprintf(to->fix, sizeof(to->fix), "%s", fix);
}

#define SAY(to, ...) (void)snprintf((to)->text, sizeof((to)->text), __VA_ARGS__)

bool account_notice(const struct names *n, struct probe_notice *ret)
{
	const struct names_state *s = &n->state;

	if (!n->wanted || (!n->address && n->kind != NAMES_CRI && !n->unnamed))
		return false;
	if (!n->address) {
		SAY(ret, "no socket of %s was found at start: its containers go by their ids", names_kinds[n->kind].what);
		write_notice(n, ret, "ok", names_kinds[n->kind].missing);
	} else if (n->lost) {
		SAY(ret, "the helper that asks %.60s has ended: new containers go by their ids", n->address);
		write_notice(n, ret, "warn", "start the agent again");
	} else if (s->connected) {
		SAY(ret, "names by %.16s %.20s at %.80s, %s", s->runtime, s->text, n->address,
		    s->events ? "with events" : "asked when one comes");
		write_notice(n, ret, "ok", "");
	} else {
		SAY(ret, "%.60s does not answer: %.70s", n->address, n->heard ? s->text : "not asked yet");
		write_notice(n, ret, n->heard ? "warn" : "ok", fix_of(s));
	}
	return true;
}
