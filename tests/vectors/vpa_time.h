/* SPDX-License-Identifier: Apache-2.0 */
/* Times in the VPA's vectors: milliseconds since 2026-01-01T00:00:00Z. */
#ifndef VECTORS_VPA_TIME_H
#define VECTORS_VPA_TIME_H

#include <stdint.h>

#define VPA_TIME_MS 1000000ll
#define VPA_TIME_EPOCH (1767225600000ll * VPA_TIME_MS)

static inline int64_t vpa_time_ns(int64_t ms)
{
	return VPA_TIME_EPOCH + ms * VPA_TIME_MS;
}

#endif
