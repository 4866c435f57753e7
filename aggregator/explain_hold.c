/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/explain_hold.h"

#include <string.h>

#include "aggregator/explain.h"
#include "base/clock.h"
#include "decide/wait.h"

#define NODES_SHOWN 8 /* the rest stands in the record */

struct silence { /* of one node */
	const char *node;
	uint32_t replicas; /* without a fresh sample */
};

uint64_t explain_hold_ns(const struct record *r)
{
	struct decide_state after = r->state;
	struct verdict again;

	if (r->verdict.to != r->verdict.from)
		return 0;
	decide_step(&r->policy, &r->view, r->current, &after, &again);
	return wait_held(&r->policy, &r->view, &after, &r->verdict);
}

void explain_hold_left(struct buf *to, uint64_t ns)
{
	if (!ns)
		return;
	explain_line(to, "for another");
	buf_printf(to, "%.1f s, unless what holds it comes again\n", clock_seconds(ns));
}

/* In the order of their first replica. How many; one more than NODES_SHOWN: there are others. */
static size_t gather(const struct policy *p, const struct view *v, struct silence all[NODES_SHOWN + 1])
{
	size_t n = 0;

	for (uint32_t i = 0; i < v->replicas; i++) {
		const struct view_replica *r = &v->replica[i];
		size_t at = 0;

		if (!r->node || view_is_fresh(r, p->fresh_ns))
			continue;
		while (at < n && at < NODES_SHOWN && strcmp(all[at].node, r->node) != 0)
			at++;
		if (at == n)
			all[n++] = (struct silence){.node = r->node};
		all[at].replicas++;
	}
	return n;
}

void explain_hold_fleet(struct buf *to, const struct view *v)
{
	if (!v->fleet_silent)
		return;
	explain_line(to, "");
	buf_printf(to, "of the fleet's %u nodes %u %s silent; while over %g %% are, and %.0f s after, nothing shrinks\n",
		   v->fleet_nodes, v->fleet_silent, v->fleet_silent == 1 ? "is" : "are", DECIDE_SILENT_PERMILLE / 10.0,
		   clock_seconds(DECIDE_SILENCE_NS));
}

void explain_hold_missing(struct buf *to, const struct policy *p, const struct view *v)
{
	struct silence all[NODES_SHOWN + 1];
	size_t n = gather(p, v, all);

	for (size_t i = 0; i < n && i < NODES_SHOWN; i++) {
		if (i)
			buf_printf(to, ", ");
		else
			explain_line(to, "");
		buf_printf(to, "%s%u on %s", i ? "" : "without a fresh sample: ", all[i].replicas, all[i].node);
	}
	if (n)
		buf_printf(to, "%s\n", n > NODES_SHOWN ? " and some on others" : "");
}
