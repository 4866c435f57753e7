/* SPDX-License-Identifier: Apache-2.0 */
#include "base/meet.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

struct told {
	uint64_t number; /* 0: free */
	struct graph_place at;
};

struct side { /* a ring, and where a number is in it */
	struct told *told;
	size_t at;
	struct map *by_number;
};

struct meet {
	size_t numbers;
	struct side callers, servers;
	struct strmap *behind; /* by the address that is called: struct graph_place */
};

struct meet *meet_new(size_t numbers)
{
	struct meet *m = mem_new(struct meet);

	m->numbers = numbers;
	m->callers.by_number = map_new();
	m->servers.by_number = map_new();
	m->behind = strmap_new();
	return m;
}

static void forget_behind(struct meet *m)
{
	size_t cursor = 0;
	const char *key;
	void *at;

	while (strmap_next(m->behind, &cursor, &key, &at))
		free(at);
	strmap_free(m->behind);
}

static void side_done(struct side *s)
{
	free(s->told);
	map_free(s->by_number);
}

struct meet *meet_free(struct meet *m)
{
	if (!m)
		return NULL;
	forget_behind(m);
	side_done(&m->callers);
	side_done(&m->servers);
	free(m);
	return NULL;
}

static void remember(struct side *s, size_t room, uint64_t number, const struct graph_place *at)
{
	struct told *t;

	if (!s->told)
		s->told = mem_zero(room * sizeof(*s->told));
	t = &s->told[s->at];
	s->at = (s->at + 1) % room;
	if (t->number && map_get(s->by_number, t->number) == t)
		map_del(s->by_number, t->number);
	*t = (struct told){number, *at};
	map_put(s->by_number, number, t);
}

static bool same_address(const struct graph_place *a, const struct graph_place *b)
{
	return a->port == b->port && memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* An address that nobody translated needs no memory: who answers there says so. */
static void learn(struct meet *m, const struct graph_place *called, const struct graph_place *answers)
{
	char text[GRAPH_TEXT];
	struct graph_place *to;

	if (same_address(called, answers) || graph_is_loopback(called->address))
		return;
	graph_text(called, text);
	to = strmap_get(m->behind, text);
	if (!to && strmap_size(m->behind) == MEET_ADDRESSES) {
		forget_behind(m);
		m->behind = strmap_new();
	}
	if (!to) {
		to = mem_new(struct graph_place);
		strmap_put(m->behind, text, to);
	}
	*to = *answers;
}

void meet_heard(struct meet *m, uint64_t number, bool serves, const struct graph_place *at)
{
	struct side *mine = serves ? &m->servers : &m->callers, *other = serves ? &m->callers : &m->servers;
	const struct told *found;

	if (!number)
		return;
	remember(mine, m->numbers, number, at);
	found = map_get(other->by_number, number);
	if (found)
		learn(m, serves ? &found->at : at, serves ? at : &found->at);
}

const struct graph_place *meet_behind(const struct meet *m, const struct graph_place *called)
{
	char text[GRAPH_TEXT];

	graph_text(called, text);
	return strmap_get(m->behind, text);
}
