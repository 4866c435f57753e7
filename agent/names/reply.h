/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Docker or Podman answers when it is asked for its containers (GET /containers/json of Docker's Engine API,
 * HTTP/1.0) as entries. A container of a compose project is one of PROJECT/SERVICE. Pure: no I/O.
 */
#ifndef AGENT_NAMES_REPLY_H
#define AGENT_NAMES_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "agent/names/word.h"
#include "base/err.h"

struct reply {
	char runtime[NAMES_LABEL_MAX + 1], version[NAMES_TEXT_MAX + 1]; /* as the answer says; "": it does not */
	uint32_t told, refused;
};

/* The whole answer, its end included. -EBADMSG with *e saying why: nothing was told. */
int reply_read(const char *bytes, size_t size, void (*tell)(const struct names_entry *e, void *data), void *data,
	       struct reply *ret, struct err *e);

#endif
