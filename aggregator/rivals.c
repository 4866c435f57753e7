/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/rivals.h"

#include <stdio.h>

#include "aggregator/scaler.h"
#include "aggregator/store/store.h"
#include "base/log.h"

/* `name` NULL: only the others. */
static void name_all(struct rivals *r, const char *name, const char *const *rival, size_t n)
{
	size_t at = (size_t)snprintf(r->text, sizeof(r->text), "[%s", name ? name : "");

	for (size_t i = 0; i < n && i < RIVALS_NAMED; i++)
		at += (size_t)snprintf(r->text + at, sizeof(r->text) - at, "%s%s", at > 1 ? " " : "", rival[i]);
	snprintf(r->text + at, sizeof(r->text) - at, "%s]", n > RIVALS_NAMED ? " and more" : "");
}

enum change { SAME, BEGAN, ENDED };

static enum change note(struct rivals *r, const char *name, const char *const *rival, size_t n)
{
	bool had = *r->text;

	*r->text = '\0';
	if (n)
		name_all(r, name, rival, n);
	if (had == (n > 0))
		return SAME;
	return n ? BEGAN : ENDED;
}

const char *rivals_look(struct rivals *r, const char *name, struct store_workload *w)
{
	const char *rival[RIVALS_NAMED + 1];
	size_t n = store_rivals(w, rival, RIVALS_NAMED + 1);
	enum change change = note(r, name, rival, n);

	if (change == BEGAN)
		log_warn("%s decides nothing: several scale its pods: %s; give each its own (plimsoll.io/replicas)", name, r->text);
	else if (change == ENDED)
		log_info("%s has its pods to itself again", name);
	return n ? r->text : NULL;
}

void rivals_holders(struct rivals *r, const char *name, struct store_workload *w, uint64_t now_ns)
{
	const char *holder[RIVALS_NAMED + 1];
	enum change change = note(r, NULL, holder, store_holders(w, holder, RIVALS_NAMED + 1));

	if (change == ENDED)
		log_info("%s has all that it selects", name);
	if (change != BEGAN)
		return;
	r->since_ns = now_ns;
	log_warn("%s goes without replicas that it selects: they belong to %s, before it in the files; give each its own",
		 name, r->text);
}

size_t rivals_count(const struct scaler *s, bool is_hpa, const struct scaler_workload **ret_first)
{
	size_t n = 0;

	for (size_t i = s->n; i-- > 0;)
		if (*s->item[i]->rivals.text && is_hpa == (s->item[i]->hpa != NULL)) {
			*ret_first = s->item[i];
			n++;
		}
	return n;
}
