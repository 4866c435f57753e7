/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amounts of a resource as the VPA recommender keeps them: whole millicores or bytes, 0 … VPA_AMOUNT_MOST. What
 * was computed as a double is truncated.
 */
#ifndef DECIDE_VPA_AMOUNT_H
#define DECIDE_VPA_AMOUNT_H

#include <stdint.h>

#define VPA_AMOUNT_MOST 100000000000000ll

/* What is not a number is 0. The original's is INT64_MIN then: both lose to every minimum. */
int64_t vpa_amount(double amount);
int64_t vpa_amount_scaled(int64_t amount, double factor);
int64_t vpa_amount_larger(int64_t a, int64_t b);
int64_t vpa_amount_round_up(int64_t amount, int64_t unit); /* to a multiple of it, in double arithmetic */

#endif
