/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policies that hold: read at start, and again on SIGHUP. A set with an error in it changes nothing:
 * the one before goes on. Blocks on the files. Loop-thread-only.
 */
#ifndef AGGREGATOR_POLICIES_H
#define AGGREGATOR_POLICIES_H

#include "base/err.h"

struct aggregator;

int policies_load(struct aggregator *a, struct err *e); /* as manifests_load() */
void policies_reload(struct aggregator *a);             /* logs what came of it */

#endif
