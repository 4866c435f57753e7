/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/completion.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/opt_value.h"
#include "base/scope.h"
#include "ctl/get.h"

static const char *const shells[] = {"bash", "zsh", "fish"};
#define N_SHELLS (sizeof(shells) / sizeof(shells[0]))

static void add_commands(struct buf *to)
{
	for (size_t i = 0; i < command_n; i++)
		buf_printf(to, "%s%s", i ? " " : "", command_table[i].name);
}

static void add_kinds(struct buf *to)
{
	for (size_t i = 0; i < get_n_kinds; i++)
		buf_printf(to, "%s%s", i ? " " : "", get_kinds[i]);
}

/* The words of a choice, "table|wide" as "table wide". */
static void add_choices(const struct opt_desc *d, struct buf *to)
{
	for (const char *c = d->unit; *c; c++)
		buf_add(to, *c == '|' ? " " : c, 1);
}

static void add_flags(const struct command *c, struct buf *to)
{
	for (size_t i = 0; i < ctl_option_table.n; i++) {
		char key[OPT_KEY_SIZE];

		opt_key(&ctl_option_table.rows[i], key, sizeof(key));
		if (command_takes(c, key))
			buf_printf(to, " --%s", key);
	}
}

/* Bash: a case a command for its flags, a case an option for its words. */

static void bash_values(struct buf *to)
{
	for (size_t i = 0; i < ctl_option_table.n; i++) {
		const struct opt_desc *d = &ctl_option_table.rows[i];
		char key[OPT_KEY_SIZE], letter[8] = "";
		bool file = strcmp(d->unit, "FILE") == 0 || strcmp(d->unit, "DIR") == 0;

		if (d->type == OPT_BOOL)
			continue;
		opt_key(d, key, sizeof(key));
		if (d->letter)
			snprintf(letter, sizeof(letter), "|-%c", d->letter);
		buf_printf(to, "    --%s%s) ", key, letter);
		if (d->type == OPT_CHOICE) {
			buf_printf(to, "COMPREPLY=($(compgen -W '");
			add_choices(d, to);
			buf_printf(to, "' -- \"$cur\")); return ;;\n");
		} else {
			buf_printf(to, "%s return ;;\n",
				   file ? "COMPREPLY=($(compgen -f -- \"$cur\"));" : "");
		}
	}
}

static void bash_flags(struct buf *to)
{
	for (size_t i = 0; i < command_n; i++) {
		buf_printf(to, "    %s) flags='", command_table[i].name);
		add_flags(&command_table[i], to);
		buf_printf(to, "' ;;\n");
	}
}

static void bash(struct buf *to)
{
	buf_printf(to, "# plimsoll in bash: source <(plimsoll completion bash)\n"
		       "_plimsoll() {\n"
		       "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
		       "command= flags= words= i\n"
		       "  COMPREPLY=()\n  case $prev in\n");
	bash_values(to);
	buf_printf(to, "  esac\n"
		       "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
		       "    case ${COMP_WORDS[i]} in\n      -*) ;;\n      ");
	for (size_t i = 0; i < command_n; i++)
		buf_printf(to, "%s%s", i ? "|" : "", command_table[i].name);
	buf_printf(to,
		   ") command=${COMP_WORDS[i]}; break ;;\n    esac\n  done\n  case $command in\n");
	bash_flags(to);
	buf_printf(to, "    '') flags='--help --version' words='");
	add_commands(to);
	buf_printf(to, "' ;;\n  esac\n  case $command in\n    get|watch) words='");
	add_kinds(to);
	buf_printf(to, "' ;;\n    completion) words='bash zsh fish' ;;\n    help) words='");
	add_commands(to);
	buf_printf(to, "' ;;\n    pause|resume|explain|decisions)\n"
		       "      words=$(plimsoll get workloads -o name --timeout 500ms 2>/dev/null | "
		       "sed 's,^workload/,,') ;;\n  esac\n"
		       "  case $cur in\n"
		       "    -*) COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\")) ;;\n"
		       "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
		       "  esac\n}\ncomplete -F _plimsoll plimsoll\n");
}

/* Text inside '…' of zsh and fish; a colon would end zsh's name. */
static void add_quoted(const char *text, bool zsh, struct buf *to)
{
	for (; *text; text++) {
		if (*text == '\'')
			buf_printf(to, zsh ? "'\\''" : "\\'");
		else if (zsh && strchr(":[]\\", *text))
			buf_printf(to, "\\%c", *text);
		else
			buf_add(to, text, 1);
	}
}

static void zsh_flag(const struct opt_desc *d, struct buf *to)
{
	char key[OPT_KEY_SIZE];

	opt_key(d, key, sizeof(key));
	buf_printf(to, "    '--%s[", key);
	add_quoted(d->help, true, to);
	buf_printf(to, "]");
	if (d->type == OPT_CHOICE) {
		buf_printf(to, ":word:(");
		add_choices(d, to);
		buf_printf(to, ")");
	} else if (d->type != OPT_BOOL) {
		buf_printf(to, strcmp(d->unit, "FILE") == 0  ? ":file:_files"
			       : strcmp(d->unit, "DIR") == 0 ? ":folder:_files -/"
							     : ":value: ");
	}
	buf_printf(to, "'\n");
}

