/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/tcp.h"

#include <bpf/libbpf.h>
#include <errno.h>

#include "agent/probe/programs.h"
#include "programs.skel.h"

/* New connections first, then those there are: none falls between. */
static int set_up(struct programs_bpf *b)
{
	int r;

	bpf_program__set_autoattach(b->progs.tcp_look, false);
	r = programs_attach(b, "tcp");
	if (r < 0)
		return r;
	b->links.tcp_look = part_over_map(b->progs.tcp_look, b->maps.tcp_connections);
	return b->links.tcp_look ? part_walk(b->links.tcp_find) : -errno;
}

static int open_part(const struct part_frame *f, void **ret_state)
{
	int r = set_up(f->bpf);

	if (r == 0)
		*ret_state = f->bpf;
	return r;
}

static int pass(void *state, uint64_t number, struct err *e)
{
	int r = part_walk(((struct programs_bpf *)state)->links.tcp_look);

	(void)number;
	return r < 0 ? err_set(e, r, "cannot walk over the TCP connections") : 0;
}

/* Connections that came while it was off are found again. */
static void set_on(void *state, bool on)
{
	struct programs_bpf *b = state;

	b->bss->tcp_off = !on;
	if (on)
		(void)part_walk(b->links.tcp_find);
}

static uint64_t lost(const void *state)
{
	return ((const struct programs_bpf *)state)->bss->tcp_lost;
}

const struct part tcp_part = {
	.name = "tcp",
	.what = "TCP connections",
	.doing = "watch TCP sockets",
	.groups = SIGNAL_NO_TCP | SIGNAL_NO_CONNECTS,
	.open = open_part,
	.pass = pass,
	.set_on = set_on,
	.lost = lost,
	.loss = LOSS_CONNECTIONS_UNKNOWN,
};
