/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the sandbox: whom the agent becomes once it has loaded. Found while files can still be handed
 * over to that user, become when nothing more needs root.
 */
#ifndef AGENT_SANDBOX_USER_H
#define AGENT_SANDBOX_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define USER_PREFERRED "plimsoll" /* what packages make; where it is missing, USER_ANYBODY */
#define USER_ANYBODY   "nobody"

struct user {
	char name[64];
	uid_t uid;
	gid_t gid;
	bool stay; /* the user that we are: told to, not root, or not permitted to change; the group changes if it may */
};

/* `name` is a user's name or number; "": stay. Who is not root stays as well. -ENOENT: no such user. */
int user_find(const char *name, struct user *ret, struct err *e);
/* Changes every user and group id, and drops all supplementary groups. Single-threaded. */
int user_become(const struct user *u, struct err *e);
int user_drop_capabilities(struct err *e);
/* 0: once become, and without a capability, that user may make files in `dir`; else why not. Asks a child. */
int user_may_write(const struct user *u, const char *dir);

#endif
