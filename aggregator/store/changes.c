/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void changes_begin(struct changes *l)
{
	*l = (struct changes){.end = &l->first};
}

static void drop(struct changes *l, struct change **at)
{
	struct change *c = *at;

	*at = c->next;
	if (!c->next)
		l->end = at;
	l->n--;
	l->octets -= c->octets;
	free(c->record);
	free(c);
}

static bool is_of_a_decision(const struct change *c)
{
	return c->kind == CHANGE_MADE || c->kind == CHANGE_OUTCOME;
}

struct change *changes_append(struct changes *l, enum change_kind kind, const char *record)
{
	struct change *c = mem_new(struct change);

	c->kind = kind;
	c->record = mem_strdup(record);
	c->octets = record ? strlen(record) : 0;
	*l->end = c;
	l->end = &c->next;
	l->n++;
	l->octets += c->octets;
	return c;
}

struct change *changes_made(const struct changes *l, uint64_t id)
{
	for (struct change *c = l->first; c; c = c->next)
		if (c->kind == CHANGE_MADE && c->x.id == id)
			return c;
	return NULL;
}

void changes_clear(struct changes *l)
{
	while (l->first)
		drop(l, &l->first);
}

/* From the oldest on, as long as `goes_on`. How many went. */
static size_t drop_decisions(struct changes *l, bool (*goes_on)(const struct changes *l, const struct change *c))
{
	size_t n = 0;

	for (struct change **at = &l->first; *at && goes_on(l, *at);) {
		if (!is_of_a_decision(*at)) {
			at = &(*at)->next;
			continue;
		}
		drop(l, at);
		n++;
	}
	return n;
}

static bool to_the_end(const struct changes *l, const struct change *c)
{
	(void)l;
	(void)c;
	return true;
}

size_t changes_drop_decisions(struct changes *l)
{
	return drop_decisions(l, to_the_end);
}

/* The newest stays, whatever its size. */
static bool is_over_limit(const struct changes *l, const struct change *c)
{
	return (l->n > DECISIONS_WAITING || l->octets > DECISIONS_WAITING_OCTETS) && c->next;
}

size_t changes_limit(struct changes *l)
{
	return drop_decisions(l, is_over_limit);
}
