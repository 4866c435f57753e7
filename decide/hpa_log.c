/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_log.h"

#include "decide/goint.h"

static size_t oldest(const struct hpa_log *l)
{
	size_t at = 0;

	for (size_t i = 1; i < l->n; i++)
		if (l->entry[i].at_ms < l->entry[at].at_ms)
			at = i;
	return at;
}

void hpa_log_store(struct hpa_log *l, size_t reuse, int64_t now_ms, int32_t replicas)
{
	size_t at = reuse < l->n ? reuse : l->n;

	if (at == l->room) {
		at = oldest(l);
		l->dropped++;
	}
	l->n += at == l->n;
	l->entry[at] = (struct hpa_log_entry){now_ms, replicas, false};
}

int32_t hpa_log_sum(const struct hpa_log *l, int64_t now_ms, int64_t period_ms)
{
	int32_t sum = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->entry[i].at_ms > now_ms - period_ms)
			sum = goint_add_32(sum, l->entry[i].replicas);
	return sum;
}
