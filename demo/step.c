/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/step.h"

#define GOLDEN_NS (618 * CLOCK_NS_PER_MS) /* added again and again it comes near to nothing that was before */

const struct step_cycle step_shown = {14 * CLOCK_NS_PER_S, 18 * CLOCK_NS_PER_S + GOLDEN_NS, 8};
const struct step_cycle step_brisk = {3 * CLOCK_NS_PER_S, 12 * CLOCK_NS_PER_S + GOLDEN_NS, 0};

struct step step_at(const struct step_cycle *c, uint64_t elapsed_ns)
{
	const uint64_t cycle = c->high_ns + c->low_ns;

	if (elapsed_ns < STEP_FIRST_NS)
		return (struct step){ .number = 0, .began_ns = 0, .per_s = STEP_LOW_PER_S };
	uint64_t after = elapsed_ns - STEP_FIRST_NS;
	uint64_t began = STEP_FIRST_NS + after / cycle * cycle;
	uint32_t number = 1 + 2 * (uint32_t)(after / cycle);

	if (after % cycle < c->high_ns)
		return (struct step){ .number = number, .began_ns = began, .per_s = STEP_HIGH_PER_S };
	return (struct step){ .number = number + 1,
			      .began_ns = began + c->high_ns,
			      .per_s = STEP_LOW_PER_S };
}
