/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes quantities ("250m", "1.5Gi", "12e3"): their values, to the last digit as Kubernetes 1.36 has
 * them (apimachinery pkg/api/resource: quantity.go, amount.go, math.go, scale_int.go); quantity_parse.h
 * reads and quantity_print.h writes them. Exact decimals down to 10^-9; what is finer is rounded away from zero. Decisions are
 * made on quantity_milli(). Plain values: no allocation, no locale.
 *
 * Where Kubernetes answers with an accident, so does this: a milli value beyond int64 is 0, wrapped or
 * truncated as Go on amd64 gives it, and some negative quantities round the wrong way
 * (docs/design/compat.md).
 */
#ifndef DECIDE_QUANTITY_H
#define DECIDE_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUANTITY_DIGITS 384 /* of the exact value in nano-units: no real quantity has a tenth of it */
#define QUANTITY_TEXT	(QUANTITY_DIGITS + 32) /* bytes that hold any canonical text with its NUL */

enum quantity_format {
	QUANTITY_DECIMAL_SI,       /* 12M */
	QUANTITY_BINARY_SI,        /* 12Mi */
	QUANTITY_DECIMAL_EXPONENT, /* 12e6 */
};

struct quantity {
	enum quantity_format format;
	bool verbatim;  /* its own text counts as canonical: Kubernetes prints it unchanged */
	bool big;       /* false: value x 10^scale. true: `digit` x 10^-9 */
	bool negative;  /* of a big one */
	int64_t value;
	int32_t scale;
	uint16_t n;
	char digit[QUANTITY_DIGITS + 1]; /* n decimal digits, the first is not 0, then NUL */
};

struct quantity quantity_of_milli(int64_t milli, enum quantity_format format);

int64_t quantity_milli(const struct quantity *q); /* MilliValue(): in 1/1000, rounded away from zero */
bool quantity_milli_fits(const struct quantity *q); /* whether that is within int64 */
int32_t quantity_excess_nano(const struct quantity *q); /* by so much that is more, 0 … 999999; of 0 or more */
int64_t quantity_value(const struct quantity *q); /* Value(): whole units, rounded away from zero */
double quantity_double(const struct quantity *q); /* AsApproximateFloat64() */
int quantity_sign(const struct quantity *q);      /* -1, 0, 1 */
int quantity_compare(const struct quantity *a, const struct quantity *b); /* exact: -1, 0, 1 */

#endif
