/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/weights.h"

static bool is_clue(const struct sample_row *r)
{
	return r->kind == IDENTITY_POD_CONTAINER && !r->ended && !(r->now.missing & SIGNAL_NO_BANDWIDTH);
}

enum shares_scale weights_scale(struct sample_row *const *rows, size_t n, bool shares, uint32_t cpus)
{
	struct shares_clues clues = {0};

	if (shares)
		return SHARES_KERNEL;
	for (size_t i = 0; i < n; i++) {
		struct shares_container of;

		if (!is_clue(rows[i]))
			continue;
		of = shares_container(rows[i]->now.cpu_weight, rows[i]->now.cpu_quota_ns, rows[i]->now.cpu_period_ns,
				      rows[i]->qos);
		shares_clue(&clues, &of);
	}
	return shares_conclude(&clues, cpus ? cpus * 1000ull : UINT64_MAX);
}
