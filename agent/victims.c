/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/victims.h"

#include "base/log.h"
#include "base/scope.h"

static void tell(const struct sample_row *r)
{
	const struct plimsoll_victim *v = &r->now.victim;
	scoped(freep) char *name = identity_text(v->comm);
	uint32_t others = v->count - r->before.victim.count - 1;

	if (others)
		log_info("out of memory: the kernel killed %s (%u) in %s, after %u others since the last sample", name,
			 v->pid, r->cgroup, others);
	else
		log_info("out of memory: the kernel killed %s (%u) in %s", name, v->pid, r->cgroup);
}

void victims_log(const struct sample *s)
{
	size_t n;
	struct sample_row *const *rows = sample_rows(s, &n);

	for (size_t i = 0; i < n; i++)
		if (rows[i]->now.victim.count > rows[i]->before.victim.count)
			tell(rows[i]);
}
