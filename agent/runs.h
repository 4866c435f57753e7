/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often what a path stands for had run before its cgroup was made anew: a unit or container that is started again
 * has the path it had (docs/design/restarts.md). Kept from the end of a cgroup until the next one of that path, for
 * the RUNS_KEPT that ended last. Loop-thread-only.
 */
#ifndef AGENT_RUNS_H
#define AGENT_RUNS_H

#include <stdint.h>

#define RUNS_KEPT 4096 /* more than a node has units and containers; some 200 bytes each */

struct runs;
struct runs *runs_new(void);
struct runs *runs_free(struct runs *r); /* NULL is fine; returns NULL */

void runs_keep(struct runs *r, const char *path, uint64_t runs); /* copies the path */
uint64_t runs_take(struct runs *r, const char *path);            /* 0: not known; it is kept no more */
uint64_t runs_forgotten(const struct runs *r);                   /* paths for which there was no more room */

#endif
