/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/step.h"

#include <stddef.h>

#define GOLDEN_NS (618 * CLOCK_NS_PER_MS) /* added again and again it comes near to nothing that was before */

const struct step_cycle step_shown = {14 * CLOCK_NS_PER_S, 9 * CLOCK_NS_PER_S, 18 * CLOCK_NS_PER_S + GOLDEN_NS, 8};
const struct step_cycle step_brisk = {3 * CLOCK_NS_PER_S, 3 * CLOCK_NS_PER_S, 12 * CLOCK_NS_PER_S + GOLDEN_NS, 0};

enum kind { LOW, CPU, SLOW };

static const struct step kinds[] = {
	[LOW] = {.name = "low", .per_s = STEP_LOW_PER_S, .each = {STEP_CPU_US, 0}},
	[CPU] = {.name = "cpu", .per_s = STEP_CPU_PER_S, .each = {STEP_CPU_US, 0}},
	[SLOW] = {.name = "slow", .per_s = STEP_SLOW_PER_S, .each = {STEP_SLOW_CPU_US, STEP_HOLD_US}},
};

static struct step make(enum kind k, uint32_t number, uint64_t began_ns)
{
	struct step s = kinds[k];

	s.number = number;
	s.began_ns = began_ns;
	return s;
}

uint64_t step_cycle_ns(const struct step_cycle *c)
{
	return c->cpu_ns + c->slow_ns + 2 * c->low_ns;
}

struct step step_at(const struct step_cycle *c, uint64_t elapsed_ns)
{
	const struct {
		enum kind kind;
		uint64_t length_ns;
	} parts[] = {{CPU, c->cpu_ns}, {LOW, c->low_ns}, {SLOW, c->slow_ns}, {LOW, c->low_ns}};
	const uint32_t n = sizeof(parts) / sizeof(parts[0]);
	uint64_t cycles, began_ns;
	uint32_t i = 0;

	if (elapsed_ns < STEP_FIRST_NS)
		return make(LOW, 0, 0);
	cycles = (elapsed_ns - STEP_FIRST_NS) / step_cycle_ns(c);
	began_ns = STEP_FIRST_NS + cycles * step_cycle_ns(c);
	for (; i < n - 1 && elapsed_ns - began_ns >= parts[i].length_ns; i++)
		began_ns += parts[i].length_ns;
	return make(parts[i].kind, 1 + (uint32_t)cycles * n + i, began_ns);
}
