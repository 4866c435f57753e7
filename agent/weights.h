/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the CPU weights of this node's pods came of what they asked for: on cgroup v1 they are the kernel's own, on v2
 * its containers give away which formula their runtime has, or they do not. Readers make requests of weights by it.
 */
#ifndef AGENT_WEIGHTS_H
#define AGENT_WEIGHTS_H

#include <stddef.h>

#include "agent/sample.h"
#include "base/shares.h"

/* `shares`: the kernel has shares. `cpus`: of the node; 0: not known. */
enum shares_scale weights_scale(struct sample_row *const *rows, size_t n, bool shares, uint32_t cpus);

#endif