static void zsh(struct buf *to)
{
	buf_printf(to, "#compdef plimsoll\n"
		       "# plimsoll in zsh: a file _plimsoll in a folder of $fpath\n"
		       "_plimsoll() {\n  local -a commands options\n  commands=(\n");
	for (size_t i = 0; i < command_n; i++) {
		buf_printf(to, "    '%s:", command_table[i].name);
		add_quoted(command_table[i].summary, true, to);
		buf_printf(to, "'\n");
	}
	buf_printf(to, "  )\n  options=(\n");
	for (size_t i = 0; i < ctl_option_table.n; i++)
		zsh_flag(&ctl_option_table.rows[i], to);
	buf_printf(to, "  )\n"
		       "  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
		       "    _describe command commands\n    return\n  fi\n"
		       "  case $words[2] in\n    get|watch) _arguments $options '2:kind:(");
	add_kinds(to);
	buf_printf(to, ")' ;;\n    completion) _arguments $options '2:shell:(bash zsh fish)' ;;\n"
		       "    help) _arguments $options '2:command:(");
	add_commands(to);
	buf_printf(
		to,
		")' ;;\n    pause|resume|explain|decisions)\n"
		"      _arguments $options \"2:workload:(${(f)$(plimsoll get workloads -o name "
		"--timeout 500ms 2>/dev/null)#workload/})\" ;;\n"
		"    *) _arguments $options ;;\n  esac\n}\n"
		"if [[ $funcstack[1] = _plimsoll ]]; then _plimsoll \"$@\"; else compdef _plimsoll "
		"plimsoll; fi\n");
}

static void fish_flag(const struct opt_desc *d, struct buf *to)
{
	char key[OPT_KEY_SIZE];

	opt_key(d, key, sizeof(key));
	buf_printf(to, "complete -c plimsoll -l %s", key);
	if (d->letter)
		buf_printf(to, " -s %c", d->letter);
	if (d->type == OPT_CHOICE) {
		buf_printf(to, " -x -a '");
		add_choices(d, to);
		buf_printf(to, "'");
	} else if (d->type != OPT_BOOL) {
		buf_printf(to, strcmp(d->unit, "FILE") == 0 || strcmp(d->unit, "DIR") == 0
				       ? " -r -F"
				       : " -x");
	}
	buf_printf(to, " -d '");
	add_quoted(d->help, false, to);
	buf_printf(to, "'\n");
}

static void fish(struct buf *to)
{
	buf_printf(
		to,
		"# plimsoll in fish: plimsoll completion fish | source\ncomplete -c plimsoll -f\n");
	for (size_t i = 0; i < command_n; i++) {
		buf_printf(to, "complete -c plimsoll -n __fish_use_subcommand -a %s -d '",
			   command_table[i].name);
		add_quoted(command_table[i].summary, false, to);
		buf_printf(to, "'\n");
	}
	buf_printf(to, "complete -c plimsoll -n '__fish_seen_subcommand_from get watch' -a '");
	add_kinds(to);
	buf_printf(
		to,
		"'\ncomplete -c plimsoll -n '__fish_seen_subcommand_from completion' -a 'bash zsh "
		"fish'\n"
		"complete -c plimsoll -n '__fish_seen_subcommand_from pause resume explain "
		"decisions' -a '(plimsoll get workloads -o name --timeout 500ms 2>/dev/null | "
		"string replace workload/ \"\")'\n");
	for (size_t i = 0; i < ctl_option_table.n; i++)
		fish_flag(&ctl_option_table.rows[i], to);
}

int completion_write(const char *shell, struct buf *to)
{
	static void (*const write[N_SHELLS])(struct buf *) = {bash, zsh, fish};

	for (size_t i = 0; i < N_SHELLS; i++) {
		if (strcmp(shells[i], shell) == 0) {
			write[i](to);
			return 0;
		}
	}
	return -EINVAL;
}

int completion_run(const struct session *s)
{
	scoped(buf_done) struct buf text = {0};
	const char *near = err_nearest(s->words[0], shells, N_SHELLS);
	struct err e;

	if (completion_write(s->words[0], &text) == 0) {
		fputs(buf_text(&text), stdout);
		return COMMAND_FINE;
	}
	err_set(&e, -EINVAL, "no completion for \"%.40s\"", s->words[0]);
	err_cause(&e, "there are scripts for bash, zsh and fish");
	if (near)
		err_fix(&e, "did you mean \"plimsoll completion %s\"?", near);
	else
		err_fix(&e, "write one of the three");
	return command_usage(&e);
}
