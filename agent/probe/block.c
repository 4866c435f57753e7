/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/block.h"

#include "agent/probe/programs.h"
#include "programs.skel.h"

static int open_part(const struct part_frame *f, void **ret_state)
{
	int r = programs_attach(f->bpf, "block");

	if (r == 0)
		*ret_state = f->bpf;
	return r;
}

static void set_on(void *state, bool on)
{
	((struct programs_bpf *)state)->bss->block_off = !on;
}

const struct part block_part = {
	.name = "block",
	.what = "block IO",
	.doing = "attach to block_rq_complete",
	.groups = SIGNAL_NO_IO,
	.open = open_part,
	.set_on = set_on,
};
