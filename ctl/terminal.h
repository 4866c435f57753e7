/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers in sentences, and how wide answers may be. That is asked again for each, since people resize windows while a
 * stream runs.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include <stddef.h>
#include <stdio.h>

#include "ctl/paint.h"

/* Columns of the terminal that `fd` is: what COLUMNS says, else what the terminal does. 0: it is a pipe or a file,
 * whose readers get everything, or nobody knows. */
int terminal_columns(int fd);

/* Safe lines, broken between words to the width of the terminal if `to` is one. */
void terminal_print(const char *lines, FILE *to);
/* The same, with the first `n` bytes painted. */
void terminal_print_painted(const char *lines, size_t n, const struct paint_style *s, enum paint p, FILE *to);

#endif
