/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: do the kernel's memory statistics lie where the cgroup pass looks for them? Asked once
 * at start, of one large cgroup: what the pass read is compared with the file memory.stat.
 */
#ifndef AGENT_PROBE_AGREE_H
#define AGENT_PROBE_AGREE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "plimsoll/slot.h"

/* `stat` is an open memory.stat, v1's where `legacy`. The two are read one after the other, and the
 * kernel adds up every 2 s, so that they may be a little apart. False also when the file lacks a line. */
bool agree(FILE *stat, bool legacy, const struct plimsoll_row *row, uint64_t page_bytes);

#endif
