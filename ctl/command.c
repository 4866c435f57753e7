/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/opt_value.h"
#include "base/scope.h"
#include "ctl/brake.h"
#include "ctl/completion.h"
#include "ctl/decisions.h"
#include "ctl/describe.h"
#include "ctl/doctor.h"
#include "ctl/explain.h"
#include "ctl/get.h"
#include "ctl/help.h"
#include "ctl/record.h"
#include "ctl/replay.h"
#include "ctl/simulate.h"
#include "ctl/status.h"
#include "ctl/table.h"
#include "ctl/takes.h"
#include "ctl/terminal.h"
#include "ctl/top.h"
#include "ctl/version.h"

/* Which daemon, and how to look: these may stand in an alias, so also where nobody is asked and nothing is painted. */
#define ALL                                                                                        \
	" server timeout tls-dir tls-cert tls-key tls-ca server-name insecure no-headers color config version help"
#define SAYS " output" ALL
#define TREE "table|wide|json|yaml"

const struct command command_table[] = {
	{"top", "", "live view of every workload",
	 "On an aggregator: workloads, what they use, what holds them back, the last decision. On "
	 "an "
	 "agent: every cgroup of its node, first those that are held back most, of equals those that use most CPU. Keys: arrows "
	 "select, enter explains (on an agent: shows every signal), s sorts, c shows each of the seven "
	 "causes rather than what is used (-o wide: from the start), / filters, d shows decisions, p pauses and resumes, q quits. – is what is not measured: a rate before the second sample, a "
	 "SATURATION of which nothing that is measured is above 0 while a cause is not (enter shows which). Plain lines when "
	 "stdout is no terminal.",
	 "seconds sort", SAYS, 0, 0, top_run},
	{"get", "[workloads|nodes|containers|pods|cgroups|decisions|policies|recommendations] [NAME...]", "list things once",
	 "Without a word: workloads. NAME limits the list and may hold * and **. Containers, pods and cgroups go by NAMESPACE/POD/CONTAINER or its "
	 "beginning up to a slash, by a unit's name, an id, or a path that begins with a slash.",
	 "", SAYS, 0, 1024, get_run},
	{"watch", "[workloads|nodes|containers|pods|cgroups|decisions|policies|recommendations] [NAME...]",
	 "the same as a stream of lines",
	 "As get, once a second, until Ctrl-C; decisions as they are made.",
	 "", SAYS, 0, 1024, get_watch},
	{"describe", "CGROUP|policy/NAME", "everything about one container, or one policy",
	 "Every signal and cause of one container, unit or other cgroup, and what would help. CGROUP is "
	 "its path as in get cgroups, or its name; * and ** as there, if one fits. policy/NAME: what a policy "
	 "asks for, and its conditions with reason and message.",
	 "", SAYS, 1, 1, describe_run},
	{"decisions", "[WORKLOAD...]", "what was decided, newest first",
	 "With --watch new decisions follow as they are made.", GET_DECISIONS, SAYS, 0, 1024, decisions_run},
	{"explain", "ID|hold/WORKLOAD|WORKLOAD", "every number behind a decision",
	 "ID as in decisions, such as d-12; of a workload its newest decision; hold/WORKLOAD: what last kept it from changing, "
	 "since the aggregator began.", "", SAYS, 1, 1, explain_run},
	{"record", "WORKLOAD", "a workload's load as a trace for simulate",
	 "Writes a line a second to standard output, until Ctrl-C or for --seconds: CPU that all its replicas use. The last "
	 "line says when it ended.",
	 "seconds", ALL, 1, 1, record_run},
	{"replay", "FILE|ID|hold/WORKLOAD|WORKLOAD", "decide again on what a decision was made from",
	 "FILE: a record, or what explain -o json printed; - is standard input. Ends with 1 if this version decides "
	 "otherwise.",
	 "output=" TREE, ALL, 1, 1, replay_run},
	{"simulate", "", "try policies on a load, before they touch anything",
	 "Each policy of --policy and --compare on the same load and the same plant: replicas that start, carry what "
	 "they can and leave the rest waiting. Needs no daemon. A SHAPE is one of step, ramp, spike, daily, noise, outage.",
	 "policy compare trace svg startup capacity slo idle output=" TREE, ALL, 0, 0, simulate_run},
	{"pause", "WORKLOAD", "stop scaling a workload",
	 "Nothing is changed until it is resumed or --for has passed; decisions are still "
	 "recorded.",
	 "for why", SAYS, 1, 1, brake_pause},
	{"resume", "WORKLOAD", "let it be scaled again", "Ends a pause.", "", SAYS, 1, 1, brake_resume},
	{"status", "", "a daemon about itself",
	 "Version, uptime, what it complains about; -o wide and the others: every counter.", "", SAYS, 0, 0, status_run},
	{"doctor", "", "what this machine lacks, and how to mend it",
	 "Kernel, BTF, capabilities, cgroups, pressure, certificates and the daemons' sockets. "
	 "Needs no "
	 "daemon. Ends with 1 if a line says fail.",
	 "root", SAYS, 0, 0, doctor_run},
	{"version", "", "of this program and of the daemon", "The daemon's when it can be reached.",
	 "", SAYS, 0, 0, version_run},
	{"completion", "bash|zsh|fish", "a script for your shell",
	 "For bash: source <(plimsoll completion bash). For zsh: plimsoll completion zsh > "
	 "\"${fpath[1]}/_plimsoll\". For fish: plimsoll completion fish | source.",
	 "", ALL, 1, 1, completion_run},
	{"help", "[COMMAND|columns|TITLE]", "this, or one command's, or what a column shows",
	 "TITLE: of a column of a list or of top, such as of periods; columns: all of them.", "", ALL, 0, 4, help_run},
};
const size_t command_n = sizeof(command_table) / sizeof(command_table[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_n; i++)
		if (strcmp(command_table[i].name, name) == 0)
			return &command_table[i];
	return NULL;
}

