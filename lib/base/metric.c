/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metric.h"

#include <inttypes.h>
#include <string.h>

static const char *const kinds[] = { [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge" };

double metric_shown(const struct metric_table *t, size_t i)
{
	uint64_t raw = metric_get(t, i);
	const struct metric_desc *d = &t->rows[i];
	double value = d->kind == METRIC_GAUGE ? (double)(int64_t)raw : (double)raw;

	return d->scale > 0 ? value / d->scale : value;
}

/* OpenMetrics names the family of a counter without "_total". */
static int family_length(const struct metric_desc *d)
{
	size_t n = strlen(d->name);
	const char *tail = "_total";

	if (d->kind == METRIC_COUNTER && n > strlen(tail) && !strcmp(d->name + n - strlen(tail), tail))
		n -= strlen(tail);
	return (int)n;
}

/* The three characters that OpenMetrics wants escaped in HELP. */
static void add_help(struct buf *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_add(to, "\\n", 2);
		else if (*text == '\\' || *text == '"')
			buf_printf(to, "\\%c", *text);
		else
			buf_add(to, text, 1);
	}
}

/* Whole numbers are written whole: a double would lose the low digits of a large counter. */
static void add_value(const struct metric_table *t, size_t i, struct buf *to)
{
	const struct metric_desc *d = &t->rows[i];
	uint64_t raw = metric_get(t, i);

	if (d->scale > 0 && d->scale != 1)
		buf_printf(to, " %.15g\n", metric_shown(t, i));
	else if (d->kind == METRIC_GAUGE)
		buf_printf(to, " %" PRId64 "\n", (int64_t)raw);
	else
		buf_printf(to, " %" PRIu64 "\n", raw);
}

void metric_render(const struct metric_table *t, struct buf *to)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct metric_desc *d = &t->rows[i];
		int n = family_length(d);

		buf_printf(to, "# TYPE plimsoll_%.*s %s\n", n, d->name, kinds[d->kind]);
		if (d->unit[0])
			buf_printf(to, "# UNIT plimsoll_%.*s %s\n", n, d->name, d->unit);
		buf_printf(to, "# HELP plimsoll_%.*s ", n, d->name);
		add_help(to, d->help);
		buf_printf(to, "\nplimsoll_%.*s%s", n, d->name,
			   d->kind == METRIC_COUNTER ? "_total" : "");
		add_value(t, i, to);
	}
}

void metric_reference(const struct metric_table *t, struct buf *to)
{
	buf_printf(to, "| metric | kind | unit | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < t->n; i++) {
		const struct metric_desc *d = &t->rows[i];

		buf_printf(to, "| `plimsoll_%.*s%s` | %s | %s | ", family_length(d), d->name,
			   d->kind == METRIC_COUNTER ? "_total" : "", kinds[d->kind],
			   d->unit[0] ? d->unit : "-");
		for (const char *c = d->help; *c; c++)
			buf_printf(to, *c == '|' ? "\\%c" : "%c", *c == '\n' ? ' ' : *c);
		buf_printf(to, " |\n");
	}
}
