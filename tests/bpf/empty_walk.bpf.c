/* SPDX-License-Identifier: GPL-2.0-only */
/* What any program of a walk costs, whatever it does. */
#include "kernel.h"

#include <bpf/bpf_helpers.h>

SEC("iter/task")
int empty_walk(void *context)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
