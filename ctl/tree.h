/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers as JSON and YAML. Both come out of one jansson tree; key names are a promise to scripts.
 * What was not measured is null. Neither form lets a control character through to a terminal.
 */
#ifndef CTL_TREE_H
#define CTL_TREE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TREE_API "plimsoll.io/v1alpha1"

json_t *tree_string(const char *s);             /* broken UTF-8 becomes U+FFFD */
json_t *tree_text(const char *s);               /* the same; null for an empty one */
json_t *tree_number(bool known, double value);  /* null unless known and finite; rounded to 1e-6 */
json_t *tree_seconds(bool known, uint64_t ns);  /* UINT64_MAX (never): null */
json_t *tree_time(uint64_t unix_ns);            /* RFC 3339, UTC; null for 0 */
json_t *tree_object(const char *kind);          /* apiVersion and kind */
json_t *tree_list(const char *kind, json_t *items); /* takes items */

/* `stream`: JSON on one line, or a YAML document with "---" before it. */
void tree_print(const json_t *tree, bool yaml, bool stream, FILE *to);
void tree_print_exact(json_t *tree, FILE *to); /* as JSON whose reals are read back as the same: a record */
void tree_freep(json_t **t); /* for scoped() */

#endif
