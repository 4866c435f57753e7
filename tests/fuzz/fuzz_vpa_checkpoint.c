/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of the VPA: what is read can be recommended from, and what a restart would read has settled. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decide/vpa_checkpoint.h"
#include "decide/vpa_recommend.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must_be_whole(const struct vpa_aggregate *a)
{
	struct vpa_recommendation r;

	vpa_recommend(&vpa_options_default, &vpa_policy_default, 1, a, &r);
	for (int i = 0; i < VPA_RESOURCES; i++)
		if (r.target[i] < vpa_options_default.of[i].pod_minimum ||
		    r.upper[i] < vpa_options_default.of[i].pod_minimum)
			abort();
}

static void must_read_back(const struct vpa_aggregate *a)
{
	uint8_t once[VPA_CHECKPOINT_BYTES];
	struct vpa_aggregate again;
	size_t size = vpa_checkpoint_save(a, once);

	if (vpa_checkpoint_load(once, size, &vpa_options_default, &again))
		abort();
	must_be_whole(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct vpa_aggregate a;
	struct vpa_container c;

	if (!vpa_checkpoint_load_container(bytes, size, &c)) {
		uint8_t again[VPA_CHECKPOINT_CONTAINER_BYTES];

		vpa_checkpoint_save_container(&c, again);
		if (size != sizeof(again) || memcmp(again, bytes, size) != 0)
			abort();
		vpa_usage_init(&a, &vpa_options_default);
		(void)vpa_usage_memory(&c, &a, &vpa_options_default, 0, 1000);
		(void)vpa_usage_oom(&c, &a, &vpa_options_default, INT64_MAX, INT64_MAX);
		must_be_whole(&a);
		return 0;
	}
	if (vpa_checkpoint_load(bytes, size, &vpa_options_default, &a))
		return 0;
	must_be_whole(&a);
	must_read_back(&a);
	return 0;
}
