/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/net.h"

#include <bpf/libbpf.h>
#include <errno.h>

#include "programs.skel.h"

/* Others' programs stay attached beside ours. */
static int attach(struct programs_bpf *b, int cgroup)
{
	b->links.net_received = bpf_program__attach_cgroup(b->progs.net_received, cgroup);
	if (!b->links.net_received)
		return -errno;
	b->links.net_sent = bpf_program__attach_cgroup(b->progs.net_sent, cgroup);
	return b->links.net_sent ? 0 : -errno;
}

static int open_part(const struct part_frame *f, void **ret_state)
{
	int r = attach(f->bpf, f->cgroup);

	if (r == 0)
		*ret_state = f->bpf;
	return r;
}

static void set_on(void *state, bool on)
{
	((struct programs_bpf *)state)->bss->net_off = !on;
}

const struct part net_part = {
	.name = "net",
	.what = "network bytes and packets",
	.doing = "count packets",
	.capability = "CAP_NET_ADMIN",
	.unified = true,
	.groups = SIGNAL_NO_NET,
	.open = open_part,
	.set_on = set_on,
};
