/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the sandbox: what of the file system and of TCP this process may still reach. Made while its
 * paths can be opened, entered at the end. A kernel without Landlock makes no cage, which is no error.
 */
#ifndef AGENT_SANDBOX_LANDLOCK_H
#define AGENT_SANDBOX_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct landlock_options {
	const char *const *read; /* files, and directories with what is below; ends with NULL; may be missing */
	const char *sockets;     /* directory to make, rename and remove sockets in; NULL: none */
	const uint16_t *listen, *connect; /* TCP ports; port 0: any that the kernel picks */
	size_t n_listen, n_connect;
};

/* *ret_fd: the cage, or -1 when *ret_abi is 0: this kernel has none that fits. Opens the paths. */
int landlock_make(const struct landlock_options *o, int *ret_fd, int *ret_abi, struct err *e);
int landlock_enter(int fd, struct err *e); /* after no_new_privs; single-threaded; fd stays the caller's */

#endif
