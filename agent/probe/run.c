/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/run.h"

#include "agent/probe/programs.h"
#include "programs.skel.h"

static int open_part(const struct part_frame *f, void **ret_state)
{
	int r = programs_attach(f->bpf, "run");

	if (r == 0)
		*ret_state = f->bpf;
	return r;
}

static void set_on(void *state, bool on)
{
	((struct programs_bpf *)state)->bss->run_off = !on;
}

const struct part run_part = {
	.name = "run",
	.what = "restarts",
	.doing = "see cgroups become empty and begin again",
	.groups = SIGNAL_NO_RESTARTS,
	.open = open_part,
	.set_on = set_on,
};
