/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints one program's reference out of its own tables; built once a program by docs/CMakeLists.txt,
 * which names the tables. `reference-agent options|metrics|man`, or `lint` to check the tables.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "base/scope.h"
#include OPTIONS_HEADER
#ifdef METRICS_HEADER
#include METRICS_HEADER
#endif

static int complaints;

static void complain(const char *name, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", OPTIONS.program, name, what);
	complaints++;
}

/* Everything a default could fill lies below the last member's end. */
static void *target_new(void)
{
	size_t size = 0;

	for (size_t i = 0; i < OPTIONS.n; i++) {
		size_t end = OPTIONS.rows[i].offset + sizeof(struct opt_list);
		size = end > size ? end : size;
	}
	return mem_zero(size);
}

static bool is_sentence(const char *text)
{
	size_t n = strlen(text);
	return n && text[n - 1] == '.';
}

static void lint_option(const struct opt_desc *d, const char *help)
{
	char flag[96];
	int n = snprintf(flag, sizeof(flag), "-%s", d->field);

	for (int i = 0; i < n; i++)
		if (flag[i] == '_')
			flag[i] = '-';
	if (!strstr(help, flag + 1))
		complain(d->field, "is not in --help");
	if (!is_sentence(d->help))
		complain(d->field, "its prose is no sentence");
	for (size_t i = 0; &OPTIONS.rows[i] != d; i++) {
		if (strcmp(OPTIONS.rows[i].field, d->field) == 0)
			complain(d->field, "is there twice");
		if (d->letter && OPTIONS.rows[i].letter == d->letter)
			complain(d->field, "shares its letter");
	}
}

static void lint_options(void)
{
	scoped(buf_done) struct buf help = { 0 };
	scoped(freep) void *target = target_new();
	scoped(freep) struct opt_origins *origins = mem_new(struct opt_origins);

	if (opt_init(&OPTIONS, target, origins))
		complain("defaults", "one of them is no value of its option");
	else
		opt_done(&OPTIONS, target);
	opt_help(&OPTIONS, &help);
	for (size_t i = 0; i < OPTIONS.n; i++)
		lint_option(&OPTIONS.rows[i], buf_text(&help));
}

#ifdef METRICS_HEADER
static bool ends_with(const char *text, const char *tail)
{
	size_t n = strlen(text), m = strlen(tail);
	return n > m && strcmp(text + n - m, tail) == 0;
}

/* The rules of OpenMetrics that a scraper would trip over. */
static void lint_metric(const struct metric_desc *d)
{
	char tail[64];
	bool counter = d->kind == METRIC_COUNTER;

	for (const char *c = d->name; *c; c++) {
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			complain(d->name, "a name has small letters, digits and underscores");
	}
	if (counter != ends_with(d->name, "_total"))
		complain(d->name, "counters, and only they, end in _total");
	snprintf(tail, sizeof(tail), "_%s%s", d->unit, counter ? "_total" : "");
	if (d->unit[0] && !ends_with(d->name, tail))
		complain(d->name, "its name does not end in its unit");
	if (!(d->scale > 0))
		complain(d->name, "its scale is not above 0");
	if (!is_sentence(d->help))
		complain(d->name, "its prose is no sentence");
	for (size_t i = 0; &METRICS.rows[i] != d; i++) {
		if (strcmp(METRICS.rows[i].name, d->name) == 0)
			complain(d->name, "is there twice");
	}
}

static void lint_metrics(void)
{
	for (size_t i = 0; i < METRICS.n; i++)
		lint_metric(&METRICS.rows[i]);
}

static void metrics(struct buf *to)
{
	buf_printf(to, "# Metrics of %s\n\n", OPTIONS.program);
	metric_reference(&METRICS, to);
}
#else
static void lint_metrics(void)
{
}

static void metrics(struct buf *to)
{
	buf_printf(to, "# Metrics of %s\n\nIt has none.\n", OPTIONS.program);
}
#endif

int main(int argc, char **argv)
{
	scoped(buf_done) struct buf text = { 0 };
	const char *verb = argc == 2 ? argv[1] : "";

	if (strcmp(verb, "options") == 0)
		opt_reference(&OPTIONS, &text);
	else if (strcmp(verb, "man") == 0)
		opt_man(&OPTIONS, &text);
	else if (strcmp(verb, "metrics") == 0)
		metrics(&text);
	else if (strcmp(verb, "lint") == 0)
		lint_options(), lint_metrics();
	else
		return fprintf(stderr, "usage: %s options|metrics|man|lint\n", argv[0]), 2;
	fputs(buf_text(&text), stdout);
	return complaints || fflush(stdout) ? 1 : 0;
}
