/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints docs/reference/metrics.md out of include/plimsoll/signals.def: each signal of a container in
 * two sentences. `reference-signals lint` checks that they are two, and that units and names agree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/saturation.h"
#include "plimsoll/signal.h"

static const struct group {
	const char *id, *word, *prose;
	uint32_t bit;
} groups[] = {
#define GROUP(ID, bit, word, prose) {#ID, word, prose, bit},
#include "plimsoll/signals.def"
};

static const struct row {
	const char *name, *kind, *scope, *unit, *prose;
	uint32_t group;
} rows[] = {
#define SIGNAL(ID, name, KIND, SCOPE, GROUP, unit, scale, prose) \
	{#name, #KIND, #SCOPE, unit, prose, SIGNAL_NO_##GROUP},
#include "plimsoll/signals.def"
#define HISTOGRAM(ID, name, GROUP, prose) \
	{#name "_histogram", "HISTOGRAM", "SUM", "seconds", prose, SIGNAL_NO_##GROUP},
#include "plimsoll/signals.def"
#define NOTE(ID, name, GROUP, prose) {#name, "NOTE", "LATEST", "", prose, SIGNAL_NO_##GROUP},
#include "plimsoll/signals.def"
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

static int complaints;

static void complain(const char *name, const char *what)
{
	fprintf(stderr, "signals.def: %s: %s\n", name, what);
	complaints++;
}

/* A sentence ends in a full stop before a blank or the end. */
static int sentences(const char *prose)
{
	int n = 0;

	for (const char *c = prose; *c; c++)
		n += *c == '.' && (c[1] == '\0' || (c[1] == ' ' && c[2] >= 'A' && c[2] <= 'Z'));
	return n;
}

static int ends_with(const char *text, const char *tail)
{
	size_t n = strlen(text), m = strlen(tail);

	return n >= m && strcmp(text + n - m, tail) == 0;
}

static void lint(void)
{
	for (size_t i = 0; i < N(rows); i++) {
		const struct row *r = &rows[i];

		if (sentences(r->prose) != 2)
			complain(r->name, "its prose is not two sentences");
		if (ends_with(r->name, "_ns") != (strcmp(r->unit, "seconds") == 0) &&
		    strcmp(r->kind, "HISTOGRAM") != 0)
			complain(r->name, "times, and only they, end in _ns");
		if (ends_with(r->name, "_bytes") != (strcmp(r->unit, "bytes") == 0))
			complain(r->name, "bytes, and only they, end in _bytes");
	}
	for (size_t i = 0; i < N(groups); i++)
		if (sentences(groups[i].prose) != 1)
			complain(groups[i].id, "its prose is not one sentence");
}

static const char *kind_of(const struct row *r)
{
	return strcmp(r->kind, "COUNTER") == 0 ? "counter"
	       : strcmp(r->kind, "GAUGE") == 0 ? "gauge"
	       : strcmp(r->kind, "NOTE") == 0  ? "note"
					       : "histogram";
}

static const char *scope_of(const struct row *r)
{
	return strcmp(r->scope, "OWN") == 0   ? "the container's own cgroup"
	       : strcmp(r->scope, "SUM") == 0 ? "sum over its cgroups"
	       : strcmp(r->scope, "MAX") == 0 ? "highest of its cgroups"
	       : strcmp(r->scope, "LATEST") == 0 ? "latest of its cgroups"
					      : "earliest of its cgroups";
}

static void print_group(const struct group *g)
{
	printf("\n## %s\n\n%s Missing together (bit %u of `flags`).\n\n", g->word, g->prose, g->bit);
	printf("| signal | | unit | what it tells | nested cgroups |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < N(rows); i++)
		if (rows[i].group == g->bit)
			printf("| `%s` | %s | %s | %s | %s |\n", rows[i].name, kind_of(&rows[i]),
			       *rows[i].unit ? rows[i].unit : "–", rows[i].prose, scope_of(&rows[i]));
}

static void print_saturation(void)
{
	printf("\n## Saturation\n\nComputed from the signals, 0 to 1 each; formulas and reasons in "
	       "`docs/design/saturation.md`.\n\n| cause | a task is |\n|---|---|\n");
	for (int c = 0; c < SATURATION_CAUSES; c++)
		printf("| `%s` | %s |\n", saturation_word((enum saturation_cause)c),
		       saturation_meaning((enum saturation_cause)c));
}

static void print(void)
{
	printf("# Metrics of a container\n\n"
	       "What the agent measures of every container, systemd unit and other cgroup, once an "
	       "interval. Names are those\nof the wire (`plimsoll.v1.Columns`). Counters only grow while an "
	       "agent runs; what cannot be measured is marked as\nmissing, never written as 0. On the wire "
	       "times are nanoseconds. `plimsoll get cgroups -o json` shows all of it.\n");
	for (size_t i = 0; i < N(groups); i++)
		print_group(&groups[i]);
	print_saturation();
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "lint") == 0)
		lint();
	else if (argc == 1)
		print();
	else
		return fprintf(stderr, "usage: %s [lint]\n", argv[0]), 2;
	return complaints || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
