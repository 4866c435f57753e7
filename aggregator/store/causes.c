/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/causes.h"

#include <string.h>

#define UNKNOWN 255u
#define STEP	4u /* permille of one: 1000 / 250 */

void causes_reset(struct causes *c)
{
	memset(c, 0, sizeof(*c));
	memset(c->of, UNKNOWN, sizeof(c->of));
}

static void fill_pause(struct causes *c, uint32_t to)
{
	uint32_t last = c->last;

	if (!last)
		return;
	for (uint32_t s = to - last > CAUSES_SLOTS ? to - CAUSES_SLOTS : last + 1; s < to; s++)
		for (int i = 0; i < SATURATION_CAUSES; i++) {
			uint8_t then = c->of[i][last % CAUSES_SLOTS];

			c->of[i][s % CAUSES_SLOTS] =
				then == UNKNOWN || i == SATURATION_ACCEPT_QUEUE ? then : 0;
		}
}

void causes_put(struct causes *c, uint32_t slot, const struct saturation *s)
{
	fill_pause(c, slot);
	for (int i = 0; i < SATURATION_CAUSES; i++) {
		uint8_t now = s->known & 1u << i ? (uint8_t)(s->permille[i] / STEP) : UNKNOWN;
		uint8_t *at = &c->of[i][slot % CAUSES_SLOTS];

		/* Samples more often than slots: the slot keeps the highest. */
		*at = c->last == slot && *at != UNKNOWN && now != UNKNOWN && *at > now ? *at : now;
	}
	c->facts = s->facts;
	c->last = slot;
}

void causes_mean(const struct causes *c, uint32_t newest, uint32_t n, struct saturation *ret)
{
	struct causes filled = *c;

	*ret = (struct saturation){0};
	fill_pause(&filled, newest + 1);
	for (int i = 0; c->last && i < SATURATION_CAUSES; i++) {
		uint32_t sum = 0, known = 0;

		for (uint32_t s = newest; s && s + n > newest; s--) {
			uint8_t v = filled.of[i][s % CAUSES_SLOTS];

			if (v == UNKNOWN)
				continue;
			sum += v;
			known++;
		}
		if (!known)
			continue;
		ret->known |= 1u << i;
		ret->permille[i] = (uint16_t)(sum * STEP / known);
	}
	if (c->last + n > newest) /* else nothing grew since: whoever has a full queue sleeps */
		ret->facts = c->facts;
	ret->advice = saturation_advise(ret, saturation_worst(ret));
}
