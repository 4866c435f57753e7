/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/listen.h"

#include <bpf/libbpf.h>
#include <errno.h>

#include "agent/probe/programs.h"
#include "programs.skel.h"

/* Has all listeners looked at. */
static int attach_walk(struct programs_bpf *b, int cgroup)
{
	union bpf_iter_link_info info = {
		.cgroup = {.cgroup_fd = (__u32)cgroup, .order = BPF_CGROUP_ITER_SELF_ONLY}};
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, o, .link_info = &info, .link_info_len = sizeof(info));

	b->links.listen_pass = bpf_program__attach_iter(b->progs.listen_pass, &o);
	return b->links.listen_pass ? 0 : -errno;
}

/* New listeners first, then those there are: none falls between. */
static int open_part(const struct part_frame *f, void **ret_state)
{
	struct programs_bpf *b = f->bpf;
	int r;

	bpf_program__set_autoattach(b->progs.listen_pass, false);
	r = programs_attach(b, "listen");
	if (r == 0)
		r = attach_walk(b, f->cgroup);
	if (r == 0)
		r = part_walk(b->links.listen_find);
	if (r == 0)
		*ret_state = b;
	return r;
}

static int pass(void *state, uint64_t number, struct err *e)
{
	int r = part_walk(((struct programs_bpf *)state)->links.listen_pass);

	(void)number;
	return r < 0 ? err_set(e, r, "cannot walk over the listeners") : 0;
}

/* Listeners that came while it was off are found again. */
static void set_on(void *state, bool on)
{
	struct programs_bpf *b = state;

	b->bss->listen_off = !on;
	if (on)
		(void)part_walk(b->links.listen_find);
}

static uint64_t lost(const void *state)
{
	return ((const struct programs_bpf *)state)->bss->listen_lost;
}

const struct part listen_part = {
	.name = "listen",
	.what = "accept queues",
	.doing = "watch listening sockets",
	.unified = true,
	.groups = SIGNAL_NO_LISTEN,
	.open = open_part,
	.pass = pass,
	.set_on = set_on,
	.lost = lost,
	.loss = LOSS_LISTENERS_UNPLACED,
};
