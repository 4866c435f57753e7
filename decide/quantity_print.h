/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantities as text, as Kubernetes 1.36 prints them (apimachinery pkg/api/resource/quantity.go,
 * CanonicalizeBytes and String): no fraction, the largest suffix that loses nothing.
 */
#ifndef DECIDE_QUANTITY_PRINT_H
#define DECIDE_QUANTITY_PRINT_H

#include "decide/quantity.h"

/* "1500m", "1536Mi", "12e3"; QUANTITY_TEXT bytes are always enough. Returns what snprintf() would. */
int quantity_print(const struct quantity *q, char *ret, size_t size);
/* The exact value without a suffix, "0.000054468": its length, or -ERANGE when `size` bytes cannot hold it. */
int quantity_print_decimal(const struct quantity *q, char *ret, size_t size);

#endif
