/* SPDX-License-Identifier: Apache-2.0 */
/* The option table as words: --help, man page, Markdown, and the values in force. */
#include <ctype.h>
#include <string.h>

#include "base/opt.h"
#include "base/opt_value.h"
#include "base/scope.h"

#define HELP_WIDTH 80 /* the classic terminal, and what GNU recommends for --help */
#define HELP_INDENT 26

static const char *placeholder(const struct opt_desc *d)
{
	static const char *const fallback[] = {
		[OPT_STRING] = "TEXT", [OPT_INT] = "N",     [OPT_DURATION] = "DURATION",
		[OPT_BYTES] = "SIZE",  [OPT_LIST] = "LIST", [OPT_CHOICE] = "WORD",
		[OPT_BOOL] = "",
	};

	if (d->type == OPT_BOOL)
		return "";
	return d->unit && d->unit[0] ? d->unit : fallback[d->type];
}

static bool on_by_default(const struct opt_desc *d)
{
	return d->type == OPT_BOOL && d->fallback && strcmp(d->fallback, "true") == 0;
}

/* "default 1s, 250ms to 1h": what the prose need not repeat. */
static void add_facts(const struct opt_desc *d, struct buf *to)
{
	const char *comma = "";

	if (d->fallback && d->fallback[0] && strcmp(d->fallback, "false") != 0) {
		buf_printf(to, "default %s", d->fallback);
		comma = ", ";
	}
	if (d->type != OPT_BOOL && (d->min || d->max)) {
		buf_printf(to, "%s", comma);
		opt_value_number(d, d->min, to);
		buf_printf(to, " to ");
		opt_value_number(d, d->max, to);
	}
	if (d->type == OPT_LIST)
		buf_printf(to, "%s", *comma ? ", repeatable" : "repeatable");
}

/* Columns, not bytes: prose may hold UTF-8. */
static size_t columns(const char *text, size_t n)
{
	size_t c = 0;

	for (size_t i = 0; i < n; i++)
		c += ((unsigned char)text[i] & 0xc0) != 0x80;
	return c;
}

/* Adds words from column `at`, breaking to `indent`; ends the line. */
static void wrap(const char *text, size_t at, size_t indent, struct buf *to)
{
	bool first = true;

	while (*(text += strspn(text, " \t\n"))) {
		size_t n = strcspn(text, " \t\n"), wide = columns(text, n);

		if (!first && at + 1 + wide > HELP_WIDTH) {
			buf_printf(to, "\n%*s", (int)indent, "");
			at = indent;
			first = true;
		}
		buf_printf(to, "%s%.*s", first ? "" : " ", (int)n, text);
		at += wide + !first;
		first = false;
		text += n;
	}
	buf_printf(to, "\n");
}

void opt_help_row(const struct opt_desc *d, struct buf *to)
{
	char key[OPT_KEY_SIZE];
	scoped(buf_done) struct buf head = { 0 }, text = { 0 }, facts = { 0 };

	opt_key(d, key, sizeof(key));
	if (d->letter)
		buf_printf(&head, "  -%c, ", d->letter);
	else
		buf_printf(&head, "      ");
	buf_printf(&head, "--%s%s%s%s", on_by_default(d) ? "[no-]" : "", key,
		   *placeholder(d) ? " " : "", placeholder(d));
	add_facts(d, &facts);
	buf_printf(&text, "%s%s%s%s", d->help, facts.size ? " [" : "", buf_text(&facts),
		   facts.size ? "]" : "");
	size_t at = columns(buf_text(&head), head.size);
	buf_printf(to, "%s", buf_text(&head));
	if (at + 2 > HELP_INDENT)
		buf_printf(to, "\n%*s", HELP_INDENT, "");
	else
		buf_printf(to, "%*s", (int)(HELP_INDENT - at), "");
	wrap(buf_text(&text), HELP_INDENT, HELP_INDENT, to);
}

void opt_help(const struct opt_table *t, struct buf *to)
{
	buf_printf(to, "Usage: %s [options]\n", t->program);
	wrap(t->summary, 0, 0, to);
	buf_printf(to, "\nOptions:\n");
	for (size_t i = 0; i < t->n; i++)
		opt_help_row(&t->rows[i], to);
	buf_printf(to, "\n");
	wrap("Each option is also an environment variable (--tls-dir: PLIMSOLL_TLS_DIR) and a key of "
	     "the configuration file (tls-dir). A flag wins over the environment, the environment "
	     "over the file, the file over the default.", 0, 0, to);
}

/* man(7): a backslash starts an escape, a leading point or quote a request, and a bare hyphen may
 * become a typographic one that nobody can paste into a shell. */
static void add_roff(const char *text, struct buf *to)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			buf_printf(to, "\\&");
		if (*text == '\\')
			buf_printf(to, "\\e");
		else if (*text == '-')
			buf_printf(to, "\\-");
		else
			buf_add(to, text, 1);
		start = *text == '\n';
	}
}

