/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "decide/gomath.h"
#include "decide/vpa_histogram.h"

#define RATIO 1.05        /* of a bucket's width to the one before */
#define MOST_HALF_LIVES 100 /* that a weight may be ahead of the reference: 2^100 */
#define LAST (VPA_BUCKETS - 1)

static double first_width(enum vpa_resource resource)
{
	return resource == VPA_CPU ? 0.01 : 1e7;
}

int vpa_histogram_bucket(enum vpa_resource resource, double value)
{
	double first = first_width(resource), bucket;

	if (!(value >= first))
		return 0;
	bucket = gomath_log(value * (RATIO - 1) / first + 1) / gomath_log(RATIO);
	return bucket >= LAST ? LAST : (int)bucket;
}

double vpa_histogram_start(enum vpa_resource resource, int bucket)
{
	if (bucket == 0)
		return 0;
	return first_width(resource) * (gomath_pow(RATIO, bucket) - 1) / (RATIO - 1);
}

void vpa_histogram_init(struct vpa_histogram *h, enum vpa_resource resource, int64_t half_life_ns)
{
	memset(h, 0, sizeof(*h)); /* also what lies between fields: states are compared and copied as bytes */
	h->resource = resource;
	h->half_life_ns = half_life_ns;
	h->reference_ns = GOTIME_ZERO;
	h->least = LAST;
}

/* After weights became less. */
static void narrow(struct vpa_histogram *h)
{
	while (h->weight[h->least] < VPA_EPSILON && h->least < LAST)
		h->least++;
	while (h->weight[h->most] < VPA_EPSILON && h->most > 0)
		h->most--;
}

/* Buckets outside the bounds keep what little they hold, unscaled: so does the original. */
static void multiply(struct vpa_histogram *h, double factor)
{
	for (int i = h->least; i <= h->most; i++)
		h->weight[i] *= factor;
	h->total *= factor;
	narrow(h);
}

/* Unlike round(), also below zero; and what lies just below a half is one already, as the sum is rounded. */
static double half_up(double x)
{
	return floor(x + 0.5);
}

static void move_reference(struct vpa_histogram *h, int64_t to_ns)
{
	int64_t reference = gotime_round(to_ns, h->half_life_ns);
	double half_lives = (double)gotime_sub(h->reference_ns, reference) / (double)h->half_life_ns;

	multiply(h, gomath_exp2(half_up(half_lives)));
	h->reference_ns = reference;
}

/* What a sample's weight is multiplied with. */
static double growth(struct vpa_histogram *h, int64_t time_ns)
{
	if (!h->half_life_ns)
		return 1;
	if (time_ns > gotime_add(h->reference_ns, h->half_life_ns * MOST_HALF_LIVES))
		move_reference(h, time_ns);
	return gomath_exp2((double)gotime_sub(time_ns, h->reference_ns) / (double)h->half_life_ns);
}

void vpa_histogram_add(struct vpa_histogram *h, double value, double weight, int64_t time_ns)
{
	int bucket = vpa_histogram_bucket(h->resource, value);
	double grown = weight * growth(h, time_ns);

	h->weight[bucket] += grown;
	h->total += grown;
	if (h->weight[bucket] < VPA_EPSILON)
		return;
	if (bucket < h->least)
		h->least = bucket;
	if (bucket > h->most)
		h->most = bucket;
}

static double less(double value, double by)
{
	return value - by < VPA_EPSILON ? 0 : value - by;
}

void vpa_histogram_subtract(struct vpa_histogram *h, double value, double weight, int64_t time_ns)
{
	int bucket = vpa_histogram_bucket(h->resource, value);
	double grown = weight * growth(h, time_ns);

	h->total = less(h->total, grown);
	h->weight[bucket] = less(h->weight[bucket], grown);
	narrow(h);
}

static void align(struct vpa_histogram *a, struct vpa_histogram *b)
{
	if (a->reference_ns < b->reference_ns)
		move_reference(a, b->reference_ns);
	else if (b->reference_ns < a->reference_ns)
		move_reference(b, a->reference_ns);
}

void vpa_histogram_merge(struct vpa_histogram *into, struct vpa_histogram *from)
{
	if (into->half_life_ns)
		align(into, from);
	for (int i = from->least; i <= from->most; i++)
		into->weight[i] += from->weight[i];
	into->total += from->total;
	if (from->least < into->least)
		into->least = from->least;
	if (from->most > into->most)
		into->most = from->most;
}

bool vpa_histogram_is_empty(const struct vpa_histogram *h)
{
	return h->weight[h->least] < VPA_EPSILON;
}

double vpa_histogram_percentile(const struct vpa_histogram *h, double share)
{
	double threshold = share * h->total, sum = 0;
	int bucket = h->least;

	if (vpa_histogram_is_empty(h))
		return 0;
	for (; bucket < h->most; bucket++) {
		sum += h->weight[bucket];
		if (sum >= threshold)
			break;
	}
	return vpa_histogram_start(h->resource, bucket < LAST ? bucket + 1 : bucket);
}

void vpa_histogram_save(const struct vpa_histogram *h, struct vpa_histogram_checkpoint *ret)
{
	double fullest = 0;

	*ret = (struct vpa_histogram_checkpoint){.reference_ns = h->reference_ns, .total = h->total};
	for (int i = h->least; i <= h->most; i++)
		if (h->weight[i] > fullest)
			fullest = h->weight[i];
	for (int i = h->least; fullest > 0 && i <= h->most; i++)
		ret->weight[i] = (uint32_t)half_up(h->weight[i] * (VPA_CHECKPOINT_MOST / fullest));
}

int vpa_histogram_load(struct vpa_histogram *h, const struct vpa_histogram_checkpoint *c)
{
	int64_t sum = 0;

	if (!(c->total >= 0) || isinf(c->total))
		return -EINVAL;
	for (int i = 0; i < VPA_BUCKETS; i++)
		sum += c->weight[i];
	h->reference_ns = c->reference_ns;
	if (!sum)
		return 0;
	for (int i = 0; i < VPA_BUCKETS; i++) {
		if (!c->weight[i])
			continue;
		h->weight[i] += (double)c->weight[i] * (c->total / (double)sum);
		h->least = i < h->least ? i : h->least;
		h->most = i > h->most ? i : h->most;
	}
	h->total += c->total;
	narrow(h); /* rounding may have pushed an outermost bucket below epsilon */
	return 0;
}
