/* SPDX-License-Identifier: Apache-2.0 */
/* get edges: who calls whom, of an aggregator's workloads or of an agent's cgroups. */
#ifndef CTL_EDGES_H
#define CTL_EDGES_H

#include "ctl/command.h"

int edges_show(const struct session *s, char **names, size_t n, bool watch);

#endif
