/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "decide/gomath.h"
#include "decide/vpa_amount.h"
#include "decide/vpa_recommend.h"

#define MINUTE_NS 60000000000ll

/* Go's Duration.Minutes(): whole ones and the rest apart. */
static double minutes(int64_t ns)
{
	return (double)(ns / MINUTE_NS) + (double)(ns % MINUTE_NS) / MINUTE_NS;
}

static double confidence(const struct vpa_aggregate *a, int64_t interval_ns)
{
	double lifespan = (double)gotime_sub(a->last_ns, a->first_ns) / (double)interval_ns;
	double samples = (double)a->samples / minutes(interval_ns);

	return lifespan < samples ? lifespan : samples;
}

static double unchanged(double confidence_of __attribute__((unused)))
{
	return 1;
}

static double lowered(double confidence_of)
{
	return gomath_pow(1 + 0.001 / confidence_of, -2);
}

static double raised(double confidence_of)
{
	return 1 + 1 / confidence_of;
}

struct estimator {
	const struct vpa_options *options;
	const struct vpa_aggregate *usage;
	enum vpa_resource resource;
	unsigned containers;
};

static int64_t seen(const struct estimator *e, double percentile)
{
	double value = vpa_histogram_percentile(&e->usage->usage[e->resource], percentile);
	int64_t amount = vpa_amount(e->resource == VPA_CPU ? value * 1000 : value);

	return amount + vpa_amount_scaled(amount, e->options->margin);
}

static int64_t estimate(const struct estimator *e, double percentile, double (*factor)(double))
{
	const struct vpa_resource_options *o = &e->options->of[e->resource];
	int64_t amount = vpa_amount_scaled(seen(e, percentile), factor(confidence(e->usage, o->confidence_ns)));
	int64_t minimum = vpa_amount_scaled(o->pod_minimum, 1.0 / e->containers);

	return vpa_amount_round_up(vpa_amount_larger(amount, minimum), o->round_to);
}

/* A least that is 0 or VPA_UNSET is below every amount. */
static int64_t cap(int64_t amount, int64_t least, int64_t most)
{
	amount = vpa_amount_larger(amount, least);
	return most != VPA_UNSET && most != 0 && amount > most ? most : amount;
}

static void recommend(const struct estimator *e, const struct vpa_policy *p, struct vpa_recommendation *ret)
{
	enum vpa_resource r = e->resource;
	const struct vpa_resource_options *o = &e->options->of[r];
	int64_t least = p->min_allowed[r];
	int64_t most = p->max_allowed[r] == VPA_UNSET ? o->max_allowed : p->max_allowed[r];

	ret->uncapped[r] = estimate(e, o->target, unchanged);
	ret->target[r] = cap(ret->uncapped[r], least, most);
	ret->lower[r] = cap(estimate(e, o->lower, lowered), least, most);
	ret->upper[r] = cap(estimate(e, o->upper, raised), least, most);
}

void vpa_recommend(const struct vpa_options *o, const struct vpa_policy *p, unsigned containers,
		   const struct vpa_aggregate *a, struct vpa_recommendation *ret)
{
	*ret = (struct vpa_recommendation){.samples = a->samples};
	for (int r = 0; r < VPA_RESOURCES; r++) {
		struct estimator e = {o, a, r, containers};

		ret->controlled[r] = p->controlled[r];
		if (p->controlled[r])
			recommend(&e, p, ret);
	}
}
