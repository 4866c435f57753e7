/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes the CPU from one process for a while, in a timer's interrupt and so at any place, also within our programs: as
 * a hypervisor does.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>

#define LOOKS_MAX 1000000

int delay_process;
__u64 delay_ns, delays;

struct wait {
	__u64 until_ns;
};

static long look(__u32 i, struct wait *w)
{
	return bpf_ktime_get_ns() >= w->until_ns;
}

SEC("perf_event")
int delay(void *ctx)
{
	struct wait w = {bpf_ktime_get_ns() + delay_ns};

	if ((int)(bpf_get_current_pid_tgid() >> 32) != delay_process)
		return 0;
	bpf_loop(LOOKS_MAX, look, &w, 0);
	delays++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
