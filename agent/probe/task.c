/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/task.h"

#include <stdlib.h>

#include "agent/probe/programs.h"
#include "base/clock.h"
#include "base/mem.h"
#include "programs.skel.h"

struct walk {
	struct programs_bpf *bpf;
	clock_boot_t last; /* 0: none yet */
};

static int open_part(const struct part_frame *f, void **ret_state)
{
	struct walk *w;
	int r = programs_attach(f->bpf, "task");

	if (r < 0)
		return r;
	w = mem_new(struct walk);
	w->bpf = f->bpf;
	*ret_state = w;
	return 0;
}

static int pass(void *state, uint64_t number, struct err *e)
{
	struct walk *w = state;
	struct programs_bpf *b = w->bpf;
	clock_boot_t now = clock_boot();
	int r;

	(void)number;
	b->bss->task_elapsed_ns = w->last.ns ? clock_since(now, w->last) : 0;
	w->last = now;
	b->bss->task_look++;
	r = part_walk(b->links.task_pass);
	return r < 0 ? err_set(e, r, "cannot walk over the tasks") : 0;
}

static void set_on(void *state, bool on)
{
	((struct walk *)state)->bpf->bss->task_off = !on;
}

const struct part task_part = {
	.name = "task",
	.what = "processes, threads and major faults",
	.doing = "walk over the tasks",
	.groups = SIGNAL_NO_TASKS,
	.open = open_part,
	.close = free,
	.pass = pass,
	.set_on = set_on,
};
