/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/encode_calls.h"

/* Not told in a state of now: rows that ended. */
static bool is_told(enum encode_form form, const struct sample_row *r, const struct encode_filter *filter)
{
	bool now_only = form != ENCODE_DELTA && form != ENCODE_KEYFRAME;

	return r && !(r->ended && now_only) && encode_filter_match(filter, r);
}

static void add(struct calls *c, const struct peer *p, bool whole)
{
	const struct probe_calls *now = &p->now;

	if (whole)
		calls_add_peer(c, &(struct calls_peer){.peer = p->id,
						       .row = p->row,
						       .serves = p->serves,
						       .address = p->address,
						       .port = p->port,
						       .net = p->net});
	if (whole || p->changed)
		calls_add_values(c, p->id, &(struct calls_values){.calls = now->calls,
								  .errors = now->errors,
								  .untimed = now->untimed,
								  .ns = now->ns,
								  .connection = now->connection,
								  .hist = now->hist,
								  .known = whole ? NULL : p->before.hist});
}

void encode_calls(struct calls *c, enum encode_form form, const struct peers *peers, const struct sample *sample,
		  const struct encode_filter *filter, Plimsoll__V1__Batch *to)
{
	size_t n = 0;
	const struct peer *const *list = peers ? peers_list(peers, &n) : NULL;

	calls_clear(c);
	for (size_t i = 0; i < n; i++) {
		const struct sample_row *r = sample_find(sample, list[i]->row);
		/* Of a row that was filtered out before its names came nothing was told either. */
		bool whole = form != ENCODE_DELTA || list[i]->fresh || (r && r->renamed && filter && filter->n);

		if (is_told(form, r, filter))
			add(c, list[i], whole);
	}
	calls_point(c, peers && peers_heard(peers), to);
}
