/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hold.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "aggregator/explain.h"
#include "aggregator/record.h"

bool hold_note(struct hold *h, const struct verdict *d, const struct view *v, uint64_t after)
{
	bool same = h->record && !h->is_over && h->reason == d->reason;

	if (!same) {
		h->reason = d->reason;
		h->since_unix_ns = v->wall_unix_ns;
		h->looks = 0;
		h->after = after;
		h->is_over = false;
	}
	h->last_unix_ns = v->wall_unix_ns;
	h->looks++;
	return !same || v->boottime_ns - h->x.boottime_ns >= HOLD_RENEW_NS || d->from != h->x.from;
}

void hold_keep(struct hold *h, const struct decision *x, char *record)
{
	free(h->record);
	h->record = record;
	h->x = *x;
}

void hold_end(struct hold *h)
{
	h->is_over = true;
}

void hold_done(struct hold *h)
{
	free(h->record);
}

void hold_mention(const struct hold *h, const struct decision *x, struct buf *to)
{
	char since[25];

	if (!h->record || h->is_over || h->after != x->id)
		return;
	clock_format((clock_wall_t){h->since_unix_ns}, since, sizeof(since));
	explain_line(to, "held since");
	buf_printf(to, "%s, reason %s: %s; plimsoll explain " RECORD_HOLD "%s tells more\n", since,
		   verdict_word(h->reason), verdict_meaning(h->reason), x->workload);
}

bool hold_decision(const struct hold *h, struct decision *ret)
{
	char since[25], last[25];

	if (!h->record)
		return false;
	*ret = h->x;
	clock_format((clock_wall_t){h->since_unix_ns}, since, sizeof(since));
	clock_format((clock_wall_t){h->last_unix_ns}, last, sizeof(last));
	snprintf(ret->outcome, sizeof(ret->outcome), "nothing was ordered: held at %" PRIu64 " looks, %s %s, %s %s", h->looks,
		 h->is_over ? "from" : "since", since, h->is_over ? "to" : "the last at", last);
	return true;
}
