/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error as a person needs it: what failed, why, and what to do. Library code fills it and returns
 * the negative errno; whoever owns the terminal or the log prints it, once. Passing NULL is allowed
 * everywhere and drops the text.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdio.h>

struct err {
	int code;        /* negative errno, 0: no error */
	char what[256];
	char cause[256]; /* empty: strerror(-code) */
	char fix[320];   /* empty: nothing to suggest */
};

/* Sets `what` and the code, empties the rest, returns `code`. */
int err_set(struct err *e, int code, const char *what, ...) __attribute__((format(printf, 3, 4)));
/* Both return e->code, so that `return err_fix(...)` reads well; -EINVAL when e is NULL. */
int err_cause(struct err *e, const char *cause, ...) __attribute__((format(printf, 2, 3)));
int err_fix(struct err *e, const char *fix, ...) __attribute__((format(printf, 2, 3)));

/* "program: what\n  cause: …\n  fix:   …\n" */
void err_print(const struct err *e, const char *program, FILE *to);

/* The nearest of `n` names to `word` by edit distance, at most 2 away; NULL when none is. */
const char *err_nearest(const char *word, const char *const *names, size_t n);

#endif
