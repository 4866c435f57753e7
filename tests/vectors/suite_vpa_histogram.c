/* SPDX-License-Identifier: Apache-2.0 */
/* vpa_histogram: scripts of operations on the VPA's histograms. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "decide/vpa_histogram.h"
#include "vectors/vectors.h"
#include "vectors/vpa_time.h"

#define HISTOGRAMS 16
#define TOTAL_TOLERANCE 1e-12 /* what the file allows; ours has been exact, and says so when it is not */

struct script {
	struct vectors_case *c;
	enum vpa_resource resource;
	int64_t half_life_ns;
	struct vpa_histogram h[HISTOGRAMS];
	struct vpa_histogram_checkpoint checkpoint[HISTOGRAMS];
};

struct op {
	json_t *in, *expected;
	int64_t number; /* of its histogram */
	struct vpa_histogram *h;
	char what[64];
};

static int64_t number_of(struct script *s, json_t *op, const char *key)
{
	int64_t n = vectors_get_int(op, key, 0);

	if (n >= 0 && n < HISTOGRAMS)
		return n;
	vectors_fail(s->c, key, "a histogram's number", "one out of range");
	return 0;
}

static double number_in(json_t *op, const char *key)
{
	return vectors_get_double(op, key, 0);
}

static int64_t time_in(json_t *op)
{
	return vpa_time_ns(vectors_get_int(op, "tMs", 0));
}

static void op_add(struct script *s __attribute__((unused)), struct op *o)
{
	vpa_histogram_add(o->h, number_in(o->in, "value"), number_in(o->in, "weight"), time_in(o->in));
}

static void op_subtract(struct script *s __attribute__((unused)), struct op *o)
{
	vpa_histogram_subtract(o->h, number_in(o->in, "value"), number_in(o->in, "weight"), time_in(o->in));
}

static void op_merge(struct script *s, struct op *o)
{
	vpa_histogram_merge(o->h, &s->h[number_of(s, o->in, "from")]);
}

static void compare_total(struct script *s, struct op *o, double expected, double got)
{
	if (expected == got || !(fabs(expected - got) <= TOTAL_TOLERANCE * fabs(expected))) {
		vectors_double(s->c, o->what, expected, got);
		return;
	}
	printf("note: %s: %s: the total weight is off by %g, within what the file allows\n", s->c->name, o->what,
	       got - expected);
}

static void op_checkpoint(struct script *s, struct op *o)
{
	struct vpa_histogram_checkpoint *got = &s->checkpoint[o->number];
	scoped(json_decrefp) json_t *weights = json_object();
	json_t *reference = vectors_need(o->expected, "referenceMs");
	char bucket[16];

	vpa_histogram_save(o->h, got);
	for (int i = 0; i < VPA_BUCKETS; i++) {
		snprintf(bucket, sizeof(bucket), "%d", i);
		if (got->weight[i])
			json_object_set_new(weights, bucket, json_integer(got->weight[i]));
	}
	vectors_json(s->c, o->what, vectors_need(o->expected, "bucketWeights"), weights);
	vectors_int(s->c, o->what,
		    json_is_null(reference) ? GOTIME_ZERO : vpa_time_ns(json_integer_value(reference)),
		    got->reference_ns);
	compare_total(s, o, vectors_get_double(o->expected, "totalWeight", NAN), got->total);
}

static void op_load(struct script *s, struct op *o)
{
	vpa_histogram_init(o->h, s->resource, s->half_life_ns);
	vectors_int(s->c, o->what, 0, vpa_histogram_load(o->h, &s->checkpoint[number_of(s, o->in, "from")]));
}

static void op_find_bucket(struct script *s, struct op *o)
{
	vectors_int(s->c, o->what, json_integer_value(o->expected),
		    vpa_histogram_bucket(s->resource, number_in(o->in, "value")));
}

static void op_bucket_start(struct script *s, struct op *o)
{
	vectors_double(s->c, o->what, json_number_value(o->expected),
		       vpa_histogram_start(s->resource, (int)vectors_get_int(o->in, "bucket", 0)));
}

static void op_is_empty(struct script *s, struct op *o)
{
	vectors_int(s->c, o->what, json_is_true(o->expected), vpa_histogram_is_empty(o->h));
}

static void op_percentile(struct script *s, struct op *o)
{
	vectors_double(s->c, o->what, json_number_value(o->expected),
		       vpa_histogram_percentile(o->h, number_in(o->in, "p")));
}

static const struct {
	const char *name;
	void (*run)(struct script *s, struct op *o);
} operations[] = {
	{"add", op_add},	       {"subtract", op_subtract},	 {"merge", op_merge},
	{"checkpoint", op_checkpoint}, {"load", op_load},		 {"findBucket", op_find_bucket},
	{"bucketStart", op_bucket_start}, {"isEmpty", op_is_empty},	 {"percentile", op_percentile},
};

static void run(struct script *s, size_t i, json_t *in, json_t *expected)
{
	const char *name = vectors_need_text(in, "op");
	struct op o = {.in = in, .expected = expected, .number = number_of(s, in, "h")};

	o.h = &s->h[o.number];
	snprintf(o.what, sizeof(o.what), "op %zu (%s)", i, name);
	for (size_t k = 0; k < sizeof(operations) / sizeof(operations[0]); k++)
		if (!strcmp(operations[k].name, name)) {
			operations[k].run(s, &o);
			return;
		}
	vectors_fail(s->c, o.what, "an operation", "one that is not known");
}

static void begin(struct script *s, struct vectors_case *c)
{
	s->c = c;
	s->resource = strcmp(vectors_need_text(c->in, "options"), "cpu") ? VPA_MEMORY : VPA_CPU;
	s->half_life_ns = strcmp(vectors_need_text(c->in, "kind"), "decaying") ? 0 : 24 * 3600 * 1000 * VPA_TIME_MS;
	for (int i = 0; i < HISTOGRAMS; i++) {
		vpa_histogram_init(&s->h[i], s->resource, s->half_life_ns);
		vpa_histogram_save(&s->h[i], &s->checkpoint[i]);
	}
}

void suite_vpa_histogram(struct vectors_case *c)
{
	static struct script s;
	json_t *ops = vectors_need(c->in, "ops"), *results = vectors_need(c->out, "results"), *op;
	size_t i;

	begin(&s, c);
	vectors_int(c, "results", (int64_t)json_array_size(ops), (int64_t)json_array_size(results));
	json_array_foreach(ops, i, op)
		if (!c->failed)
			run(&s, i, op, json_array_get(results, i));
}
