/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second of the agent: probe pass, sample, names, what the node itself did and what was lost, encoded and put into the
 * spool. A second that the kernel does not let us read is missing, counted and told once. Loop-thread-only.
 */
#ifndef AGENT_SECOND_H
#define AGENT_SECOND_H

#include "agent/agent.h"

void second_take(struct agent *a); /* the one that ends now */
void second_take_losses(struct agent *a); /* as they stand now, for the second and for Status.Get */
/* The last one in another form; the caller releases it. */
struct rpc_packed *second_pack(struct agent *a, enum encode_form form, const struct encode_filter *filter,
			       const uint32_t *extra_gone, size_t n_extra_gone);

#endif
