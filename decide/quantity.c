/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/quantity.h"

#include <stdlib.h>
#include <string.h>

#include "decide/quantity_digits.h"

#define NANO  (-9)
#define MILLI (-3)

struct quantity quantity_of_milli(int64_t milli, enum quantity_format format)
{
	return (struct quantity){.format = format, .value = milli, .scale = MILLI};
}

int quantity_sign(const struct quantity *q)
{
	if (q->big)
		return q->negative ? -1 : 1;
	return (q->value > 0) - (q->value < 0);
}

/* amount.go, AsScaledInt64, down: away from zero. */
static int64_t coarser(int64_t value, int64_t by)
{
	bool rest = false;
	int64_t sign = value < 0 ? -1 : 1;

	for (; by && value; by--) {
		rest |= value % 10 != 0;
		value /= 10;
	}
	return rest ? value + sign : value;
}

/* And up. math.go, positiveScaleInt64: where one multiplication does it the product wraps; where it takes
 * several the result is 0 as soon as one overflows. */
static int64_t finer(int64_t value, int64_t by)
{
	bool one_step = by <= 3 || by == 6 || by == 9;
	int64_t start = value;
	uint64_t wrapped = (uint64_t)value;

	for (; by && start; by--) {
		wrapped *= 10;
		if (__builtin_mul_overflow(value, 10, &value) && !one_step)
			return 0;
	}
	return (int64_t)wrapped;
}

static uint64_t low_64_bits(const char *digit, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value * 10 + (uint64_t)(digit[i] - '0');
	return value;
}

static bool is_below_int64_max(const struct quantity *q)
{
	static const char most[] = "9223372036854775807";
	const size_t n = sizeof(most) - 1;

	return q->negative || q->n < n || (q->n == n && memcmp(q->digit, most, n) < 0);
}

/* scale_int.go, scaledValue: what is left over counts as one more, also below zero. */
static int64_t scaled_big(const struct quantity *q, size_t drop)
{
	uint64_t bits = low_64_bits(q->digit, q->n);
	size_t whole = q->n > drop ? q->n - drop : 0;
	bool rest = false;

	if (is_below_int64_max(q)) {
		int64_t nano = (int64_t)(q->negative ? 0 - bits : bits);
		int64_t divisor = drop == 6 ? 1000000 : 1000000000;

		return nano / divisor + (nano % divisor != 0);
	}
	for (size_t i = whole; i < q->n; i++)
		rest |= q->digit[i] != '0';
	return (int64_t)(low_64_bits(q->digit, whole) + rest);
}

static int64_t scaled(const struct quantity *q, int to)
{
	if (q->big)
		return scaled_big(q, (size_t)(to - NANO));
	return q->scale < to ? coarser(q->value, (int64_t)to - q->scale)
			     : finer(q->value, (int64_t)q->scale - to);
}

int64_t quantity_milli(const struct quantity *q)
{
	return scaled(q, MILLI);
}

bool quantity_milli_fits(const struct quantity *q)
{
	const struct quantity most = {.value = INT64_MAX, .scale = MILLI}, least = {.value = INT64_MIN, .scale = MILLI};

	return quantity_compare(q, &most) <= 0 && quantity_compare(q, &least) >= 0;
}

int32_t quantity_excess_nano(const struct quantity *q)
{
	struct quantity_digits d;
	int32_t rest = 0;

	quantity_digits_of(q, &d);
	for (int place = MILLI - 1; place >= NANO; place--)
		rest = rest * 10 + (quantity_digits_at(&d, place) - '0');
	return rest ? 1000000 - rest : 0;
}

int64_t quantity_value(const struct quantity *q)
{
	return scaled(q, 0);
}

/* Go's math.Pow10: the product of two table entries, so not always the nearest double. */
static double power_of_ten(int64_t n)
{
	static const double unit[32] = {
		1e00, 1e01, 1e02, 1e03, 1e04, 1e05, 1e06, 1e07, 1e08, 1e09, 1e10,
		1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
		1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31};
	static const double up[] = {1e0, 1e32, 1e64, 1e96, 1e128, 1e160, 1e192, 1e224, 1e256, 1e288};
	static const double down[] = {1e-00,  1e-32,  1e-64,  1e-96,  1e-128, 1e-160,
				      1e-192, 1e-224, 1e-256, 1e-288, 1e-320};

	if (n >= 0)
		return n <= 308 ? up[n / 32] * unit[n % 32] : (double)__builtin_inff();
	return n >= -323 ? down[-n / 32] / unit[-n % 32] : 0;
}

double quantity_double(const struct quantity *q)
{
	double base = q->big ? strtod(q->digit, NULL) : (double)q->value;
	int64_t exponent = q->big ? NANO : q->scale;

	base = q->big && q->negative ? -base : base;
	return exponent ? base * power_of_ten(exponent) : base;
}

int quantity_compare(const struct quantity *a, const struct quantity *b)
{
	struct quantity_digits x, y;
	int64_t above;
	size_t both;
	int order;

	quantity_digits_of(a, &x);
	quantity_digits_of(b, &y);
	if (x.sign != y.sign || !x.sign)
		return (x.sign > y.sign) - (x.sign < y.sign);
	above = (int64_t)x.n + x.exponent - (int64_t)y.n - y.exponent;
	both = x.n < y.n ? x.n : y.n;
	order = above ? (above > 0) - (above < 0) : memcmp(x.digit, y.digit, both);
	for (size_t i = both; !order && i < x.n; i++)
		order = x.digit[i] != '0';
	for (size_t i = both; !order && i < y.n; i++)
		order = -(y.digit[i] != '0');
	return x.sign * ((order > 0) - (order < 0));
}
