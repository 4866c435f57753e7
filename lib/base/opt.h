/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option table of a program. Its options.def lists every option once; from that come the flag
 * (--tls-dir), the environment variable (PLIMSOLL_TLS_DIR), the YAML key (tls-dir), --help, the man
 * page and docs/reference/options.md. Precedence: flag, environment, file, default.
 *
 * options.def rows: OPTION(TYPE, field, letter, "default", min, max, "unit or placeholder", "prose").
 * `field` is the member of the program's options struct; its underscores become dashes in the key.
 *
 * Member types: OPT_STRING char * (owned), OPT_BOOL bool, OPT_INT int64_t, OPT_DURATION uint64_t ns
 * ("250ms", "1s", "5m", "2h"), OPT_BYTES uint64_t ("64Ki", "16MiB", "1Gi"), OPT_LIST struct opt_list
 * (comma separated, or the flag repeated, or a YAML sequence), OPT_CHOICE char * (one of the words in
 * the unit column, separated by "|"). min and max bound INT, DURATION (ns) and BYTES; both 0: no bound.
 * Without a default ("" or NULL) a string is "", a choice NULL, a number 0, a list empty.
 *
 * Of the same precedence the last value wins; a list grows. Texts about a table are in opt_doc.c.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum opt_type { OPT_STRING, OPT_BOOL, OPT_INT, OPT_DURATION, OPT_BYTES, OPT_LIST, OPT_CHOICE };
enum opt_origin { OPT_DEFAULT, OPT_FILE, OPT_ENVIRONMENT, OPT_FLAG };

struct opt_list {
	char **items;
	size_t n;
};

struct opt_desc {
	enum opt_type type;
	const char *field; /* "tls_dir" */
	char letter;       /* short flag, 0: none */
	size_t offset;
	const char *fallback;
	int64_t min, max;
	const char *unit;
	const char *help;
};

struct opt_table {
	const char *program; /* "plimsoll-agent" */
	const char *summary; /* one line */
	const char *prose;   /* paragraphs for the man page */
	const struct opt_desc *rows;
	size_t n; /* at most OPT_MAX */
	int section; /* of the manual: 8 for daemons, 1 for the CLI */
};

#define OPT_MAX 96 /* rows a table may have: origins are kept in a fixed array */

struct opt_origins {
	enum opt_origin of[OPT_MAX];
	char where[OPT_MAX][80]; /* "flag", "PLIMSOLL_X", "FILE:LINE:COLUMN" */
};

/* -EINVAL: a default of the table is no value of its option (a bug of the table). */
int opt_init(const struct opt_table *t, void *target, struct opt_origins *origins);
const struct opt_desc *opt_find(const struct opt_table *t, const char *key); /* or NULL */
/* -ENOENT: no such key (fix names the nearest), -EINVAL: bad value, -ERANGE: out of its bounds.
 * A value of lower precedence than the one there is parsed, checked and dropped. */
int opt_set(const struct opt_table *t, void *target, struct opt_origins *origins, const char *key,
	    const char *value, enum opt_origin origin, const char *where, struct err *e);
/* Unknown PLIMSOLL_* variables are left alone: several programs share the prefix. Empty ones count as
 * unset. */
int opt_environment(const struct opt_table *t, void *target, struct opt_origins *origins,
		    char **environ_, struct err *e);
/* Flags anywhere; "--" ends them. *ret_words gets the words that are no flags (pointers into argv),
 * at most argc of them. --help, -h and --version are not handled here: they are rows of the table. */
int opt_flags(const struct opt_table *t, void *target, struct opt_origins *origins, int argc,
	      char **argv, char **ret_words, int *ret_n, struct err *e);
void opt_done(const struct opt_table *t, void *target); /* frees strings and lists */

void opt_help(const struct opt_table *t, struct buf *to);      /* 80 columns */
void opt_help_row(const struct opt_desc *d, struct buf *to);   /* one of its options */
void opt_man(const struct opt_table *t, struct buf *to);       /* roff man(7) */
void opt_reference(const struct opt_table *t, struct buf *to); /* Markdown */
void opt_show(const struct opt_table *t, const void *target, const struct opt_origins *origins,
	      struct buf *to); /* every value and where it came from, as YAML */

/* Both take decimals ("1.5s"); a duration needs a unit unless it is 0. -EINVAL, -ERANGE beyond int64. */
int opt_duration(const char *text, uint64_t *ret_ns);
int opt_bytes(const char *text, uint64_t *ret_bytes);

#endif
