/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/oom.h"

#include "agent/probe/programs.h"
#include "programs.skel.h"

static int open_part(const struct part_frame *f, void **ret_state)
{
	int r = programs_attach(f->bpf, "oom");

	if (r == 0)
		*ret_state = f->bpf;
	return r;
}

static void set_on(void *state, bool on)
{
	((struct programs_bpf *)state)->bss->oom_off = !on;
}

static uint64_t lost(const void *state)
{
	return ((const struct programs_bpf *)state)->bss->oom_lost;
}

const struct part oom_part = {
	.name = "oom",
	.what = "victims of OOM kills",
	.doing = "see whom the kernel kills for want of memory",
	.groups = SIGNAL_NO_OOM,
	.open = open_part,
	.set_on = set_on,
	.lost = lost,
	.loss = LOSS_VICTIMS_UNKNOWN,
};
