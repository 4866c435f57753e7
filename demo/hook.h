/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the aggregator's exec actuator and the running demo. `plimsoll-demo scale --socket PATH` is
 * the command in the policy: it checks the ScaleRequest on its stdin and passes it on over a unix
 * socket; the supervisor answers when the replicas are really there or gone.
 */
#ifndef DEMO_HOOK_H
#define DEMO_HOOK_H

#include "base/err.h"
#include "demo/scale_request.h"
#include "loop/loop.h"

#define HOOK_WAIT_S 9 /* below the policy's timeoutSeconds of 10, so that our error comes first */
#define HOOK_PENDING 8 /* callers that wait at once; the aggregator has one a workload */

/* The command's side: reads stdin, asks, waits. Exit code; errors go to stderr. */
int hook_scale(const char *socket_path);

/* The supervisor's side; loop thread only. */
struct hook;

/* `asked`: 0, then hook_settled() answers everybody who waits; or negative errno with *e, which is
 * this caller's answer. */
int hook_listen(struct loop *l, const char *path,
		int (*asked)(const struct scale_request *r, void *data, struct err *e), void *data,
		struct hook **ret_h, struct err *e);
void hook_settled(struct hook *h);
struct hook *hook_close(struct hook *h); /* removes the socket; who waits sees it closed */

#endif
