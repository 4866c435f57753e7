/* SPDX-License-Identifier: Apache-2.0 */
/* get nodes, pods and cgroups: what agents measure, read from an agent or from an aggregator. */
#ifndef CTL_MEASURED_H
#define CTL_MEASURED_H

#include "ctl/command.h"

/* Names of nodes, or glob patterns of paths or names (wire/pattern.h). Two samples make a rate, so a list takes a second. */
int measured_nodes(const struct session *s, char **names, size_t n, bool watch);
int measured_containers(const struct session *s, char **globs, size_t n, bool watch);
int measured_pods(const struct session *s, char **globs, size_t n, bool watch);
int measured_cgroups(const struct session *s, char **globs, size_t n, bool watch);

#endif
