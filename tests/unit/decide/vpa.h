/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the VPA share: one container under the default options, from 2026 on. */
#ifndef TEST_DECIDE_VPA_H
#define TEST_DECIDE_VPA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "decide/vpa_recommend.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define MINUTE (60 * 1000000000ll)
#define DAY (24 * 60 * MINUTE)
#define NOW (1767225600 * 1000000000ll) /* 2026-01-01, a whole number of days since the year 1 */
#define MIB (1024 * 1024ll)

struct vpa {
	struct vpa_options options;
	struct vpa_aggregate usage;
	struct vpa_container container;
};

static inline struct vpa vpa_new(void)
{
	struct vpa v = {.options = vpa_options_default};

	vpa_usage_init(&v.usage, &v.options);
	vpa_usage_container_init(&v.container);
	return v;
}

static inline bool vpa_cpu(struct vpa *v, int64_t time_ns, int64_t milli)
{
	return vpa_usage_cpu(&v->container, &v->usage, time_ns, milli);
}

static inline bool vpa_memory(struct vpa *v, int64_t time_ns, int64_t bytes)
{
	return vpa_usage_memory(&v->container, &v->usage, &v->options, time_ns, bytes);
}

static inline bool vpa_oom(struct vpa *v, int64_t time_ns, int64_t requested)
{
	return vpa_usage_oom(&v->container, &v->usage, &v->options, time_ns, requested);
}

static inline struct vpa_recommendation vpa_recommended(const struct vpa *v, const struct vpa_policy *p,
							unsigned containers)
{
	struct vpa_recommendation r;

	vpa_recommend(&v->options, p, containers, &v->usage, &r);
	return r;
}

#endif
