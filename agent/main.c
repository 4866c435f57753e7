/* SPDX-License-Identifier: Apache-2.0 */
/* plimsoll-agent: reads its options, runs the agent. Exit codes: 0 fine, 1 failed, 2 usage. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/options.h"
#include "agent/sandbox/user.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/scope.h"
#include "conf/conf.h"
#include "pki/pki.h"
#include "plimsoll/version.h"

#define PROGRAM "plimsoll-agent"

enum { FINE = 0, FAILED = 1, USAGE = 2 };

static int usage(const struct err *e)
{
	err_print(e, PROGRAM, stderr);
	return USAGE;
}

static int refuse_word(const char *word)
{
	struct err e;

	err_set(&e, -EINVAL, "\"%.80s\" is not understood", word);
	err_cause(&e, "this program takes options only");
	err_fix(&e, "%s --help lists them", PROGRAM);
	return usage(&e);
}

static int print_help(void)
{
	scoped(buf_done) struct buf text = {0};

	opt_help(&agent_option_table, &text);
	fputs(buf_text(&text), stdout);
	return FINE;
}

/* Certificates that are given are read now; those of --tls-dir are made at start. */
static int check_machine(const struct agent_options *o, struct err *e)
{
	struct user u;
	int r = user_find(o->user, &u, e);

	if (r < 0)
		return r;
	if (!agent_options_tls(o) || !*o->tls_cert)
		return 0;
	return pki_check(o->tls_cert, o->tls_key, o->tls_ca, NULL, e);
}

static int run(struct agent_options *o)
{
	enum log_level level = LOG_INFO;
	struct err e = {0};
	int r;

	if (agent_options_check(o, &e) < 0 || check_machine(o, &e) < 0)
		return usage(&e);
	if (o->check) {
		puts("the configuration is valid");
		return FINE;
	}
	(void)log_level_parse(o->log_level, &level); /* the table knows the words */
	log_init(PROGRAM, level, strcmp(o->log_format, "json") == 0);
	r = agent_run(o, &e);
	if (r == FAILED)
		err_print(&e, PROGRAM, stderr);
	return r;
}

int main(int argc, char **argv)
{
	scoped(freep) char **words = mem_array(NULL, (size_t)argc, sizeof(char *));
	struct agent_options o = {0};
	struct opt_origins origins;
	struct err e = {0};
	int n_words = 0, r;

	heap_init();
	if (conf_resolve(&agent_option_table, &o, &origins, argc, argv, words, &n_words, &e) < 0)
		return usage(&e);
	if (o.help)
		r = print_help();
	else if (o.version)
		r = printf(PROGRAM " " PLIMSOLL_VERSION "\n") > 0 ? FINE : FAILED;
	else
		r = n_words ? refuse_word(words[0]) : run(&o);
	opt_done(&agent_option_table, &o);
	return r;
}
