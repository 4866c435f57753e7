/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll: finds the command, checks its words and options, runs it. Exit codes: ctl/command.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"
#include "conf/conf.h"
#include "ctl/command.h"
#include "ctl/connect.h"
#include "ctl/get.h"
#include "ctl/help.h"
#include "plimsoll/version.h"

/* "plimsoll nodes" is "plimsoll get nodes". */
static const struct command *find(struct session *s, char **words, size_t n)
{
	const struct command *c = command_find(words[0]);

	s->words = words + 1;
	s->n = n - 1;
	if (!c && get_knows(words[0])) {
		s->words--;
		s->n++;
		c = command_find("get");
	}
	return c;
}

static int run(const struct ctl_options *o, const struct opt_origins *origins, char **words,
	       size_t n)
{
	struct session s = {.o = o, .terminal = isatty(STDOUT_FILENO)};
	const struct command *c;
	struct err e;

	s.style = paint_style(o->color ? o->color : "auto", s.terminal);
	if (n == 0)
		return help_run(&s);
	c = find(&s, words, n);
	if (!c) {
		command_unknown(words[0], &e);
		return command_usage(&e);
	}
	if (o->help) {
		s.words = (char *[]){(char *)(uintptr_t)c->name};
		s.n = 1;
		return help_run(&s);
	}
	return command_check(c, origins, &s, &e) < 0 ? command_usage(&e) : c->run(&s);
}

int main(int argc, char **argv)
{
	scoped(freep) char **words = mem_array(NULL, (size_t)argc + 1, sizeof(char *));
	struct ctl_options o = {0};
	struct opt_origins origins;
	struct err e = {0};
	int n = 0, r;

	if (conf_resolve(&ctl_option_table, &o, &origins, argc, argv, words, &n, &e) < 0)
		return command_usage(&e);
	if (o.version)
		r = printf("plimsoll " PLIMSOLL_VERSION "\n") > 0 ? COMMAND_FINE : COMMAND_FAILED;
	else
		r = run(&o, &origins, words, (size_t)n);
	if (r == COMMAND_FINE)
		r = command_flush();
	connect_shutdown();
	opt_done(&ctl_option_table, &o);
	return r;
}
