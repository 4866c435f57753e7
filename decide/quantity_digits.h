/* SPDX-License-Identifier: Apache-2.0 */
/* A quantity as decimal digits, for whoever compares or prints one, and the suffixes. */
#ifndef DECIDE_QUANTITY_DIGITS_H
#define DECIDE_QUANTITY_DIGITS_H

#include "decide/quantity.h"

struct quantity_digits { /* digit[0 … n) x 10^exponent, never a leading 0; zero has none */
	int sign;
	size_t n;
	int64_t exponent;
	char digit[QUANTITY_DIGITS + 1];
};

void quantity_digits_of(const struct quantity *q, struct quantity_digits *ret);
char quantity_digits_at(const struct quantity_digits *d, int64_t place); /* the digit that counts 10^place */

struct quantity_suffix {
	const char *text;
	enum quantity_format format;
	int exponent; /* of 10, or of 2 when the format is QUANTITY_BINARY_SI */
};

/* NULL: there is no such suffix. */
const struct quantity_suffix *quantity_suffix_named(const char *text, size_t size);
const struct quantity_suffix *quantity_suffix_for(enum quantity_format format, int64_t exponent);

#endif
