/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/quantity_digits.h"

#include <string.h>

static const struct quantity_suffix suffixes[] = {
	{"n", QUANTITY_DECIMAL_SI, -9}, {"u", QUANTITY_DECIMAL_SI, -6}, {"m", QUANTITY_DECIMAL_SI, -3},
	{"", QUANTITY_DECIMAL_SI, 0},	{"k", QUANTITY_DECIMAL_SI, 3},	{"M", QUANTITY_DECIMAL_SI, 6},
	{"G", QUANTITY_DECIMAL_SI, 9},	{"T", QUANTITY_DECIMAL_SI, 12}, {"P", QUANTITY_DECIMAL_SI, 15},
	{"E", QUANTITY_DECIMAL_SI, 18}, {"Ki", QUANTITY_BINARY_SI, 10}, {"Mi", QUANTITY_BINARY_SI, 20},
	{"Gi", QUANTITY_BINARY_SI, 30}, {"Ti", QUANTITY_BINARY_SI, 40}, {"Pi", QUANTITY_BINARY_SI, 50},
	{"Ei", QUANTITY_BINARY_SI, 60},
};

#define SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

const struct quantity_suffix *quantity_suffix_named(const char *text, size_t size)
{
	for (size_t i = 0; i < SUFFIXES; i++)
		if (strlen(suffixes[i].text) == size && !memcmp(suffixes[i].text, text, size))
			return &suffixes[i];
	return NULL;
}

const struct quantity_suffix *quantity_suffix_for(enum quantity_format format, int64_t exponent)
{
	for (size_t i = 0; i < SUFFIXES; i++)
		if (suffixes[i].format == format && suffixes[i].exponent == exponent)
			return &suffixes[i];
	return NULL;
}

static void digits_of_int(int64_t value, struct quantity_digits *ret)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char reversed[20];
	size_t n = 0;

	for (; rest; rest /= 10)
		reversed[n++] = (char)('0' + rest % 10);
	for (size_t i = 0; i < n; i++)
		ret->digit[i] = reversed[n - 1 - i];
	ret->n = n;
}

char quantity_digits_at(const struct quantity_digits *d, int64_t place)
{
	int64_t index = (int64_t)d->n - 1 - (place - d->exponent);

	return index >= 0 && index < (int64_t)d->n ? d->digit[index] : '0';
}

void quantity_digits_of(const struct quantity *q, struct quantity_digits *ret)
{
	ret->sign = quantity_sign(q);
	ret->exponent = q->big ? -9 : q->scale;
	ret->n = q->n;
	if (q->big)
		memcpy(ret->digit, q->digit, q->n);
	else
		digits_of_int(q->value, ret);
	ret->digit[ret->n] = '\0';
}
