/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/history.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

#define NAMES_MAX 4096 /* a fleet's workloads; beyond that nobody looks at single lines */

struct series {
	float value[HISTORY_VALUES]; /* a ring; NAN: unknown */
	unsigned n;                  /* ever added */
};

struct history {
	struct strmap *series;
};

struct history *history_new(void)
{
	struct history *h = mem_new(struct history);

	h->series = strmap_new();
	return h;
}

struct history *history_free(struct history *h)
{
	size_t cursor = 0;
	const char *name;
	void *s;

	if (!h)
		return NULL;
	while (strmap_next(h->series, &cursor, &name, &s))
		free(s);
	strmap_free(h->series);
	free(h);
	return NULL;
}

void history_add(struct history *h, const char *name, bool known, double value)
{
	struct series *s = strmap_get(h->series, name);

	if (!s && strmap_size(h->series) >= NAMES_MAX)
		return;
	if (!s) {
		s = mem_new(struct series);
		strmap_put(h->series, name, s);
	}
	s->value[s->n++ % HISTORY_VALUES] = known ? (float)value : NAN;
}

/* The value `ago` steps before the newest; NAN: none. */
static float at(const struct series *s, unsigned ago)
{
	if (!s || ago >= s->n || ago >= HISTORY_VALUES)
		return NAN;
	return s->value[(s->n - 1 - ago) % HISTORY_VALUES];
}

static const char *level(float value, float highest, bool unicode)
{
	static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const signs[] = {"_", ".", "-", "=", "+", "*", "%", "#"};

	if (isnan(value))
		return " ";
	int i = highest > 0 ? (int)(value / highest * 7.999f) : 0;
	i = i < 0 ? 0 : i > 7 ? 7 : i;
	return unicode ? blocks[i] : signs[i];
}

void history_draw(const struct history *h, const char *name, int width, bool unicode,
		  struct buf *to)
{
	const struct series *s = strmap_get(h->series, name);
	float highest = 0;

	for (int ago = 0; ago < width; ago++)
		highest = fmaxf(highest, isnan(at(s, (unsigned)ago)) ? 0 : at(s, (unsigned)ago));
	for (int ago = width - 1; ago >= 0; ago--)
		buf_printf(to, "%s", level(at(s, (unsigned)ago), highest, unicode));
}
