/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to quantity as Kubernetes 1.36 reads it (apimachinery pkg/api/resource: quantity.go, ParseQuantity;
 * suffix.go), with the same leniency: "+5", "007", "1.", ".5k" and "m" are quantities. Refused, where
 * Kubernetes would compute on: a decimal exponent beyond int32, and exact values of more than
 * QUANTITY_DIGITS digits.
 */
#ifndef DECIDE_QUANTITY_PARSE_H
#define DECIDE_QUANTITY_PARSE_H

#include <errno.h>

#include "decide/quantity.h"

/* What makes a text no quantity; quantity_parse_error() says it in words. */
#define QUANTITY_PARSE_FORMAT  (-EINVAL)
#define QUANTITY_PARSE_NUMERIC (-EDOM)
#define QUANTITY_PARSE_SUFFIX  (-ENOENT)
#define QUANTITY_PARSE_RANGE   (-ERANGE)

/* No white space is skipped. 0, or one of the four above and *ret is untouched. */
int quantity_parse(const char *text, size_t size, struct quantity *ret);
const char *quantity_parse_error(int code);

#endif
