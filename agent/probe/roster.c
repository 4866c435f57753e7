/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/roster.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "agent/probe/programs.h"
#include "base/clock.h"
#include "base/obj.h"

#define CORE /* the parts measure the others */                                                     \
	(SIGNAL_NO_CPU | SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET | SIGNAL_NO_PSI |                \
	 SIGNAL_NO_BANDWIDTH | SIGNAL_NO_DETAIL | SIGNAL_NO_COMPOSITION)

void roster_init(struct roster *r)
{
	*r = (struct roster){.absent = SIGNAL_ALL & ~CORE};
}

static int open_one(struct roster_part *m, const struct part_frame *f, int refused)
{
	int r = refused < 0 ? refused : m->part->open(f, &m->state);

	if (r == 0)
		return 0;
	programs_detach(f->bpf, m->part->name);
	part_say(m->part, r, &m->why);
	return r;
}

void roster_open(struct roster *r, const struct part_frame *f, const int refused[PROBE_PARTS_MAX])
{
	for (int i = 0; parts[i] && i < PROBE_PARTS_MAX; i++) {
		struct roster_part *m = &r->part[r->n++];

		m->part = parts[i];
		if (open_one(m, f, refused[i]) == 0)
			r->absent &= ~m->part->groups;
	}
}

void roster_close(struct roster *r)
{
	for (int i = 0; i < r->n; i++)
		if (r->part[i].state && r->part[i].part->close)
			r->part[i].part->close(r->part[i].state);
	r->n = 0;
}

static uint64_t own_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

static int run(struct roster_part *m, uint64_t number)
{
	uint64_t began = own_cpu_ns();
	int r = m->part->pass(m->state, number, &m->why);

	m->pass_ns += own_cpu_ns() - began;
	return r;
}

/* A part that cannot look this time keeps its gauges of the time before: they are missing, not 0. */
void roster_pass(struct roster *r, uint64_t number)
{
	for (int i = 0; i < r->n; i++) {
		struct roster_part *m = &r->part[i];

		if (!m->state || m->off || !m->part->pass)
			continue;
		if (run(m, number) < 0)
			r->absent |= m->part->groups;
		else
			r->absent &= ~m->part->groups;
	}
}

void roster_set_on(struct roster *r, int part, bool on, const char *why)
{
	struct roster_part *m = &r->part[part];

	must(part >= 0 && part < r->n && m->state);
	m->off = !on;
	snprintf(m->off_why, sizeof(m->off_why), "%s", why);
	if (m->part->set_on)
		m->part->set_on(m->state, on);
	if (!on)
		r->absent |= m->part->groups;
	else if (!m->part->pass)
		r->absent &= ~m->part->groups;
}

void roster_lost(const struct roster *r, struct losses *to)
{
	for (int i = 0; i < r->n; i++) {
		const struct part *p = r->part[i].part;

		if (r->part[i].state && p->lost)
			to->count[p->loss] += p->lost(r->part[i].state);
	}
}

static struct probe_notice notice(const struct roster_part *m)
{
	bool fine = m->why.code == -ECANCELED || (m->state && !m->off);
	struct probe_notice n = {.id = m->part->name, .level = fine ? "ok" : "warn"};

	if (m->off)
		snprintf(n.text, sizeof(n.text), "no %s now: %s", m->part->what, m->off_why);
	else if (m->state)
		snprintf(n.text, sizeof(n.text), "measures %s", m->part->what);
	else
		snprintf(n.text, sizeof(n.text), "no %s: %.60s (%.60s)", m->part->what,
			 m->why.what, m->why.cause);
	if (!m->state)
		snprintf(n.fix, sizeof(n.fix), "%.199s", m->why.fix);
	return n;
}

int roster_notices(const struct roster *r, struct probe_notice *ret, int room)
{
	int n = 0;

	for (int i = 0; i < r->n && n < room; i++)
		ret[n++] = notice(&r->part[i]);
	return n;
}
