/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "decide/gomath.h"

/* ln 2 in two parts: k * LN2_HIGH is exact for every exponent k of a double. */
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW  1.90821492927058770002e-10
#define HALF_ROOT_2 7.07106781186547524401e-01

/* Of the odd part of log((1 + s) / (1 - s)) / s - 2, as a polynomial in s * s. */
static double log_remainder(double s)
{
	double s2 = s * s, s4 = s2 * s2;
	double odd = s2 * (6.666666666666735130e-01 + s4 * (2.857142874366239149e-01
		   + s4 * (1.818357216161805012e-01 + s4 * 1.479819860511658591e-01)));
	double even = s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01
		    + s4 * 1.531383769920937332e-01));

	return odd + even;
}

/* Of a number that is neither zero, negative, infinite nor a NaN. */
static double log_of_finite(double x)
{
	int exponent;
	double mantissa = frexp(x, &exponent), f, s, half_square, k;

	if (mantissa < HALF_ROOT_2) {
		mantissa *= 2;
		exponent--;
	}
	f = mantissa - 1;
	k = exponent;
	s = f / (2 + f);
	half_square = 0.5 * f * f;
	return k * LN2_HIGH - ((half_square - (s * (half_square + log_remainder(s)) + k * LN2_LOW)) - f);
}

double gomath_log(double x)
{
	if (isnan(x) || x < 0)
		return NAN;
	if (x == 0)
		return -INFINITY;
	return isinf(x) ? x : log_of_finite(x);
}

/* 2^whole * e^(high - low), where high - low is at most ln 2 / 2 from 0. */
static double exp_of_reduced(double high, double low, int whole)
{
	double r = high - low, t = r * r;
	double c = r - t * (1.66666666666666657415e-01 + t * (-2.77777777770155933842e-03
		 + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06
		 + t * 4.13813679705723846039e-08))));

	return ldexp(1 - ((low - (r * c) / (2 - c)) - high), whole);
}

double gomath_exp2(double x)
{
	int whole;

	if (isnan(x) || x > 1.0239999999999999e+03)
		return isnan(x) ? x : INFINITY;
	if (x < -1.0740e+03)
		return 0;
	whole = (int)(x < 0 ? x - 0.5 : x + 0.5);
	return exp_of_reduced((x - whole) * LN2_HIGH, -(x - whole) * LN2_LOW, whole);
}

/* 0, infinities and NaN; the sign is that of an odd power. */
static double pow_of_edge(double x, int32_t exponent)
{
	double magnitude = (x == 0) == (exponent > 0) ? 0 : INFINITY;

	if (isnan(x))
		return x;
	return exponent % 2 ? copysign(magnitude, x) : magnitude;
}

double gomath_pow(double x, int32_t exponent)
{
	double result = 1, square;
	int64_t result_exponent = 0, square_exponent;
	int binary;

	if (exponent == 0 || x == 1)
		return 1;
	if (exponent == 1 || x == 0 || !isfinite(x))
		return exponent == 1 ? x : pow_of_edge(x, exponent);
	square = frexp(x, &binary);
	square_exponent = binary;
	for (uint32_t left = exponent < 0 ? -(uint32_t)exponent : (uint32_t)exponent; left; left >>= 1) {
		if (square_exponent < -(1 << 12) || square_exponent > 1 << 12) {
			result_exponent += square_exponent; /* beyond every double, whatever follows */
			break;
		}
		if (left & 1) {
			result *= square;
			result_exponent += square_exponent;
		}
		square *= square;
		square_exponent *= 2;
		if (square < 0.5) {
			square += square;
			square_exponent--;
		}
	}
	if (exponent < 0)
		return ldexp(1 / result, (int)-result_exponent);
	return ldexp(result, (int)result_exponent);
}
