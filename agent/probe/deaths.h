/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the tree: cgroups that end, deepest first, each told once. */
#ifndef AGENT_PROBE_DEATHS_H
#define AGENT_PROBE_DEATHS_H

#include "agent/probe/tree.h"

struct tree_node;

/* After pass `number`: what it did not write is gone. Returns how many directories ended. */
size_t deaths_bury(struct tree *t, uint64_t number);
/* With `top`. Whatever of it still lives will be found by the pass and be somebody new. */
void deaths_bury_below(struct tree *t, const struct tree_node *top);

#endif
