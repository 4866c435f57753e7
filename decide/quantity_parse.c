/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/quantity_parse.h"

#include <string.h>

#include "decide/quantity_digits.h"

#define NANO	      (-9)
#define FAST_DIGITS   18 /* of a number that Kubernetes keeps in an int64: math.go, maxInt64Factors */
#define BINARY_DIGITS 14 /* the same for 1Ki to 1Ei, together with the digits of the suffix */

struct parts {
	bool negative;
	bool digits;          /* there is one before the suffix, be it 0 */
	const char *num, *den; /* before and after the point, `num` without leading zeros */
	size_t n_num, n_den;
	const char *suffix;
	size_t n_suffix;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

/* As quantity.go's parseQuantityString: lenient, what stands before the suffix may be empty. */
static int scan(const char *at, const char *end, struct parts *ret)
{
	const char *start;

	ret->negative = *at == '-';
	at += *at == '-' || *at == '+';
	start = at;
	while (at < end && *at == '0')
		at++;
	ret->num = at;
	at = skip_digits(at, end);
	ret->n_num = (size_t)(at - ret->num);
	ret->digits = at > start || at == end;
	if (at < end && *at == '.') {
		ret->den = ++at;
		at = skip_digits(at, end);
		ret->n_den = (size_t)(at - ret->den);
		ret->digits |= ret->n_den > 0;
	}
	ret->suffix = at;
	ret->n_suffix = (size_t)(end - at);
	while (at < end && *at && strchr("eEinumkKMGTP", *at))
		at++;
	at += at < end && (*at == '-' || *at == '+');
	return skip_digits(at, end) == end ? 0 : QUANTITY_PARSE_FORMAT;
}

/* "e-3", "E6": false when it is no such thing or beyond int32. */
static bool exponent_of(const char *text, size_t size, int *ret)
{
	const char *at = text + 1, *end = text + size;
	int64_t value = 0;
	bool negative;

	if (size < 2 || (*text != 'e' && *text != 'E'))
		return false;
	negative = *at == '-';
	at += *at == '-' || *at == '+';
	if (at == end || skip_digits(at, end) != end)
		return false;
	for (; at < end && value <= INT32_MAX; at++)
		value = value * 10 + (*at - '0');
	value = negative ? -value : value;
	*ret = (int)value;
	return value >= INT32_MIN && value <= INT32_MAX;
}

static int read_suffix(const struct parts *p, struct quantity_suffix *ret)
{
	const struct quantity_suffix *known = quantity_suffix_named(p->suffix, p->n_suffix);

	*ret = known ? *known : (struct quantity_suffix){.format = QUANTITY_DECIMAL_EXPONENT};
	return known || exponent_of(p->suffix, p->n_suffix, &ret->exponent) ? 0 : QUANTITY_PARSE_SUFFIX;
}

static int64_t fold(const char *digit, size_t n, int64_t value)
{
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (digit[i] - '0');
	return value;
}

static bool ends_in_thousand(const struct parts *p)
{
	size_t zeros = 0;

	while (zeros < p->n_den && p->den[p->n_den - 1 - zeros] == '0')
		zeros++;
	if (zeros == p->n_den)
		while (zeros - p->n_den < p->n_num && p->num[p->n_num - 1 - (zeros - p->n_den)] == '0')
			zeros++;
	return zeros >= 3;
}

/* What fits an int64 together with its suffix, by the same cautious estimate as Kubernetes: which path
 * a quantity takes shows in how it prints and rounds. */
static bool parse_small(const struct parts *p, const struct quantity_suffix *s, struct quantity *ret)
{
	size_t n = (p->n_num ? p->n_num : 1) + p->n_den;
	int64_t scale = (int64_t)s->exponent - (int64_t)p->n_den;

	*ret = (struct quantity){.format = s->format};
	if (s->format == QUANTITY_BINARY_SI) {
		if (p->n_den || n + (size_t)s->exponent * 3 / 10 > BINARY_DIGITS)
			return false;
		ret->value = fold(p->num, p->n_num, 0);
		ret->verbatim = ret->value & 7;
		ret->value <<= s->exponent;
	} else {
		if (n > FAST_DIGITS || scale < NANO)
			return false;
		ret->value = fold(p->den, p->n_den, fold(p->num, p->n_num, 0));
		ret->scale = (int32_t)scale;
		ret->verbatim = p->n_num && scale % 3 == 0 && !ends_in_thousand(p);
	}
	ret->value = p->negative ? -ret->value : ret->value;
	return true;
}

/* All digits of both parts without leading zeros. */
static int gather(const struct parts *p, struct quantity *q)
{
	const char *den = p->den;
	size_t n_den = p->n_den;

	for (; !p->n_num && n_den && *den == '0'; n_den--)
		den++;
	if (p->n_num > QUANTITY_DIGITS || n_den > QUANTITY_DIGITS - p->n_num)
		return QUANTITY_PARSE_RANGE;
	memcpy(q->digit, p->num, p->n_num);
	if (n_den)
		memcpy(q->digit + p->n_num, den, n_den);
	q->n = (uint16_t)(p->n_num + n_den);
	return 0;
}

static int times_1024(struct quantity *q)
{
	unsigned carry = 0, more = 0;

	for (size_t i = q->n; i-- > 0; carry /= 10) {
		carry += (unsigned)(q->digit[i] - '0') * 1024;
		q->digit[i] = (char)('0' + carry % 10);
	}
	for (unsigned rest = carry; rest; rest /= 10)
		more++;
	if (q->n + more > QUANTITY_DIGITS)
		return QUANTITY_PARSE_RANGE;
	memmove(q->digit + more, q->digit, q->n);
	q->n = (uint16_t)(q->n + more);
	for (; carry; carry /= 10)
		q->digit[--more] = (char)('0' + carry % 10);
	return 0;
}

static void plus_one(struct quantity *q)
{
	size_t i = q->n;

	while (i && q->digit[i - 1] == '9')
		q->digit[--i] = '0';
	if (i) {
		q->digit[i - 1]++;
		return;
	}
	q->digit[0] = '1'; /* 999 is 1000: all behind it are zeros */
	q->digit[q->n++] = '0';
}

/* From units of 10^exponent to nano-units, away from zero. */
static int to_nano(struct quantity *q, int64_t exponent)
{
	int64_t drop = NANO - exponent;
	bool rest = false;

	if (drop <= 0) {
		if (-drop > QUANTITY_DIGITS - q->n)
			return QUANTITY_PARSE_RANGE;
		memset(q->digit + q->n, '0', (size_t)-drop);
		q->n = (uint16_t)(q->n - drop);
		return 0;
	}
	for (; q->n && drop; drop--)
		rest |= q->digit[--q->n] != '0';
	if (rest && !q->n)
		q->digit[q->n++] = '1';
	else if (rest)
		plus_one(q);
	return 0;
}

/* Binary quantities are capped at int64, and those below 1 are decimal. */
static void bound_binary(struct quantity *q)
{
	static const char most[] = "9223372036854775807000000000";
	const size_t n = sizeof(most) - 1;

	if (q->n > n || (q->n == n && memcmp(q->digit, most, n) > 0))
		*q = (struct quantity){.format = QUANTITY_BINARY_SI,
				       .value = q->negative ? -INT64_MAX : INT64_MAX};
	else if (q->n <= -NANO)
		q->format = QUANTITY_DECIMAL_SI;
}

static int parse_big(const struct parts *p, const struct quantity_suffix *s, struct quantity *ret)
{
	int64_t exponent = -(int64_t)p->n_den;
	int code;

	if (!p->digits)
		return QUANTITY_PARSE_NUMERIC;
	*ret = (struct quantity){.format = s->format, .big = true, .negative = p->negative};
	code = gather(p, ret);
	if (s->format == QUANTITY_BINARY_SI)
		for (int i = 0; i < s->exponent && code == 0; i += 10)
			code = times_1024(ret);
	else
		exponent += s->exponent;
	if (code == 0 && !ret->n) {
		*ret = (struct quantity){.format = s->format, .scale = (int32_t)exponent};
		return 0;
	}
	if (code == 0)
		code = to_nano(ret, exponent);
	if (code == 0 && s->format == QUANTITY_BINARY_SI)
		bound_binary(ret);
	return code;
}

int quantity_parse(const char *text, size_t size, struct quantity *ret)
{
	struct parts p = {.den = ""};
	struct quantity_suffix s;
	struct quantity q;
	int code;

	if (!size)
		return QUANTITY_PARSE_FORMAT;
	code = scan(text, text + size, &p);
	if (code == 0)
		code = read_suffix(&p, &s);
	if (code == 0 && !parse_small(&p, &s, &q))
		code = parse_big(&p, &s, &q);
	if (code == 0) {
		q.digit[q.n] = '\0';
		q.verbatim |= size == 1 && *text == '0';
		*ret = q;
	}
	return code;
}

const char *quantity_parse_error(int code)
{
	switch (code) {
	case QUANTITY_PARSE_FORMAT:
		return "a quantity is a number and a suffix, such as 250m, 0.5, 1.5Gi or 12e3";
	case QUANTITY_PARSE_NUMERIC:
		return "the number before the suffix is missing or malformed";
	case QUANTITY_PARSE_SUFFIX:
		return "there is no such suffix: n u m k M G T P E, Ki Mi Gi Ti Pi Ei, e3 are known";
	default:
		return "the number has too many digits";
	}
}
