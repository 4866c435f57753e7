/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Root's last deeds for the user that the agent becomes (the socket's directory, the right to read its
 * own key), and the becoming: what agent/sandbox takes away, this says what the agent still needs.
 * Both before the first thread.
 */
#ifndef AGENT_PRIVILEGE_H
#define AGENT_PRIVILEGE_H

#include "agent/options.h"
#include "agent/sandbox/user.h"
#include "base/err.h"

#define PRIVILEGE_RUN_DIR "/run/plimsoll" /* ours by name, so its group may be set */

/* After the certificates are made. -ENOENT: no such user, or no place for the socket; -EACCES: that user cannot make it;
 * -EADDRINUSE, -EEXIST, -ENOTDIR: nobody can. */
int privilege_prepare(const struct agent_options *o, struct user *ret_user, struct err *e);
/* Of an error of making the socket: whoever started the agent as root can write there, and wonders. */
int privilege_name_user(const struct user *u, struct err *e);
/* After the kernel programs are loaded. Says in the log what is given up and what could not be. */
int privilege_drop(const struct agent_options *o, const struct user *u, struct err *e);
/* The same for the helper that asks the container runtime: what is left is to connect to `socket`. */
int privilege_drop_to_socket(const char *socket, const struct user *u, struct err *e);

#endif
