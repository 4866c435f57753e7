/* SPDX-License-Identifier: Apache-2.0 */
/* trace_shape(): loads as they are drawn on whiteboards. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "simulate/trace.h"

#define HOUR 3600u
#define DAY  86400u
#define LOW  0.2 /* of the most */

const char *const trace_shapes[] = {"step", "ramp", "spike", "daily", "noise", "outage", NULL};

static double step(uint32_t s) /* ten minutes low, half an hour high, low again */
{
	return s >= 600 && s < 2400 ? 1 : LOW;
}

static double ramp(uint32_t s) /* up within 20 minutes, 10 there, and down as slowly */
{
	double up = ((double)s - 300) / 1200, down = (3300 - (double)s) / 1200;

	return LOW + (1 - LOW) * fmax(0, fmin(1, fmin(up, down)));
}

static double spike(uint32_t s) /* a minute every quarter of an hour */
{
	return s % 900 >= 420 && s % 900 < 480 ? 1 : LOW;
}

static double daily(uint32_t s) /* lowest at 4 h, highest at 16 h */
{
	return LOW + (1 - LOW) * (0.5 - 0.5 * cos(2 * 3.14159265358979 * ((double)s / HOUR - 4) / 24));
}

/* Uniform within ±40 % of a half, anew every 10 s; the same for everyone. */
static double noise(uint32_t s)
{
	uint64_t x = (s / 10 + 1) * 0x9e3779b97f4a7c15ull;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 32;
	return 0.5 * (0.6 + 0.8 * (double)(x >> 40) / (double)(1u << 24));
}

static double value_at(const char *shape, uint32_t s)
{
	switch (shape[0] == 's' ? shape[1] : shape[0]) {
	case 'r':
		return ramp(s);
	case 'p':
		return spike(s);
	case 'd':
		return daily(s);
	case 'n':
		return noise(s);
	default: /* step, outage */
		return step(s);
	}
}

int trace_shape(const char *shape, uint32_t most_milli, struct trace *ret)
{
	bool outage = !strcmp(shape, "outage");
	const char *const *known = trace_shapes;

	while (*known && strcmp(*known, shape) != 0)
		known++;
	if (!*known)
		return -ENOENT;
	ret->seconds = shape[0] == 'd' ? DAY : HOUR;
	ret->cpu_milli = mem_array(NULL, ret->seconds, sizeof(*ret->cpu_milli));
	ret->silent = mem_array(NULL, ret->seconds, sizeof(*ret->silent));
	for (uint32_t s = 0; s < ret->seconds; s++) {
		ret->cpu_milli[s] = (uint32_t)(value_at(shape, s) * most_milli + 0.5);
		ret->silent[s] = outage && s >= 1200 && s < 1800;
	}
	return 0;
}
