/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options: text to member and member to text, one pair a type. For base/opt*.c only. */
#ifndef BASE_OPT_VALUE_H
#define BASE_OPT_VALUE_H

#include "base/opt.h"

/* Whether `text` is a value of `d`: 0, -EINVAL or -ERANGE. *ret_why says why not, in words. */
int opt_value_check(const struct opt_desc *d, const char *text, struct buf *ret_why);
/* Stores a checked text; a list is appended to when `append`, else every old value is freed. */
void opt_value_store(const struct opt_desc *d, void *target, const char *text, bool append);
void opt_value_free(const struct opt_desc *d, void *target);
void opt_value_format(const struct opt_desc *d, const void *target, struct buf *to); /* as YAML */
void opt_value_number(const struct opt_desc *d, int64_t n, struct buf *to);          /* a bound */
/* What a value of `d` looks like, for a fix: "write a number and a unit, such as 250ms or 5m". What has bounds is without
 * examples: the caller tells the bounds. */
const char *opt_value_shape(const struct opt_desc *d);

/* "tls-dir" of "tls_dir"; the other one "PLIMSOLL_TLS_DIR". */
void opt_key(const struct opt_desc *d, char *ret_key, size_t size);
void opt_variable(const struct opt_desc *d, char *ret_name, size_t size);

#define OPT_KEY_SIZE 64 /* of a key with its NUL: as long as err_nearest() looks at */

#endif
