/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/reclaim.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/probe/programs.h"
#include "base/mem.h"
#include "programs.skel.h"

struct reclaim {
	struct programs_bpf *bpf;
	struct bpf_link **fault; /* by CPU; NULL: it is offline */
	uint32_t cpus;
};

static int open_event(int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS_MAJ,
		.sample_period = 1, /* each of them */
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

/* CPUs that come online later are not watched. */
static int watch_faults(struct reclaim *c)
{
	c->fault = mem_zero(c->cpus * sizeof(struct bpf_link *));
	for (uint32_t cpu = 0; cpu < c->cpus; cpu++) {
		int fd = open_event((int)cpu);

		if (fd == -ENODEV)
			continue;
		if (fd < 0)
			return fd;
		c->fault[cpu] = bpf_program__attach_perf_event(c->bpf->progs.reclaim_fault, fd);
		if (!c->fault[cpu]) {
			int error = -errno;

			close(fd);
			return error;
		}
	}
	return 0;
}

static int set_up(struct reclaim *c, const struct part_frame *f)
{
	struct programs_bpf *b = c->bpf = f->bpf;
	int r;

	c->cpus = f->cpus;
	bpf_program__set_autoattach(b->progs.reclaim_fault, false);
	bpf_program__set_autoattach(b->progs.reclaim_going_on, false);
	r = programs_attach(b, "reclaim");
	if (r < 0)
		return r;
	b->links.reclaim_going_on = part_over_map(b->progs.reclaim_going_on, b->maps.reclaim_threads);
	return b->links.reclaim_going_on ? watch_faults(c) : -errno;
}

static void close_part(void *state)
{
	struct reclaim *c = state;

	for (uint32_t cpu = 0; c->fault && cpu < c->cpus; cpu++)
		bpf_link__destroy(c->fault[cpu]);
	free(c->fault);
	free(c);
}

static int open_part(const struct part_frame *f, void **ret_state)
{
	struct reclaim *c = mem_new(struct reclaim);
	int r = set_up(c, f);

	if (r == 0)
		*ret_state = c;
	else
		close_part(c);
	return r;
}

static void set_on(void *state, bool on)
{
	((struct reclaim *)state)->bpf->bss->reclaim_off = !on;
}

static int pass(void *state, uint64_t number, struct err *e)
{
	int r = part_walk(((struct reclaim *)state)->bpf->links.reclaim_going_on);

	(void)number;
	return r < 0 ? err_set(e, r, "cannot walk over the reclaims that go on") : 0;
}

static uint64_t lost(const void *state)
{
	return ((const struct reclaim *)state)->bpf->bss->reclaim_lost;
}

const struct part reclaim_part = {
	.name = "reclaim",
	.what = "reclaim stalls and major faults",
	.doing = "watch reclaim and major faults",
	.groups = SIGNAL_NO_RECLAIM,
	.open = open_part,
	.close = close_part,
	.pass = pass,
	.set_on = set_on,
	.lost = lost,
	.loss = LOSS_RECLAIMS_UNPLACED,
};
