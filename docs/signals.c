/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints build/docs/reference/metrics.md out of include/plimsoll/signals.def: each signal of a container, and of the
 * node, in two sentences. `reference-signals lint` checks that they are two, and that units and names agree.
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

/* Of the machine itself, as plimsoll.v1.Node has them. */
static const struct row node_rows[] = {
	{"cpus", "GAUGE", "OWN", "",
	 "CPUs that were online at the sample. They come and go with hot-plug, so a share is taken only between two samples "
	 "with the same number.", 0},
	{"cpu_idle_ns", "COUNTER", "OWN", "seconds",
	 "Time in which CPUs had nothing to do, all CPUs together, from /proc/stat. Time in which the machine was "
	 "suspended counts as idle.", 0},
	{"memory_available_bytes", "GAUGE", "OWN", "bytes",
	 "Memory that new work could have without swapping, as the kernel estimates it (MemAvailable). Used is what is "
	 "left of the total.", 0},
	{"psi_cpu_some_ns", "COUNTER", "OWN", "seconds",
	 "Time in which some task of the node waited for a CPU, from /proc/pressure. More than a few per cent of a "
	 "second means that somebody is slower than need be.", 0},
	{"psi_memory_some_ns", "COUNTER", "OWN", "seconds",
	 "Time in which some task of the node waited for memory. It grows when memory is reclaimed, and it grows fast "
	 "when too little is left to work with.", 0},
	{"psi_io_some_ns", "COUNTER", "OWN", "seconds",
	 "Time in which some task of the node waited for a disk. Reading back what memory pressure threw out is in it, "
	 "too.", 0},
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

static void lint_row(const struct row *r)
{
	if (sentences(r->prose) != 2)
		complain(r->name, "its prose is not two sentences");
	if (ends_with(r->name, "_ns") != (strcmp(r->unit, "seconds") == 0) && strcmp(r->kind, "HISTOGRAM") != 0)
		complain(r->name, "times, and only they, end in _ns");
	if (ends_with(r->name, "_bytes") != (strcmp(r->unit, "bytes") == 0))
		complain(r->name, "bytes, and only they, end in _bytes");
}

static void lint(void)
{
	for (size_t i = 0; i < N(rows); i++)
		lint_row(&rows[i]);
	for (size_t i = 0; i < N(node_rows); i++)
		lint_row(&node_rows[i]);
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

static void print_cells(const struct row *r)
{
	printf("| `%s` | %s | %s | %s |", r->name, kind_of(r), *r->unit ? r->unit : "–", r->prose);
}

static void print_group(const struct group *g)
{
	printf("\n## %s\n\n%s Missing together (`flags` & %u).\n\n", g->word, g->prose, g->bit);
	printf("| signal | | unit | what it tells | nested cgroups |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < N(rows); i++)
		if (rows[i].group == g->bit) {
			print_cells(&rows[i]);
			printf(" %s |\n", scope_of(&rows[i]));
		}
}

static void print_saturation(void)
{
	printf("\n## Saturation\n\nComputed from the signals, 0 to 1 each; formulas and reasons in "
	       "`docs/design/saturation.md`.\n\n| cause | what holds it back |\n|---|---|\n");
	for (int c = 0; c < SATURATION_CAUSES; c++)
		printf("| `%s` | %s |\n", saturation_word((enum saturation_cause)c),
		       saturation_meaning((enum saturation_cause)c));
}

static void print_node(void)
{
	printf("\n## The node\n\nOf the machine itself, in every sample (`plimsoll.v1.Node`); "
	       "`plimsoll get nodes -o wide` shows them. What a node cannot\ntell has a bit in `missing`.\n\n"
	       "| signal | | unit | what it tells |\n|---|---|---|---|\n");
	for (size_t i = 0; i < N(node_rows); i++) {
		print_cells(&node_rows[i]);
		putchar('\n');
	}
}

static void print(void)
{
	printf("# Metrics of a container\n\n"
	       "What the agent measures of every container, systemd unit and other cgroup, once an interval. Names are those\n"
	       "of the wire (`plimsoll.v1.Columns`). What cannot be measured is marked as missing, never written as 0: a bit of\n"
	       "`flags` that is set means that the group is missing.\n\n"
	       "Counters only grow while an agent runs. They begin at 0 when it first sees a cgroup; those that the kernel keeps\n"
	       "(pressure, the quota's periods, OOM kills) when the cgroup was made. On the wire times are nanoseconds.\n\n"
	       "`plimsoll get cgroups -o json` shows all of it, times in seconds: what is `cpu_ns` here is `cpu_seconds` there.\n"
	       "Of histograms it shows p50, p95 and p99. A limit that is 0 here, none, is `null` there and – on screens, as is\n"
	       "what is missing.\n");
	for (size_t i = 0; i < N(groups); i++)
		print_group(&groups[i]);
	print_node();
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