static void add_roff_upper(const char *text, struct buf *to)
{
	for (; *text; text++)
		buf_printf(to, *text == '-' ? "\\-" : "%c", toupper((unsigned char)*text));
}

static void man_row(const struct opt_desc *d, struct buf *to)
{
	char key[OPT_KEY_SIZE], variable[OPT_KEY_SIZE + 16];
	scoped(buf_done) struct buf facts = { 0 };

	opt_key(d, key, sizeof(key));
	opt_variable(d, variable, sizeof(variable));
	buf_printf(to, ".TP\n\\fB");
	if (d->letter)
		buf_printf(to, "\\-%c\\fR, \\fB", d->letter);
	buf_printf(to, "\\-\\-%s", on_by_default(d) ? "[no\\-]" : "");
	add_roff(key, to);
	buf_printf(to, "\\fR%s\\fI", *placeholder(d) ? " " : "");
	add_roff(placeholder(d), to);
	buf_printf(to, "\\fR\n");
	add_roff(d->help, to);
	add_facts(d, &facts);
	if (facts.size) {
		buf_printf(to, "\n(");
		add_roff(buf_text(&facts), to);
		buf_printf(to, ").");
	}
	buf_printf(to, "\nEnvironment: %s.\n", variable);
}

/* Blank lines of the prose are paragraphs. */
static void man_prose(const char *prose, struct buf *to)
{
	for (const char *end; (end = strstr(prose, "\n\n")); prose = end + 2) {
		scoped(buf_done) struct buf paragraph = { 0 };

		buf_add(&paragraph, prose, (size_t)(end - prose));
		add_roff(buf_text(&paragraph), to);
		buf_printf(to, "\n.PP\n");
	}
	add_roff(prose, to);
	buf_printf(to, "\n");
}

void opt_man(const struct opt_table *t, struct buf *to)
{
	buf_printf(to, ".TH ");
	add_roff_upper(t->program, to);
	buf_printf(to, " %d \"\" Plimsoll \"Plimsoll manual\"\n.SH NAME\n", t->section);
	add_roff(t->program, to);
	buf_printf(to, " \\- ");
	add_roff(t->summary, to);
	buf_printf(to, "\n.SH SYNOPSIS\n\\fB");
	add_roff(t->program, to);
	buf_printf(to, "\\fR [\\fIoptions\\fR]\n.SH DESCRIPTION\n");
	man_prose(t->prose && t->prose[0] ? t->prose : t->summary, to);
	buf_printf(to, ".SH OPTIONS\n");
	for (size_t i = 0; i < t->n; i++)
		man_row(&t->rows[i], to);
	buf_printf(to, ".SH PRECEDENCE\nA flag wins over the environment, the environment over the "
		       "configuration file, the file over the default. Keys of the file are the long "
		       "flags without the hyphens in front.\n");
}

static void add_cell(const char *text, struct buf *to)
{
	for (; *text; text++) {
		if (*text == '|')
			buf_printf(to, "\\|");
		else
			buf_add(to, *text == '\n' ? " " : text, 1);
	}
}

void opt_reference(const struct opt_table *t, struct buf *to)
{
	buf_printf(to, "# %s\n\n%s\n", t->program, t->summary);
	if (t->prose && t->prose[0])
		buf_printf(to, "\n%s\n", t->prose);
	buf_printf(to, "\n| flag and key | variable | value | default and bounds | meaning |\n"
		       "|---|---|---|---|---|\n");
	for (size_t i = 0; i < t->n; i++) {
		const struct opt_desc *d = &t->rows[i];
		char key[OPT_KEY_SIZE], variable[OPT_KEY_SIZE + 16];
		scoped(buf_done) struct buf facts = { 0 };

		opt_key(d, key, sizeof(key));
		opt_variable(d, variable, sizeof(variable));
		buf_printf(to, "| `--%s`", key);
		if (d->letter)
			buf_printf(to, ", `-%c`", d->letter);
		buf_printf(to, " | `%s` | ", variable);
		add_cell(d->type == OPT_BOOL ? "true|false" : placeholder(d), to);
		add_facts(d, &facts);
		buf_printf(to, " | ");
		add_cell(buf_text(&facts), to);
		buf_printf(to, " | ");
		add_cell(d->help, to);
		buf_printf(to, " |\n");
	}
}

void opt_show(const struct opt_table *t, const void *target, const struct opt_origins *origins,
	      struct buf *to)
{
	for (size_t i = 0; i < t->n; i++) {
		char key[OPT_KEY_SIZE];
		scoped(buf_done) struct buf line = { 0 };

		opt_key(&t->rows[i], key, sizeof(key));
		buf_printf(&line, "%s: ", key);
		opt_value_format(&t->rows[i], target, &line);
		buf_printf(to, "%-40s # %s\n", buf_text(&line), origins->where[i]);
	}
}
