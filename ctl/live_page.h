/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of top: all signals of an agent's cgroup, or why an aggregator decided something. */
#ifndef CTL_LIVE_PAGE_H
#define CTL_LIVE_PAGE_H

#include "ctl/live_state.h"

void live_page_open(struct live_state *v, const char *name);  /* of a cgroup */
void live_page_fill(struct live_state *v);                    /* the open one, again */
void live_page_explain(struct live_state *v, const char *id); /* asks; the page opens when the answer comes */

#endif
