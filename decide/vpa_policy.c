/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decide/vpa_policy.h"

const struct vpa_policy vpa_policy_default = {
	.container = "*",
	.controlled = {true, true},
	.min_allowed = {VPA_UNSET, VPA_UNSET},
	.max_allowed = {VPA_UNSET, VPA_UNSET},
};

const struct vpa_policy *vpa_policy_of(const struct vpa_policy *p, size_t n, const char *container)
{
	const struct vpa_policy *others = &vpa_policy_default;

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(p[i].container, container))
			return &p[i];
		if (!strcmp(p[i].container, "*"))
			others = &p[i];
	}
	return others;
}
