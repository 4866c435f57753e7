/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/reclaim.h"

#include <bpf/libbpf.h>
#include <errno.h>

#include "agent/probe/programs.h"
#include "programs.skel.h"

static int open_part(const struct part_frame *f, void **ret_state)
{
	struct programs_bpf *b = f->bpf;
	int r;

	bpf_program__set_autoattach(b->progs.reclaim_going_on, false);
	r = programs_attach(b, "reclaim");
	if (r < 0)
		return r;
	b->links.reclaim_going_on = part_over_map(b->progs.reclaim_going_on, b->maps.reclaim_threads);
	if (!b->links.reclaim_going_on)
		return -errno;
	*ret_state = b;
	return 0;
}

static void set_on(void *state, bool on)
{
	((struct programs_bpf *)state)->bss->reclaim_off = !on;
}

static int pass(void *state, uint64_t number, struct err *e)
{
	int r = part_walk(((struct programs_bpf *)state)->links.reclaim_going_on);

	(void)number;
	return r < 0 ? err_set(e, r, "cannot walk over the reclaims that go on") : 0;
}

static uint64_t lost(const void *state)
{
	return ((const struct programs_bpf *)state)->bss->reclaim_lost;
}

const struct part reclaim_part = {
	.name = "reclaim",
	.what = "reclaim stalls",
	.doing = "watch reclaim",
	.groups = SIGNAL_NO_RECLAIM,
	.open = open_part,
	.pass = pass,
	.set_on = set_on,
	.lost = lost,
	.loss = LOSS_RECLAIMS_UNPLACED,
};
