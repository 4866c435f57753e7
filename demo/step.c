/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/step.h"

struct step step_at(uint64_t elapsed_ns)
{
	const uint64_t cycle = STEP_HIGH_NS + STEP_LOW_NS;

	if (elapsed_ns < STEP_FIRST_NS)
		return (struct step){ .number = 0, .began_ns = 0, .per_s = STEP_LOW_PER_S };
	uint64_t after = elapsed_ns - STEP_FIRST_NS;
	uint64_t began = STEP_FIRST_NS + after / cycle * cycle;
	uint32_t number = 1 + 2 * (uint32_t)(after / cycle);

	if (after % cycle < STEP_HIGH_NS)
		return (struct step){ .number = number, .began_ns = began, .per_s = STEP_HIGH_PER_S };
	return (struct step){ .number = number + 1,
			      .began_ns = began + STEP_HIGH_NS,
			      .per_s = STEP_LOW_PER_S };
}
