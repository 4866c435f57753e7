/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/rivals.h"

#include <stdio.h>

#include "aggregator/scaler.h"
#include "aggregator/store/store.h"
#include "base/log.h"

static void name_all(struct rivals *r, const char *name, const char *const *rival, size_t n)
{
	size_t at = (size_t)snprintf(r->text, sizeof(r->text), "[%s", name);

	for (size_t i = 0; i < n && i < RIVALS_NAMED; i++)
		at += (size_t)snprintf(r->text + at, sizeof(r->text) - at, " %s", rival[i]);
	snprintf(r->text + at, sizeof(r->text) - at, "%s]", n > RIVALS_NAMED ? " and more" : "");
}

const char *rivals_look(struct rivals *r, const char *name, struct store_workload *w)
{
	const char *rival[RIVALS_NAMED + 1];
	size_t n = store_rivals(w, rival, RIVALS_NAMED + 1);
	bool had = *r->text;

	*r->text = '\0';
	if (n)
		name_all(r, name, rival, n);
	if (n && !had)
		log_warn("%s decides nothing: several scale its pods: %s; give each its own (plimsoll.io/replicas)", name, r->text);
	else if (!n && had)
		log_info("%s has its pods to itself again", name);
	return n ? r->text : NULL;
}

size_t rivals_count(const struct scaler *s, const char **ret_first)
{
	size_t n = 0;

	for (size_t i = s->n; i-- > 0;)
		if (*s->item[i]->rivals.text) {
			*ret_first = s->item[i]->manifest.policy.name;
			n++;
		}
	return n;
}
