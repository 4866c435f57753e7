/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel itself accounts of one thread (taskstats, asked over netlink). It does so only for threads that began
 * while kernel.task_delayacct was on, which it is in the guests of tests/vm. A failure ends the test.
 */
#ifndef TESTS_BPF_ACCOUNT_H
#define TESTS_BPF_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct account_reclaim { /* of both kinds: for the node and for a limit */
	uint64_t times, ns;
};

bool account_is_kept(void); /* of threads that begin now */
struct account_reclaim account_reclaim(pid_t thread);

#endif
