/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container runtime asked for its containers and pods (CRI, RuntimeService over a unix socket): once
 * when it can be reached, again whenever somebody wants it or its events say that one came, at most
 * once in LISTER_LEAST_NS. A runtime that is away, silent or answers nonsense costs a failure; asking
 * goes on, ever more slowly. Runs in the helper's process; loop-thread-only; nothing blocks.
 */
#ifndef AGENT_NAMES_CRI_H
#define AGENT_NAMES_CRI_H

#include "agent/names/lister.h"
#include "base/clock.h"
#include "base/err.h"
#include "rpc/rpc.h"

#define CRI_EVENTS_GOOD_NS (10 * CLOCK_NS_PER_S)   /* a stream of events that ended earlier is not opened at once */
#define CRI_MAX_MESSAGE	   (16u << 20) /* bytes of an answer, as much as the kubelet takes of it */

struct cri;
/* Borrows the loop and the address; begins at once. */
int cri_start(const struct lister_options *o, struct cri **ret_c, struct err *e);
void cri_want(struct cri *c); /* a list, please */
void cri_stop(struct cri *c, void (*done)(void *data), void *data); /* then done(), *c is freed */

#endif
