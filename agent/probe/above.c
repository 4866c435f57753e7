/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/above.h"

#include "agent/probe/load.h"
#include "agent/probe/tree.h"

/* One that ends with it was written for the last time already. NULL: no pass saw it. */
static const struct plimsoll_row *seen(const struct reading *r, const struct probe_cgroup *c, enum plimsoll_hierarchy by)
{
	const struct plimsoll_row *row = &r->load->row[tree_row(c, by)];

	return row->pass[by] == r->load->pass_number || row->pass[by] == PLIMSOLL_ENDED ? row : NULL;
}

static const struct probe_cgroup *up(const struct probe_cgroup *c)
{
	return c->parent && c->parent->parent ? c->parent : NULL;
}

/* By cores, quota over period. */
static void tighten(const struct plimsoll_row *row, struct signals *to)
{
	if (!row->quota_ns)
		return;
	if (to->cpu_quota_ns && (unsigned __int128)row->quota_ns * to->cpu_period_ns >=
					(unsigned __int128)to->cpu_quota_ns * row->period_ns)
		return;
	to->cpu_quota_ns = row->quota_ns;
	to->cpu_period_ns = row->period_ns;
}

static void add(struct tree_past *sum, const struct plimsoll_row *row)
{
	sum->periods += row->periods;
	sum->throttled_periods += row->throttled_periods;
	sum->throttled_ns += row->throttled_ns;
}

/* What was throttled before there was anything in it to be stopped is not its own. */
static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

bool above_bandwidth(const struct reading *r, const struct probe_cgroup *c, enum plimsoll_hierarchy by, bool known,
		     struct signals *to)
{
	struct tree_past sum = {.known = true}, *past = tree_past(c);

	for (const struct probe_cgroup *a = up(c); a; a = up(a)) {
		const struct plimsoll_row *row = seen(r, a, by);

		if (!row)
			return false;
		if (!row->bandwidth_known)
			continue; /* v2: without the controller it is a part of the one above */
		known = true;
		tighten(row, to);
		add(&sum, row);
	}
	if (!past->known)
		*past = sum;
	to->cpu_periods += since(sum.periods, past->periods);
	to->cpu_throttled_periods += since(sum.throttled_periods, past->throttled_periods);
	to->cpu_throttled_ns += since(sum.throttled_ns, past->throttled_ns);
	return known;
}

uint64_t above_limit(const struct reading *r, const struct probe_cgroup *c, enum plimsoll_hierarchy by)
{
	uint64_t least = 0;

	for (const struct probe_cgroup *a = up(c); a; a = up(a)) {
		const struct plimsoll_row *row = seen(r, a, by);
		uint64_t limit = row && row->memory_known ? reading_limit(r, row->limit_pages) : 0;

		if (limit && (!least || limit < least))
			least = limit;
	}
	return least;
}
