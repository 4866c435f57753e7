/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities: any bytes. What is read prints as a quantity that reads as the same value and prints the
 * same again; its exact decimal is that value too. */
#include <stdint.h>
#include <string.h>

#include "base/obj.h"
#include "decide/quantity_parse.h"
#include "decide/quantity_print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Without a suffix beyond E Kubernetes itself loses the size. */
static int may_lose(const struct quantity *q)
{
	const struct quantity most = {.value = 1, .scale = 21}, least = {.value = -1, .scale = 21};

	return q->format == QUANTITY_DECIMAL_SI &&
	       (quantity_compare(q, &most) >= 0 || quantity_compare(q, &least) <= 0);
}

static void prints_as_itself(const struct quantity *q)
{
	char text[QUANTITY_TEXT], again[QUANTITY_TEXT];
	int n = quantity_print(q, text, sizeof(text));
	struct quantity other;

	must(n > 0 && (size_t)n == strlen(text));
	if (quantity_parse(text, (size_t)n, &other) < 0 || may_lose(q))
		return; /* an exponent a little beyond int32 */
	must(quantity_compare(q, &other) == 0);
	quantity_print(&other, again, sizeof(again));
	must(strcmp(text, again) == 0);
}

/* Kubernetes' way with some negative ones is another (decide/quantity.h). */
static void rounds_away_from_zero(const struct quantity *q)
{
	const struct quantity milli = quantity_of_milli(quantity_milli(q), q->format);

	if (quantity_milli_fits(q) && quantity_sign(q) >= 0)
		must(quantity_compare(&milli, q) >= 0 && (quantity_compare(&milli, q) == 0) == !quantity_excess_nano(q));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct quantity zero = {.value = 0};
	struct quantity q, other;
	char decimal[1024];
	int n, code = quantity_parse((const char *)data, size, &q);

	if (code < 0) {
		must(*quantity_parse_error(code));
		return 0;
	}
	prints_as_itself(&q);
	must(quantity_compare(&q, &zero) == quantity_sign(&q));
	rounds_away_from_zero(&q);
	(void)quantity_value(&q);
	(void)quantity_double(&q);
	n = quantity_print_decimal(&q, decimal, sizeof(decimal));
	if (n >= 0 && quantity_parse(decimal, (size_t)n, &other) == 0)
		must(quantity_compare(&q, &other) == 0);
	return 0;
}
