/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list that is watched outlives its daemon: when that goes away, a line on stderr says so once, and it is asked again
 * each second, until --seconds have passed. A daemon that was not there to begin with is an error.
 */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

#include "ctl/connect.h"
#include "ctl/options.h"

/* As connect_follow() for --seconds. The error of the last attempt if the daemon is away at the end. */
int watch_follow(const struct ctl_options *o, struct connect *c, const struct rpc_method *m,
		 const ProtobufCMessage *request, bool (*each)(const ProtobufCMessage *m, void *data), void *data,
		 struct err *e);

/* For those that ask again themselves: */
bool watch_is_lost(const struct err *e); /* it may come back */
void watch_tell(const struct err *e);    /* the line */

#endif