static bool is_of_kinds(const struct command *c)
{
	return c->run == get_run || c->run == get_watch;
}

bool command_owns(const struct command *c, const char *key)
{
	return takes_has(c->takes, key) || (is_of_kinds(c) && get_takes_any(key));
}

bool command_takes(const struct command *c, const char *key)
{
	return command_owns(c, key) || takes_has(c->shares, key);
}

int command_unknown(const char *name, struct err *e)
{
	const char *names[sizeof(command_table) / sizeof(command_table[0])];
	scoped(buf_done) struct buf list = {0};
	const char *near;

	for (size_t i = 0; i < command_n; i++) {
		names[i] = command_table[i].name;
		buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	err_set(e, -EINVAL, "\"%.60s\" is no command", name);
	err_cause(e, "the commands are %s", buf_text(&list));
	near = err_nearest(name, names, command_n);
	if (near)
		return err_fix(e, "did you mean \"plimsoll %s\"?", near);
	return err_fix(e, "plimsoll help says what each does");
}

/* "decisions, get decisions" */
static void add_takers(const char *key, struct buf *to)
{
	for (size_t i = 0; i < command_n; i++) {
		const struct command *c = &command_table[i];

		if (takes_has(c->shares, key) || takes_has(c->takes, key))
			buf_printf(to, "%s%s", to->size ? ", " : "", c->name);
	}
	for (size_t i = 0; i < get_n_kinds; i++)
		if (takes_has(get_takes(get_kinds[i]), key))
			buf_printf(to, "%sget %s", to->size ? ", " : "", get_kinds[i]);
}

static int foreign_option(const struct takes_flag *f, const struct command *c, struct err *e)
{
	scoped(buf_done) struct buf takers = {0};

	add_takers(f->key, &takers);
	err_set(e, -EINVAL, "--%s: not an option of \"plimsoll %s\"", f->key, f->command);
	err_cause(e, "it would do nothing there; it belongs to %s", buf_text(&takers));
	return err_fix(e, "leave it out; plimsoll help %s lists what it takes", c->name);
}

/* `takes`: of the command, or of the kind of thing that it is asked for. */
static int check_flag(const struct command *c, const char *takes, const struct takes_flag *f, struct err *e)
{
	if (takes_has(takes, f->key))
		return takes_check(takes, f, e);
	return takes_has(c->shares, f->key) ? 0 : foreign_option(f, c, e);
}

/* Flags only: an environment is for all commands. */
static int check_options(const struct command *c, const struct opt_origins *origins, const struct session *s,
			 struct err *e)
{
	const char *kind = is_of_kinds(c) ? get_kind(s) : NULL;
	scoped(buf_done) struct buf name = {0};
	int r = 0;

	if (is_of_kinds(c) && !kind)
		return 0; /* no such kind: the command says so */
	buf_printf(&name, "%s%s%s", c->name, kind ? " " : "", kind ? kind : "");
	for (size_t i = 0; i < ctl_option_table.n && r == 0; i++) {
		const struct opt_desc *d = &ctl_option_table.rows[i];
		char key[OPT_KEY_SIZE];
		const struct takes_flag f = {
			.key = key,
			.value = d->type == OPT_CHOICE ? *(char *const *)((const char *)s->o + d->offset) : NULL,
			.command = buf_text(&name),
			.stream = s->o->watch || c->run == get_watch,
		};

		opt_key(d, key, sizeof(key));
		if (origins->of[i] == OPT_FLAG)
			r = check_flag(c, kind ? get_takes(kind) : c->takes, &f, e);
	}
	return r;
}

static int check_words(const struct command *c, const struct session *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		if (*s->words[i])
			continue;
		err_set(e, -EINVAL, "plimsoll %s: an empty word", c->name);
		err_cause(e, "names have letters; a variable of the shell may have been empty");
		return err_fix(e, "leave it out, or say what is meant");
	}
	return 0;
}

