/* SPDX-License-Identifier: Apache-2.0 */
/* Results of Go's math package on amd64. Those called unlike C are an ulp from what glibc's function gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "decide/gomath.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void same(double got, double expected)
{
	uint64_t a, b;

	memcpy(&a, &got, sizeof(a));
	memcpy(&b, &expected, sizeof(b));
	if (a != b)
		fail_msg("%a instead of %a", got, expected);
}

struct pair {
	double x, y;
};

TEST(log_unlike_c)
{
	static const struct pair recorded[] = {
		{0x1.5c266a852849cp+0, 0x1.3ad5c97573ab2p-2}, {0x1.b5b8f6b9c7cb8p+0, 0x1.12a408f09b678p-1},
		{0x1.0dc59835bd58bp+1, 0x1.7db8405e3715p-1},  {0x1.3b70c904b2bbdp+2, 0x1.9857a2922fdacp+0},
		{0x1.67698351bd752p+15, 0x1.579168994e1dcp+3}, {0x1.7f3257301943p+15, 0x1.599e56e7da5cep+3},
	};

	for (size_t i = 0; i < COUNT(recorded); i++)
		same(gomath_log(recorded[i].x), recorded[i].y);
}

TEST(log_of_edges)
{
	same(gomath_log(1), 0);
	same(gomath_log(0), -INFINITY);
	same(gomath_log(-0.0), -INFINITY);
	same(gomath_log(INFINITY), INFINITY);
	assert_true(isnan(gomath_log(-1)));
	assert_true(isnan(gomath_log(-INFINITY)));
	assert_true(isnan(gomath_log(NAN)));
}

TEST(exp2_unlike_c)
{
	static const struct pair recorded[] = {
		{0x1p-1, 0x1.6a09e667f3bccp+0},
		{-0x1.09c55d3832dcfp+4, 0x1.4f4d333300338p-17},
		{-0x1.22abdcb0985e4p+8, 0x1.417f5d5a66df8p-291},
		{-0x1.785df98b7e89dp+8, 0x1.8cfa1190d94bep-377},
		{-0x1.b90fa9cd95758p+9, 0x1.d65ce84d9da0ap-883},
		{0x1.3f1c05d964abfp+9, 0x1.29f34f2983b08p+638},
	};

	for (size_t i = 0; i < COUNT(recorded); i++)
		same(gomath_exp2(recorded[i].x), recorded[i].y);
}

TEST(exp2_of_edges)
{
	same(gomath_exp2(0), 1);
	same(gomath_exp2(-1074), 0x1p-1074);
	same(gomath_exp2(-1075), 0);
	same(gomath_exp2(-INFINITY), 0);
	same(gomath_exp2(1023), 0x1p1023);
	same(gomath_exp2(1024), INFINITY);
	same(gomath_exp2(INFINITY), INFINITY);
	assert_true(isnan(gomath_exp2(NAN)));
	for (int whole = -1074; whole < 1024; whole++)
		same(gomath_exp2(whole), ldexp(1, whole));
}

TEST(pow_unlike_c)
{
	same(gomath_pow(1.05, 175), 0x1.3f28c0b1c2558p+12);
	same(gomath_pow(1.05, -219), 0x1.7ff0a61a78b1ep-16);
	same(gomath_pow(1.05, -256), 0x1.f9113fde9880cp-19);
	same(gomath_pow(1.05, -293), 0x1.4c344cdcf1befp-21);
	same(gomath_pow(1.05, -330), 0x1.b50281b950994p-24);
	same(gomath_pow(1.05, -367), 0x1.1f709f0e631d1p-26);
}

/* Go's documentation of Pow lists these. */
TEST(pow_of_edges)
{
	same(gomath_pow(NAN, 0), 1);
	same(gomath_pow(1, INT32_MIN), 1);
	same(gomath_pow(0.1, 1), 0.1);
	same(gomath_pow(-0.0, 1), -0.0);
	same(gomath_pow(-0.0, -1), -INFINITY);
	same(gomath_pow(0, -2), INFINITY);
	same(gomath_pow(-0.0, -2), INFINITY);
	same(gomath_pow(-0.0, 3), -0.0);
	same(gomath_pow(-0.0, 2), 0);
	same(gomath_pow(INFINITY, -2), 0);
	same(gomath_pow(INFINITY, 2), INFINITY);
	same(gomath_pow(-INFINITY, -3), -0.0);
	same(gomath_pow(-INFINITY, 3), -INFINITY);
	same(gomath_pow(-2, 3), -8);
	same(gomath_pow(-2, -2), 0.25);
	assert_true(isnan(gomath_pow(NAN, -2)));
}

TEST(pow_beyond_every_double)
{
	same(gomath_pow(2, INT32_MAX), INFINITY);
	same(gomath_pow(2, INT32_MIN), 0);
	same(gomath_pow(0.5, INT32_MAX), 0);
	same(gomath_pow(-2, 2049), -INFINITY);
	same(gomath_pow(2, -1074), 0x1p-1074);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_unlike_c),  cmocka_unit_test(log_of_edges),
		cmocka_unit_test(exp2_unlike_c), cmocka_unit_test(exp2_of_edges),
		cmocka_unit_test(pow_unlike_c),  cmocka_unit_test(pow_of_edges),
		cmocka_unit_test(pow_beyond_every_double),
	};

	return cmocka_run_group_tests_name("decide/gomath", tests, NULL, NULL);
}
