/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/quantity_print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decide/quantity_digits.h"

/* Binary suffixes are for whole numbers from 1024 on; what they would round prints as a decimal. */
static bool prints_binary(const struct quantity *q, const struct quantity_digits *d)
{
	const struct quantity kibi = {.value = 1024}, minus_kibi = {.value = -1024};

	if (q->format != QUANTITY_BINARY_SI)
		return false;
	if (quantity_compare(q, &kibi) < 0 && quantity_compare(q, &minus_kibi) > 0)
		return false;
	for (int64_t i = 0; i < -d->exponent; i++) /* its fraction */
		if (d->digit[d->n - 1 - (size_t)i] != '0')
			return false;
	return true;
}

/* Capped at int64 when it was parsed, so its digits fit. */
static int print_binary(const struct quantity_digits *d, char *ret, size_t size)
{
	const struct quantity_suffix *suffix;
	int64_t rest = 0, exponent = 0;

	for (int64_t i = 0; i < (int64_t)d->n + d->exponent; i++)
		rest = rest * 10 + (i < (int64_t)d->n ? d->digit[i] - '0' : 0);
	for (; rest >= 1024 && rest % 1024 == 0; rest /= 1024)
		exponent += 10;
	suffix = quantity_suffix_for(QUANTITY_BINARY_SI, exponent);
	return snprintf(ret, size, "%s%" PRId64 "%s", d->sign < 0 ? "-" : "", rest,
			suffix ? suffix->text : "");
}

/* A decimal exponent is a multiple of 3. Kubernetes has no suffix beyond E and then prints none. */
static int print_decimal(enum quantity_format format, struct quantity_digits *d, char *ret, size_t size)
{
	const struct quantity_suffix *suffix;
	const char *sign = d->sign < 0 ? "-" : "", *zeros;

	for (; d->n > 1 && d->digit[d->n - 1] == '0'; d->n--)
		d->exponent++;
	zeros = (const char *[]){"", "0", "00"}[((d->exponent % 3) + 3) % 3];
	d->exponent -= (int64_t)strlen(zeros);
	d->digit[d->n] = '\0';
	if (format == QUANTITY_DECIMAL_EXPONENT && d->exponent)
		return snprintf(ret, size, "%s%s%se%" PRId64, sign, d->digit, zeros, d->exponent);
	suffix = quantity_suffix_for(QUANTITY_DECIMAL_SI, d->exponent);
	return snprintf(ret, size, "%s%s%s%s", sign, d->digit, zeros, suffix ? suffix->text : "");
}

int quantity_print(const struct quantity *q, char *ret, size_t size)
{
	struct quantity_digits d;

	quantity_digits_of(q, &d);
	if (!d.sign)
		return snprintf(ret, size, "0");
	return prints_binary(q, &d) ? print_binary(&d, ret, size) : print_decimal(q->format, &d, ret, size);
}

int quantity_print_decimal(const struct quantity *q, char *ret, size_t size)
{
	struct quantity_digits d;
	int64_t first, last;
	char *at = ret;

	quantity_digits_of(q, &d);
	last = d.exponent < 0 ? d.exponent : 0; /* a fraction keeps its zeros: 1.000 was given with three */
	first = d.sign && (int64_t)d.n + d.exponent > 1 ? (int64_t)d.n + d.exponent - 1 : 0;
	if (first - last + 4 > (int64_t)size) /* the first digit, sign, point and NUL */
		return -ERANGE;
	if (d.sign < 0)
		*at++ = '-';
	for (int64_t place = first; place >= last; place--) {
		*at++ = quantity_digits_at(&d, place);
		if (place == 0 && last < 0)
			*at++ = '.';
	}
	*at = '\0';
	return (int)(at - ret);
}