static bool takes_lists(const struct command *c)
{
	for (size_t i = 0; i < ctl_option_table.n; i++) {
		const struct opt_desc *d = &ctl_option_table.rows[i];
		char key[OPT_KEY_SIZE];

		opt_key(d, key, sizeof(key));
		if (d->type == OPT_LIST && takes_has(c->takes, key))
			return true;
	}
	return false;
}

static int too_much(const struct command *c, const char *word, struct err *e)
{
	err_set(e, -EINVAL, "\"%.60s\" is too much", word);
	err_cause(e, "plimsoll %s takes %s", c->name, *c->words ? c->words : "no words");
	if (takes_lists(c))
		return err_fix(e, "several values of one option have commas between them, or the option before each");
	return err_fix(e, "write: plimsoll %s%s%s", c->name, *c->words ? " " : "", c->words);
}

int command_check(const struct command *c, const struct opt_origins *origins,
		  const struct session *s, struct err *e)
{
	int r = check_options(c, origins, s, e);

	if (r == 0)
		r = check_words(c, s, e);
	if (r < 0)
		return r;
	if (s->n >= c->least && s->n <= c->most)
		return 0;
	if (s->n > c->most)
		return too_much(c, s->words[c->most], e);
	err_set(e, -EINVAL, "plimsoll %s: what?", c->name);
	err_cause(e, "%s is missing", c->words);
	return err_fix(e, "write: plimsoll %s %s", c->name, c->words);
}

static void print(const struct err *e)
{
	scoped(freep) char *text = NULL;
	size_t n;
	scoped(fclosep) FILE *f = open_memstream(&text, &n);

	err_print(e, ctl_option_table.program, f);
	fflush(f);
	terminal_print(text, stderr);
}

int command_fail(const struct err *e)
{
	fflush(stdout);
	print(e);
	if (e->code == -EINVAL)
		return COMMAND_USAGE;
	return e->code == -EHOSTUNREACH ? COMMAND_UNREACHABLE : COMMAND_FAILED;
}

int command_usage(const struct err *e)
{
	print(e);
	return COMMAND_USAGE;
}

bool command_is(const struct session *s, const char *format)
{
	return strcmp(s->o->output, format) == 0;
}

const char *command_order(const struct session *s, const char *otherwise)
{
	return s->o->sort ? s->o->sort : otherwise;
}

void command_print_table(const struct session *s, struct table *t)
{
	table_print(t, &s->style, !s->o->no_headers, terminal_columns(STDOUT_FILENO), stdout);
}

void command_fold_table(const struct session *s, struct table *t)
{
	table_fold(t, &s->style, !s->o->no_headers, terminal_columns(STDOUT_FILENO), stdout);
}

int command_flush(void)
{
	struct err e;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return COMMAND_FINE;
	err_set(&e, -errno, "cannot write the answer");
	err_fix(&e, "see where stdout goes, and whether that disk is full");
	return command_fail(&e);
}
