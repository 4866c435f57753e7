/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives up every privilege, for good: capabilities, root, the right to gain any of them back, core
 * dumps, what files and TCP ports are none of ours (Landlock), and every system call that sampling and
 * streaming do not make (seccomp). All but seccomp is a thread's own, so it comes before the first
 * thread and after the last thing that needs root. docs/design/privilege.md is the reference.
 */
#ifndef AGENT_SANDBOX_SANDBOX_H
#define AGENT_SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "agent/sandbox/landlock.h"
#include "agent/sandbox/user.h"
#include "base/err.h"

struct sandbox_options {
	struct user user;
	struct landlock_options reach;
};

struct sandbox_facts {
	int landlock_abi;   /* 0: this kernel has none */
	bool seccomp;       /* false: this kernel has none */
	bool bounding_left; /* CAP_SETPCAP was missing; without exec the set means nothing */
};

/* 0: everything is given up that this kernel lets one give up, and *ret says what it does not have.
 * Negative errno: some of it may be gone, so the caller must end. -EBUSY: there are threads already. */
int sandbox_enter(const struct sandbox_options *o, struct sandbox_facts *ret, struct err *e);

#endif
