/* SPDX-License-Identifier: Apache-2.0 */
/* Where a runtime that names containers is asked: its socket, as an option says or where such sockets mostly are. */
#ifndef AGENT_NAMES_DOOR_H
#define AGENT_NAMES_DOOR_H

#include "agent/names/word.h"
#include "base/err.h"

#define DOOR_AUTO "auto"
#define DOOR_NONE "none"

/* `key` names the option: auto, none or unix:PATH; else -EINVAL. */
int door_check(const char *key, const char *option, struct err *e);
/* unix:PATH, the option's own or static; NULL: nobody is asked, or auto and there is none now. */
const char *door_of(enum names_kind kind, const char *option);
/* connect() of a unix socket to a path. */
int door_call(int fd, const char *path);

#endif
