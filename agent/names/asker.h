/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one process that may talk to a container runtime (one for each), which is as much as being root: whoever can
 * may have any container started. So the agent, which strangers may talk to, does not: a child of it does,
 * forked while there is one thread, before the kernel programs are loaded. It keeps the group of the runtime's socket and
 * nothing else, hears one byte from the agent ("list them") and sends it names. It ends with the agent.
 */
#ifndef AGENT_NAMES_ASKER_H
#define AGENT_NAMES_ASKER_H

#include "agent/names/word.h"
#include "agent/sandbox/user.h"
#include "base/err.h"

struct asker_options {
	enum names_kind kind;
	const char *address; /* unix:PATH of the runtime */
	const struct user *user;
};

/* Before the first thread. *ret_fd: words come there (SOCK_SEQPACKET, does not block). */
int asker_fork(const struct asker_options *o, int *ret_fd, struct err *e);

#endif
