/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's saturation by cause over its last seconds, in 64 bytes. Slots are those of the node's
 * ring_clock. A second in which the row did not change was not written: then nothing grew, so every
 * cause is 0 but a queue that is as full as before.
 */
#ifndef AGGREGATOR_STORE_CAUSES_H
#define AGGREGATOR_STORE_CAUSES_H

#include <stdint.h>

#include "decide/saturation.h"

#define CAUSES_SLOTS 8u /* about 8 s: older ones say nothing about now */

struct causes {
	uint32_t last;  /* slot written last, 0: none since the beginning */
	uint8_t facts;  /* enum saturation_fact, of that slot */
	uint8_t of[SATURATION_CAUSES][CAUSES_SLOTS]; /* in 1/250; 255: not known */
};

void causes_reset(struct causes *c);
void causes_put(struct causes *c, uint32_t slot, const struct saturation *s);
/* Means over the `n` (1 … CAUSES_SLOTS) slots up to `newest`, and what helps against the highest. A cause is known when
 * it is in one of them. */
void causes_mean(const struct causes *c, uint32_t newest, uint32_t n, struct saturation *ret);

#endif
