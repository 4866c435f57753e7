/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's floating point, bit for bit as its compiler makes it on amd64. What Kubernetes computes went through Go's
 * math package, and that differs from C's libm by an ulp here and there: enough to put a sample into another
 * bucket of a histogram. The algorithms are FreeBSD's msun (log, exp2: argument reduction by ln 2 in two parts,
 * then a minimax polynomial) and repeated squaring of the mantissa (pow). They only hold when no product is fused
 * with a sum: decide/CMakeLists.txt switches that off.
 */
#ifndef DECIDE_GOMATH_H
#define DECIDE_GOMATH_H

#include <stdint.h>

double gomath_log(double x); /* math.Log; subnormals come out right here and wrong on amd64 */
double gomath_exp2(double x); /* math.Exp2 */
double gomath_pow(double x, int32_t exponent); /* math.Pow of an exponent that is whole */

#endif
