/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/strays.h"

#include <stdlib.h>

#include "base/mem.h"

struct stray {
	uint32_t slot;
	struct stray *next;
};

void strays_add(struct strays *s, uint32_t slot)
{
	struct stray *new = mem_new(struct stray);

	*new = (struct stray){slot, s->first};
	s->first = new;
}

void strays_catch(struct strays *s, struct pool *p, const struct rows_adder *a)
{
	struct stray **at = &s->first, *one;

	while ((one = *at)) {
		if (pool_is_busy(p, one->slot)) {
			at = &one->next;
			continue;
		}
		if (a->add)
			a->add(a->data, one->slot, &s->nobodys);
		pool_give(p, one->slot);
		*at = one->next;
		free(one);
	}
}

void strays_free(struct strays *s)
{
	while (s->first) {
		struct stray *next = s->first->next;

		free(s->first);
		s->first = next;
	}
}
