/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/goint.h"
#include "decide/vpa_amount.h"
#include "decide/vpa_usage.h"

#define CPU_WEIGHT 0.1 /* of a sample; once the least of weights by request, now the only one */
#define PEAK_WEIGHT 1.0

void vpa_usage_init(struct vpa_aggregate *a, const struct vpa_options *o)
{
	for (int r = 0; r < VPA_RESOURCES; r++)
		vpa_histogram_init(&a->usage[r], r, o->of[r].half_life_ns);
	a->first_ns = a->last_ns = GOTIME_ZERO;
	a->samples = 0;
}

static int64_t earlier_known(int64_t a_ns, int64_t b_ns)
{
	if (a_ns == GOTIME_ZERO)
		return b_ns;
	return b_ns != GOTIME_ZERO && b_ns < a_ns ? b_ns : a_ns;
}

static int64_t later(int64_t a_ns, int64_t b_ns)
{
	return b_ns > a_ns ? b_ns : a_ns;
}

void vpa_usage_merge(struct vpa_aggregate *into, struct vpa_aggregate *from)
{
	for (int r = 0; r < VPA_RESOURCES; r++)
		vpa_histogram_merge(&into->usage[r], &from->usage[r]);
	into->first_ns = earlier_known(into->first_ns, from->first_ns);
	into->last_ns = later(into->last_ns, from->last_ns);
	into->samples += from->samples;
}

void vpa_usage_container_init(struct vpa_container *c)
{
	*c = (struct vpa_container){
		.last_cpu_ns = GOTIME_ZERO, .last_memory_ns = GOTIME_ZERO, .interval_end_ns = GOTIME_ZERO};
}

bool vpa_usage_cpu(struct vpa_container *c, struct vpa_aggregate *a, int64_t time_ns, int64_t milli)
{
	if (milli < 0 || time_ns <= c->last_cpu_ns)
		return false;
	c->last_cpu_ns = time_ns;
	vpa_histogram_add(&a->usage[VPA_CPU], (double)milli / 1000, CPU_WEIGHT, time_ns);
	a->first_ns = earlier_known(a->first_ns, time_ns);
	a->last_ns = later(a->last_ns, time_ns);
	a->samples++;
	return true;
}

static int64_t largest_peak(const struct vpa_container *c)
{
	return vpa_amount_larger(c->peak, c->oom_peak);
}

static void withdraw(const struct vpa_container *c, struct vpa_aggregate *a)
{
	vpa_histogram_subtract(&a->usage[VPA_MEMORY], (double)largest_peak(c), PEAK_WEIGHT, c->interval_end_ns);
}

static void begin_interval(struct vpa_container *c, int64_t time_ns, int64_t interval_ns)
{
	int64_t past = gotime_sub(time_ns, c->interval_end_ns);

	c->interval_end_ns = gotime_add(gotime_add(c->interval_end_ns, past - past % interval_ns), interval_ns);
	c->peak = c->oom_peak = 0;
}

/* Whether `bytes` becomes the peak of the interval. A peak of 0 stays until the interval ends. */
static bool make_room(struct vpa_container *c, struct vpa_aggregate *a, int64_t time_ns, int64_t bytes,
		      int64_t interval_ns)
{
	if (time_ns >= c->interval_end_ns) {
		begin_interval(c, time_ns, interval_ns);
		return true;
	}
	if (largest_peak(c) == 0 || bytes <= largest_peak(c))
		return false;
	withdraw(c, a);
	return true;
}

static void take_memory(struct vpa_container *c, struct vpa_aggregate *a, const struct vpa_options *o,
			int64_t time_ns, int64_t bytes, int64_t *peak)
{
	c->last_memory_ns = time_ns;
	if (c->interval_end_ns == GOTIME_ZERO)
		c->interval_end_ns = time_ns;
	if (!make_room(c, a, time_ns, bytes, o->memory_interval_ns))
		return;
	*peak = bytes;
	vpa_histogram_add(&a->usage[VPA_MEMORY], (double)bytes, PEAK_WEIGHT, c->interval_end_ns);
}

bool vpa_usage_memory(struct vpa_container *c, struct vpa_aggregate *a, const struct vpa_options *o,
		      int64_t time_ns, int64_t bytes)
{
	if (bytes < 0 || time_ns == GOTIME_ZERO || time_ns < c->last_memory_ns)
		return false;
	take_memory(c, a, o, time_ns, bytes, &c->peak);
	return true;
}

/* The peak of an earlier kill is left out, so that a series of them does not grow without bound. */
static int64_t needed(const struct vpa_container *c, const struct vpa_options *o, int64_t requested)
{
	int64_t used = vpa_amount_larger(requested, c->peak);

	return vpa_amount_larger(goint_add(used, o->oom_bytes), vpa_amount_scaled(used, o->oom_ratio));
}

bool vpa_usage_oom(struct vpa_container *c, struct vpa_aggregate *a, const struct vpa_options *o,
		   int64_t time_ns, int64_t requested)
{
	if (time_ns == GOTIME_ZERO || time_ns < gotime_add(c->last_memory_ns, -o->memory_interval_ns))
		return false;
	take_memory(c, a, o, time_ns, needed(c, o, requested), &c->oom_peak);
	return true;
}

void vpa_usage_withdraw_peak(const struct vpa_container *c, struct vpa_aggregate *a, int64_t now_ns)
{
	if (now_ns < c->interval_end_ns)
		withdraw(c, a);
}
