/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/titles.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/column.h"
#include "ctl/text.h"
#include "decide/saturation.h"

#define BY    "by " /* in front of a cause, in lists */
#define WIDTH 80

static const struct title {
	const char *name, *prose;
} titles[] = {
#define TITLE(name, prose) {name, prose},
#include "ctl/titles.def"
};

static const char *const prose[SIGNALS] = {
#define SIGNAL(ID, name, KIND, SCOPE, GROUP, unit, scale, text) [SIGNAL_##ID] = text,
#include "plimsoll/signals.def"
};

static const struct title histograms[] = {
#define HISTOGRAM(ID, name, GROUP, text) [SIGNAL_HIST_##ID] = {#name, text},
#include "plimsoll/signals.def"
};

static void head(const char *prefix, const char *title, struct buf *to)
{
	for (const char *c = prefix; *c; c++)
		buf_printf(to, "%c", toupper((unsigned char)*c));
	for (const char *c = title; *c; c++)
		buf_printf(to, "%c", toupper((unsigned char)*c));
	buf_printf(to, "\n    ");
}

static void formula(const struct column *c, struct buf *to)
{
	char first[COLUMN_KEY], second[COLUMN_KEY], third[COLUMN_KEY];
	const char *a = column_key(c->a, first), *b, *d;

	if (c->form == QUANTILE) {
		buf_printf(to, "%s: %d %% of what came between two samples was at most so long", histograms[c->a].name,
			   c->fraction);
		return;
	}
	b = column_key(c->b, second);
	d = column_key(c->c, third);
	switch (c->form) {
	case CORES:
		buf_printf(to, "%s a second, in cores", a);
		break;
	case SHARE_RATE:
		buf_printf(to, "%s a second, as a share of it", a);
		break;
	case RATE:
	case BYTES_RATE:
		buf_printf(to, "%s a second", a);
		break;
	case TOTAL:
		buf_printf(to, "%s so far", a);
		break;
	case PART:
		buf_printf(to, "growth of %s ÷ growth of %s, between two samples", a, b);
		break;
	case MEAN:
		buf_printf(to, "growth of %s ÷ growth of %s", a, b);
		if (c->b != c->c)
			buf_printf(to, " + %s", d);
		buf_printf(to, ", between two samples");
		break;
	case MEAN_TIMED:
		buf_printf(to, "growth of %s ÷ growth of %s - %s, between two samples", a, b, d);
		break;
	case LIMIT_CORES:
		buf_printf(to, "%s ÷ %s, in cores", a, b);
		break;
	case OF_LIMIT:
		buf_printf(to, "%s a second ÷ (%s ÷ %s)", a, b, d);
		break;
	case LEVEL_PART:
		buf_printf(to, "%s ÷ %s", a, b);
		break;
	case REQUEST:
		buf_printf(to, "what a pod's container asked for, in cores, by its %s; docs/design/requests.md tells how", a);
		break;
	case OF_REQUEST:
		buf_printf(to, "%s a second ÷ what a pod's container asked for, by its %s", a, b);
		break;
	case AGE:
		buf_printf(to, "time since %s", a);
		break;
	default:
		buf_printf(to, "%s", a);
	}
}

static void measured(const struct column *c, struct buf *to)
{
	head("", c->title, to);
	formula(c, to);
	buf_printf(to, ". %s%s\n", c->a != c->b && c->form != QUANTILE ? "The first of them: " : "",
		   c->form == QUANTILE ? histograms[c->a].prose : prose[c->a]);
}

static void cause(enum saturation_cause c, struct buf *to)
{
	head(BY, saturation_word(c), to);
	buf_printf(to, "How far it was held back so, 0 to 100 %%: %s. docs/design/saturation.md has the formula.\n", saturation_meaning(c));
}

static void fixed(const struct title *t, struct buf *to)
{
	head("", t->name, to);
	buf_printf(to, "%s\n", t->prose);
}

/* `wanted` NULL: each. */
static bool is_wanted(const char *wanted, const char *prefix, const char *title)
{
	size_t n = strlen(prefix);

	return !wanted || (strncasecmp(wanted, prefix, n) == 0 && strcasecmp(wanted + n, title) == 0);
}

static void tell(const char *wanted, struct buf *to)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (is_wanted(wanted, "", titles[i].name))
			fixed(&titles[i], to);
	for (size_t i = 0; i < column_n; i++)
		if (is_wanted(wanted, "", column_table[i].title))
			measured(&column_table[i], to);
	for (int c = 0; c < SATURATION_CAUSES; c++)
		if (is_wanted(wanted, BY, saturation_word((enum saturation_cause)c)))
			cause((enum saturation_cause)c, to);
}

bool titles_one(const char *title, struct buf *to)
{
	scoped(buf_done) struct buf lines = {0};

	tell(title, &lines);
	if (!lines.size)
		return false;
	text_wrap(buf_text(&lines), WIDTH, to);
	return true;
}

void titles_all(struct buf *to)
{
	scoped(buf_done) struct buf lines = {0};

	buf_printf(&lines, "What stands below the titles of lists and of top. – is what nobody measured, a rate before "
			   "the second sample, or a limit that is not set.\n\n");
	tell(NULL, &lines);
	text_wrap(buf_text(&lines), WIDTH, to);
}

static char *small(const char *prefix, const char *title)
{
	char *text = mem_printf("%s%s", prefix, title);

	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return text;
}

#define N_TITLES (sizeof(titles) / sizeof(titles[0]))

bool titles_nearest(const char *title, struct buf *to)
{
	const size_t n = N_TITLES + column_n + SATURATION_CAUSES;
	scoped(freep) char **names = mem_array(NULL, n, sizeof(*names));
	scoped(freep) char *wanted = small("", title);
	const char *near;
	char **at = names;

	for (size_t i = 0; i < N_TITLES; i++)
		*at++ = small("", titles[i].name);
	for (size_t i = 0; i < column_n; i++)
		*at++ = small("", column_table[i].title);
	for (int c = 0; c < SATURATION_CAUSES; c++)
		*at++ = small(BY, saturation_word((enum saturation_cause)c));
	near = err_nearest(wanted, (const char *const *)names, n);
	buf_printf(to, "%s", near ? near : "");
	while (at > names)
		free(*--at);
	return to->size > 0;
}
