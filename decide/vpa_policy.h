/* SPDX-License-Identifier: Apache-2.0 */
/* What a VerticalPodAutoscaler says about a container: spec.resourcePolicy.containerPolicies, as plain values. */
#ifndef DECIDE_VPA_POLICY_H
#define DECIDE_VPA_POLICY_H

#include <stddef.h>

#include "decide/vpa_options.h"

#define VPA_POLICY_NAME 64 /* a container's name has at most 63 letters */

struct vpa_policy {
	char container[VPA_POLICY_NAME];  /* "*": every one that is not named */
	bool off;                         /* mode: Off. It gets no recommendation and no share of the pod's minimum */
	bool controlled[VPA_RESOURCES];
	int64_t min_allowed[VPA_RESOURCES]; /* VPA_UNSET or 0: none */
	int64_t max_allowed[VPA_RESOURCES]; /* VPA_UNSET: that of the options; 0: none, not even that */
};

extern const struct vpa_policy vpa_policy_default; /* on, both resources, no bounds */

/* The one for this container, else the one for "*", else the default. */
const struct vpa_policy *vpa_policy_of(const struct vpa_policy *p, size_t n, const char *container);

#endif
