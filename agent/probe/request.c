/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/request.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/scope.h"
#include "programs.skel.h"

struct hearer {
	struct programs_bpf *bpf;
	int out; /* the link of the second way; others' programs stay attached beside ours */
};

/* One program for both ways, of which libbpf knows the first. */
static int attach(struct hearer *h, int cgroup)
{
	struct bpf_program *heard = h->bpf->progs.request_heard;

	h->bpf->links.request_heard = bpf_program__attach_cgroup(heard, cgroup);
	if (!h->bpf->links.request_heard)
		return -errno;
	h->out = bpf_link_create(bpf_program__fd(heard), cgroup, BPF_CGROUP_INET_EGRESS, NULL);
	if (h->out < 0)
		return h->out;
	h->bpf->links.request_look = part_over_map(h->bpf->progs.request_look, h->bpf->maps.request_hearings);
	return h->bpf->links.request_look ? 0 : -errno;
}

static int pass(void *state, uint64_t number, struct err *e)
{
	int r = part_walk(((struct hearer *)state)->bpf->links.request_look);

	(void)number;
	return r < 0 ? err_set(e, r, "cannot walk over the connections that are heard") : 0;
}

static void close_part(void *state)
{
	struct hearer *h = state;

	closep(&h->out);
	free(h);
}

static int open_part(const struct part_frame *f, void **ret_state)
{
	struct hearer *h = mem_new(struct hearer);
	int r;

	*h = (struct hearer){.bpf = f->bpf, .out = -1};
	r = attach(h, f->cgroup);
	if (r < 0)
		close_part(h);
	else
		*ret_state = h;
	return r;
}

/* Connections that there were while it was off are taken up again at their next request. */
static void set_on(void *state, bool on)
{
	struct programs_bpf *b = ((struct hearer *)state)->bpf;

	if (on)
		b->bss->request_times_on++;
	b->bss->request_off = !on;
}

static uint64_t lost(const void *state)
{
	return ((const struct hearer *)state)->bpf->bss->request_lost;
}

const struct part request_part = {
	.name = "request",
	.what = "requests",
	.doing = "hear requests",
	.capability = "CAP_NET_ADMIN",
	.unified = true,
	.when_asked = true,
	.groups = SIGNAL_NO_REQUESTS | SIGNAL_NO_TURNS,
	.open = open_part,
	.close = close_part,
	.pass = pass,
	.set_on = set_on,
	.lost = lost,
	.loss = LOSS_CONNECTIONS_UNKNOWN,
};
