/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the VPA recommender (1.7) would recommend for one container. For each resource and each of target, lower
 * and upper bound, every step truncated to a whole amount:
 *
 *	percentile of the histogram, + margin (15 %)
 *	upper bound x (1 + 1/confidence), lower bound x (1 + 0.001/confidence)^-2
 *	at least the pod's minimum / its containers, rounded up, at least minAllowed, at most maxAllowed
 *
 * Confidence is days of history, or days that one sample a minute would have taken, whichever is less; CPU samples
 * count for memory, too. Without any, the upper bound of what was seen is VPA_AMOUNT_MOST, and with nothing seen
 * everything is the minimum.
 */
#ifndef DECIDE_VPA_RECOMMEND_H
#define DECIDE_VPA_RECOMMEND_H

#include "decide/vpa_policy.h"
#include "decide/vpa_usage.h"

struct vpa_recommendation {
	bool controlled[VPA_RESOURCES]; /* the others have no amounts: 0 */
	int64_t target[VPA_RESOURCES], lower[VPA_RESOURCES], upper[VPA_RESOURCES];
	int64_t uncapped[VPA_RESOURCES]; /* the target before minAllowed and maxAllowed */
	int64_t samples;
};

/* `containers` >= 1: of its pod that are not off; they share the pod's minimum evenly. */
void vpa_recommend(const struct vpa_options *o, const struct vpa_policy *p, unsigned containers,
		   const struct vpa_aggregate *a, struct vpa_recommendation *ret);

#endif
