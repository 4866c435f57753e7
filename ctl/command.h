/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: one row each, from which help, completion and the dispatch in main.c come. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "ctl/options.h"
#include "ctl/paint.h"

enum command_exit { /* a promise to scripts */
	COMMAND_FINE = 0,
	COMMAND_FAILED = 1, /* it was asked and did not work, or doctor found a failure */
	COMMAND_USAGE = 2,
	COMMAND_UNREACHABLE = 3, /* no daemon, or none that answers */
};

struct session { /* what a command gets */
	const struct ctl_options *o;
	struct paint_style style; /* of stdout */
	bool terminal;            /* stdout is one */
	char **words;             /* after the command's name */
	size_t n;
};

struct command {
	const char *name;
	const char *words;   /* "[WORKLOAD]" */
	const char *summary; /* one line */
	const char *prose;
	const char *takes;   /* its own options, ctl/takes.h; get's and watch's are those of its kinds, ctl/get.h */
	const char *shares;  /* those that it has as others have them */
	size_t least, most;  /* words */
	int (*run)(const struct session *s); /* an exit code; has printed its errors */
};

extern const struct command command_table[];
extern const size_t command_n;

const struct command *command_find(const char *name); /* NULL: none */
bool command_owns(const struct command *c, const char *key);  /* its own */
bool command_takes(const struct command *c, const char *key); /* or a shared one */
/* Options that would do nothing, too few, too many or empty words: -EINVAL with *e filled. */
int command_check(const struct command *c, const struct opt_origins *origins, const struct session *s,
		  struct err *e);
int command_unknown(const char *name, struct err *e);

/* Print the error, return the exit code that goes with it. */
int command_fail(const struct err *e);
int command_usage(const struct err *e);

bool command_is(const struct session *s, const char *format); /* --output */
const char *command_order(const struct session *s, const char *otherwise); /* --sort, if it was said */
struct table;
/* To stdout, no wider than that is; what does not fit is left out, or (folded) follows below. */
void command_print_table(const struct session *s, struct table *t);
void command_fold_table(const struct session *s, struct table *t);
/* Flushes stdout; COMMAND_FAILED with a message when that did not work (a full disk). */
int command_flush(void);

#endif
