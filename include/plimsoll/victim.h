/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Whom the kernel killed for want of memory: the last one of a slot or row, and how many there were. The kernel
 * side includes bpf/kernel.h first, which has these types.
 */
#ifndef PLIMSOLL_VICTIM_H
#define PLIMSOLL_VICTIM_H

#ifndef __bpf__
#include <stdint.h>
#endif

#define PLIMSOLL_COMM 16 /* TASK_COMM_LEN: 15 bytes that the task chose itself, and a NUL */

/* In a tally, at_ns is 0 while the kernel side writes the rest; victims come one at a time (oom_lock). */
struct plimsoll_victim {
	uint64_t at_ns; /* CLOCK_BOOTTIME; 0: there was none */
	uint32_t pid;   /* of the thread, in the machine's own pid namespace, as the kernel logs it */
	uint32_t count; /* victims since the slot was given out */
	char comm[PLIMSOLL_COMM];
};

#endif
