/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The VPA recommender under a fleet: what a sample, a recommendation and a restart cost a container, cold, as all
 * the others come in between; and what Go's log and exp2 cost against libm's on the arguments that samples have.
 *
 *	bench-vpa [quick]
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "bench/spread.h"
#include "decide/gomath.h"
#include "decide/vpa_checkpoint.h"
#include "decide/vpa_recommend.h"

#define ROUNDS 15
#define WARM 60 /* samples that each container has before */
#define NOW (1767225600 * 1000000000ll)
#define MINUTE_NS 60000000000ll
#define CALLS 1000000

struct one {
	struct vpa_aggregate usage;
	struct vpa_container container;
	size_t size;
	uint8_t bytes[VPA_CHECKPOINT_BYTES];
};

struct fleet {
	struct one *one;
	unsigned n, minute;
	int64_t sum; /* of what was computed, so that it is */
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sample(struct fleet *f)
{
	int64_t now = NOW + f->minute++ * MINUTE_NS;

	for (unsigned i = 0; i < f->n; i++) {
		int64_t milli = 50 + (i * 7919 + f->minute * 104729) % 2000;

		vpa_usage_cpu(&f->one[i].container, &f->one[i].usage, now, milli);
		vpa_usage_memory(&f->one[i].container, &f->one[i].usage, &vpa_options_default, now, milli << 20);
	}
}

static void recommend(struct fleet *f)
{
	struct vpa_recommendation r;

	for (unsigned i = 0; i < f->n; i++) {
		vpa_recommend(&vpa_options_default, &vpa_policy_default, 1, &f->one[i].usage, &r);
		f->sum += r.target[VPA_CPU] + r.upper[VPA_MEMORY];
	}
}

static void save(struct fleet *f)
{
	for (unsigned i = 0; i < f->n; i++)
		f->one[i].size = vpa_checkpoint_save(&f->one[i].usage, f->one[i].bytes);
}

static void load(struct fleet *f)
{
	for (unsigned i = 0; i < f->n; i++)
		f->sum += !vpa_checkpoint_load(f->one[i].bytes, f->one[i].size, &vpa_options_default,
					       &f->one[i].usage);
}

static const struct {
	const char *what;
	void (*run)(struct fleet *f);
} turns[] = {{"a CPU and a memory sample", sample}, {"a recommendation", recommend}, {"save", save}, {"load", load}};

#define TURNS (sizeof(turns) / sizeof(turns[0]))

static void fleet_of(struct fleet *f, unsigned n)
{
	*f = (struct fleet){.one = mem_array(NULL, n, sizeof(*f->one)), .n = n};
	for (unsigned i = 0; i < n; i++) {
		vpa_usage_init(&f->one[i].usage, &vpa_options_default);
		vpa_usage_container_init(&f->one[i].container);
	}
	while (f->minute < WARM)
		sample(f);
}

static void measure(struct fleet *f)
{
	double took[TURNS][ROUNDS];

	for (int k = 0; k < ROUNDS; k++)
		for (size_t i = 0; i < TURNS; i++) {
			double start = cpu_seconds();

			turns[i].run(f);
			took[i][k] = (cpu_seconds() - start) * 1e3;
		}
	printf("| of %u containers | ms | us each |\n|---|---|---|\n", f->n);
	for (size_t i = 0; i < TURNS; i++) {
		struct spread s = spread_of(took[i], ROUNDS);

		printf("| %s | %.1f (%.1f–%.1f) | %.2f |\n", turns[i].what, s.median, s.low, s.high,
		       s.median * 1e3 / f->n);
	}
}

static double time_of(double (*of)(double), double from, double step, double *sum)
{
	double start = cpu_seconds();

	for (int i = 0; i < CALLS; i++)
		*sum += of(from + i * step);
	return cpu_seconds() - start;
}

static void compare(const char *what, double (*ours)(double), double (*libm)(double), double from, double step)
{
	double ratio[ROUNDS], sum = 0;
	struct spread s;

	for (int k = 0; k < ROUNDS; k++) {
		double go = time_of(ours, from, step, &sum), c = time_of(libm, from, step, &sum);

		ratio[k] = go / c;
	}
	s = spread_of(ratio, ROUNDS);
	printf("| %s | %.2f (%.2f–%.2f) |\n", what, s.median, s.low, s.high);
	if (isnan(sum))
		abort(); /* also keeps the sums from being left out */
}

int main(int argc, char **argv)
{
	struct fleet f;

	fleet_of(&f, argc > 1 && !strcmp(argv[1], "quick") ? 100 : 10000);
	measure(&f);
	printf("\n%zu bytes a container name and label set, %zu a container, %zu in its checkpoint\n\n",
	       sizeof(struct vpa_aggregate), sizeof(struct vpa_container), f.one[0].size);
	printf("| Go's / libm's | time |\n|---|---|\n");
	compare("log", gomath_log, log, 1, 0.005);
	compare("exp2", gomath_exp2, exp2, -0.5, 1e-6);
	free(f.one);
	return f.sum == 0;
}
