/* SPDX-License-Identifier: Apache-2.0 */
/* What the fleet loses, by kind of losses.def: one notice for each, with the nodes that lose most. Loop-thread-only. */
#ifndef AGGREGATOR_TOLL_H
#define AGGREGATOR_TOLL_H

#include "aggregator/aggregator.h"

#define TOLL_NODES 3 /* are named, if so many lose */

/* The worst kind first; returns the count. */
size_t toll_notices(const struct store *s, clock_boot_t now, struct aggregator_notice *ret, size_t room);

#endif
