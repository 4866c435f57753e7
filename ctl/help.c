/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/help.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt_value.h"
#include "base/scope.h"
#include "ctl/terminal.h"
#include "ctl/titles.h"

static void all(struct buf *to)
{
	buf_printf(to,
		   "Usage: plimsoll COMMAND [options]\n\nShows what every workload uses, what was "
		   "decided for it and why.\n\nCommands:\n");
	for (size_t i = 0; i < command_n; i++)
		buf_printf(to, "  %-12s%s\n", command_table[i].name, command_table[i].summary);
	buf_printf(to, "\n\"plimsoll help COMMAND\" describes one. \"plimsoll nodes\" is short for "
		       "\"plimsoll get nodes\".\n\nOptions:\n");
	for (size_t i = 0; i < ctl_option_table.n; i++)
		opt_help_row(&ctl_option_table.rows[i], to);
	buf_printf(
		to,
		"\nEach option is also an environment variable (--tls-dir: PLIMSOLL_TLS_DIR) and "
		"a key of\nthe configuration file (tls-dir). A flag wins over the environment, "
		"that over the file.\n\nExit codes: 0 fine, 1 failed, 2 wrong usage, 3 the daemon "
		"cannot be reached, 130 Ctrl-C.\n");
}

/* Words of `text` in lines of 80 columns. */
static void paragraph(const char *text, struct buf *to)
{
	size_t at = 0;

	while (*(text += strspn(text, " "))) {
		size_t n = strcspn(text, " ");

		if (at && at + 1 + n > 80) {
			buf_printf(to, "\n");
			at = 0;
		}
		buf_printf(to, "%s%.*s", at ? " " : "", (int)n, text);
		at += n + (at > 0);
		text += n;
	}
	buf_printf(to, "\n");
}

static void own_options(const struct command *c, struct buf *to)
{
	bool any = false;

	for (size_t i = 0; i < ctl_option_table.n; i++) {
		const struct opt_desc *d = &ctl_option_table.rows[i];
		char key[OPT_KEY_SIZE];

		opt_key(d, key, sizeof(key));
		if (!command_owns(c, key))
			continue;
		buf_printf(to, "%s", any ? "" : "\nOptions:\n");
		opt_help_row(d, to);
		any = true;
	}
}

static void shared_options(const struct command *c, struct buf *to)
{
	scoped(buf_done) struct buf text = {0};

	buf_printf(&text, "Options that it shares with others, see plimsoll help:");
	for (size_t i = 0; i < ctl_option_table.n; i++) {
		char key[OPT_KEY_SIZE];

		opt_key(&ctl_option_table.rows[i], key, sizeof(key));
		if (command_takes(c, key) && !command_owns(c, key))
			buf_printf(&text, " --%s", key);
	}
	buf_printf(to, "\n");
	paragraph(buf_text(&text), to);
}

static void one(const struct command *c, struct buf *to)
{
	buf_printf(to, "Usage: plimsoll %s%s%s [options]\n\n%c", c->name, *c->words ? " " : "",
		   c->words, c->summary[0] - 'a' + 'A');
	buf_printf(to, "%s.\n", c->summary + 1);
	if (*c->prose) {
		buf_printf(to, "\n");
		paragraph(c->prose, to);
	}
	own_options(c, to);
	shared_options(c, to);
}

/* "of periods" may come as two words. */
static void add_words(const struct session *s, struct buf *to)
{
	for (size_t i = 0; i < s->n; i++)
		buf_printf(to, "%s%s", i ? " " : "", s->words[i]);
}

static bool about_a_title(const struct session *s, struct buf *to)
{
	scoped(buf_done) struct buf title = {0};

	add_words(s, &title);
	if (strcmp(buf_text(&title), "columns") != 0)
		return titles_one(buf_text(&title), to);
	titles_all(to);
	return true;
}

/* "columns" counts as a command here: it is asked for as one. */
static const char *near_command(const char *word)
{
	scoped(freep) const char **names = mem_array(NULL, command_n + 1, sizeof(*names));

	for (size_t i = 0; i < command_n; i++)
		names[i] = command_table[i].name;
	names[command_n] = "columns";
	return err_nearest(word, names, command_n + 1);
}

static int unknown(const struct session *s)
{
	scoped(buf_done) struct buf topic = {0}, title = {0};
	const char *near;
	struct err e;

	add_words(s, &topic);
	near = near_command(buf_text(&topic));
	err_set(&e, -EINVAL, "nothing is called \"%.60s\"", buf_text(&topic));
	err_cause(&e, "it is neither a command nor a title of a column");
	if (near || titles_nearest(buf_text(&topic), &title))
		err_fix(&e, "did you mean \"plimsoll help %s\"?", near ? near : buf_text(&title));
	else
		err_fix(&e, "plimsoll help lists the commands, plimsoll help columns explains the titles");
	return command_usage(&e);
}

int help_run(const struct session *s)
{
	scoped(buf_done) struct buf text = {0};
	const struct command *c = s->n == 1 ? command_find(s->words[0]) : NULL;

	if (c)
		one(c, &text);
	else if (!s->n)
		all(&text);
	else if (!about_a_title(s, &text))
		return unknown(s);
	terminal_print(buf_text(&text), stdout);
	return COMMAND_FINE;
}
