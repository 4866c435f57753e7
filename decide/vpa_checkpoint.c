/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decide/vpa_checkpoint.h"

static const char aggregate_mark[] = "PVA1", container_mark[] = "PVC1";

/* --- bytes -------------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*at++ = (uint8_t)(value >> (8 * i));
	return at;
}

static uint8_t *put_mark(uint8_t *at, const char *mark)
{
	memcpy(at, mark, 4);
	return at + 4;
}

struct reader {
	const uint8_t *at;
	size_t left;
	const char *fault; /* the first one; what is read behind it is 0 */
};

static void blame(struct reader *r, const char *fault)
{
	if (!r->fault)
		r->fault = fault;
	r->left = 0;
}

static uint64_t get(struct reader *r, size_t bytes)
{
	uint64_t value = 0;

	if (r->left < bytes) {
		blame(r, "it ends too early");
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)r->at[i] << (8 * i);
	r->at += bytes;
	r->left -= bytes;
	return value;
}

static int64_t get_int(struct reader *r)
{
	return (int64_t)get(r, 8);
}

static void get_mark(struct reader *r, const char *mark)
{
	uint8_t found[4];

	put(found, get(r, sizeof(found)), sizeof(found));
	if (memcmp(found, mark, sizeof(found)) != 0)
		blame(r, "it is of another kind or version");
}

static const char *fault_at_end(struct reader *r)
{
	if (r->left)
		blame(r, "there is something behind its end");
	return r->fault;
}

/* --- an aggregate ------------------------------------------------------------------------------- */

static uint8_t *put_histogram(uint8_t *at, const struct vpa_histogram *h)
{
	struct vpa_histogram_checkpoint c;
	uint64_t total;
	uint8_t *count;

	vpa_histogram_save(h, &c);
	memcpy(&total, &c.total, sizeof(total));
	at = put(at, (uint64_t)c.reference_ns, 8);
	at = put(at, total, 8);
	count = at;
	at = put(at, 0, 1);
	for (int i = 0; i < VPA_BUCKETS; i++) {
		if (!c.weight[i])
			continue;
		at = put(at, (uint64_t)i, 1);
		at = put(at, c.weight[i], 2);
		++*count;
	}
	return at;
}

size_t vpa_checkpoint_save(const struct vpa_aggregate *a, uint8_t ret[VPA_CHECKPOINT_BYTES])
{
	uint8_t *at = put_mark(ret, aggregate_mark);

	at = put(at, (uint64_t)a->first_ns, 8);
	at = put(at, (uint64_t)a->last_ns, 8);
	at = put(at, (uint64_t)a->samples, 8);
	for (int i = 0; i < VPA_RESOURCES; i++)
		at = put_histogram(at, &a->usage[i]);
	return (size_t)(at - ret);
}

static void get_weights(struct reader *r, struct vpa_histogram_checkpoint *c)
{
	int last = -1;

	for (uint64_t left = get(r, 1); left && !r->fault; left--) {
		int bucket = (int)get(r, 1);
		uint32_t weight = (uint32_t)get(r, 2);

		if (bucket <= last || bucket >= VPA_BUCKETS) {
			blame(r, "its buckets are out of order or range");
			return;
		}
		if (weight == 0 || weight > VPA_CHECKPOINT_MOST)
			blame(r, "a weight is out of range");
		c->weight[bucket] = weight;
		last = bucket;
	}
}

static void get_histogram(struct reader *r, struct vpa_histogram *h)
{
	struct vpa_histogram_checkpoint c = {.reference_ns = get_int(r)};
	uint64_t total = get(r, 8);

	memcpy(&c.total, &total, sizeof(total));
	get_weights(r, &c);
	if (!r->fault && vpa_histogram_load(h, &c) < 0)
		blame(r, "a total weight is negative or not a number");
}

static void get_samples(struct reader *r, struct vpa_aggregate *a)
{
	a->first_ns = get_int(r);
	a->last_ns = get_int(r);
	a->samples = get_int(r);
	if (a->samples < 0 || a->first_ns > a->last_ns || (a->samples == 0) != (a->first_ns == GOTIME_ZERO) ||
	    (a->samples == 0) != (a->last_ns == GOTIME_ZERO))
		blame(r, "its first and last sample and their number contradict each other");
}

const char *vpa_checkpoint_load(const uint8_t *bytes, size_t size, const struct vpa_options *o,
				struct vpa_aggregate *ret)
{
	struct reader r = {.at = bytes, .left = size};

	vpa_usage_init(ret, o);
	get_mark(&r, aggregate_mark);
	get_samples(&r, ret);
	for (int i = 0; i < VPA_RESOURCES; i++)
		get_histogram(&r, &ret->usage[i]);
	if (fault_at_end(&r))
		vpa_usage_init(ret, o);
	return r.fault;
}

/* --- a container -------------------------------------------------------------------------------- */

void vpa_checkpoint_save_container(const struct vpa_container *c, uint8_t ret[VPA_CHECKPOINT_CONTAINER_BYTES])
{
	const int64_t fields[] = {c->last_cpu_ns, c->last_memory_ns, c->interval_end_ns, c->peak, c->oom_peak};
	uint8_t *at = put_mark(ret, container_mark);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		at = put(at, (uint64_t)fields[i], 8);
}

const char *vpa_checkpoint_load_container(const uint8_t *bytes, size_t size, struct vpa_container *ret)
{
	struct reader r = {.at = bytes, .left = size};

	get_mark(&r, container_mark);
	ret->last_cpu_ns = get_int(&r);
	ret->last_memory_ns = get_int(&r);
	ret->interval_end_ns = get_int(&r);
	ret->peak = get_int(&r);
	ret->oom_peak = get_int(&r);
	if (ret->peak < 0 || ret->oom_peak < 0)
		blame(&r, "a peak is negative");
	if (fault_at_end(&r))
		vpa_usage_container_init(ret);
	return r.fault;
}
