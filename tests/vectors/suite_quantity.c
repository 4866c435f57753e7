/* SPDX-License-Identifier: Apache-2.0 */
/* quantity: parsing, values and text of one quantity. */
#include <string.h>

#include "decide/quantity_parse.h"
#include "decide/quantity_print.h"
#include "vectors/vectors.h"

static const char *const formats[] = {[QUANTITY_DECIMAL_SI] = "DecimalSI",
				      [QUANTITY_BINARY_SI] = "BinarySI",
				      [QUANTITY_DECIMAL_EXPONENT] = "DecimalExponent"};

static const char *error_word(int code)
{
	switch (code) {
	case 0:
		return NULL;
	case QUANTITY_PARSE_FORMAT:
		return "format";
	case QUANTITY_PARSE_NUMERIC:
		return "numeric";
	case QUANTITY_PARSE_SUFFIX:
		return "suffix";
	default:
		return quantity_parse_error(code);
	}
}

static void compare_texts(struct vectors_case *c, const char *given, const struct quantity *q)
{
	char canonical[QUANTITY_TEXT], decimal[4096];

	quantity_print(q, canonical, sizeof(canonical));
	vectors_text(c, "canonical", vectors_need_text(c->out, "canonical"), canonical);
	vectors_text(c, "string", vectors_need_text(c->out, "string"), q->verbatim ? given : canonical);
	if (quantity_print_decimal(q, decimal, sizeof(decimal)) < 0)
		vectors_fail(c, "exact", vectors_need_text(c->out, "exact"), "too long");
	else
		vectors_text(c, "exact", vectors_need_text(c->out, "exact"), decimal);
}

/* What overflows int64 and what rounds the wrong way (milliOverflow, valueOverflow, milliQuirk,
 * valueQuirk, canonicalLossy) is matched like the rest: no case is counted apart. */
void suite_quantity(struct vectors_case *c)
{
	const char *given = vectors_need_text(c->in, "s");
	struct quantity q;
	int code = quantity_parse(given, strlen(given), &q);

	vectors_text(c, "error", vectors_get_text(c->out, "error"), error_word(code));
	if (code < 0 || c->failed)
		return;
	vectors_int(c, "milli", vectors_need_int(c->out, "milli"), quantity_milli(&q));
	vectors_int(c, "value", vectors_need_int(c->out, "value"), quantity_value(&q));
	vectors_int(c, "sign", vectors_need_int(c->out, "sign"), quantity_sign(&q));
	vectors_text(c, "format", vectors_need_text(c->out, "format"), formats[q.format]);
	vectors_need(c->out, "approxFloat64");
	vectors_double(c, "approxFloat64", vectors_get_double(c->out, "approxFloat64", 0),
		       quantity_double(&q));
	compare_texts(c, given, &q);
}
