/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "decide/vpa_amount.h"

int64_t vpa_amount(double amount)
{
	if (!(amount > 0))
		return 0;
	return amount > (double)VPA_AMOUNT_MOST ? VPA_AMOUNT_MOST : (int64_t)amount;
}

int64_t vpa_amount_scaled(int64_t amount, double factor)
{
	return vpa_amount((double)amount * factor);
}

int64_t vpa_amount_larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t vpa_amount_round_up(int64_t amount, int64_t unit)
{
	return (int64_t)ceil((double)amount / (double)unit) * unit;
}
