/* SPDX-License-Identifier: Apache-2.0 */
#include "actor.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include "base/obj.h"
#include "crew.h"

struct actor_orders {
	volatile int order; /* what is to be done now */
	volatile unsigned given, done;
};

void *actor_share(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must(at != MAP_FAILED);
	return at;
}

static void act(const void *data)
{
	const struct actor *a = data;

	for (;;) {
		while (a->orders->given == a->orders->done)
			crew_pause(1);
		a->obey(a->orders->order, a->data);
		a->orders->done++;
	}
}

void actor_start(struct actor *a, const struct own_cgroups *o, const char *path)
{
	a->orders = actor_share(sizeof(*a->orders));
	a->pid = own_spawn(o, path, act, a);
	actor_tell(a, 0);
}

void actor_tell(struct actor *a, int order)
{
	a->orders->order = order;
	a->orders->given++;
	while (a->orders->done != a->orders->given) {
		must(waitpid(a->pid, NULL, WNOHANG) == 0);
		crew_pause(1);
	}
}

void actor_end(struct actor *a)
{
	if (!a->pid)
		return;
	own_end(a->pid);
	munmap(a->orders, sizeof(*a->orders));
	a->pid = 0;
}
