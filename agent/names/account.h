/* SPDX-License-Identifier: Apache-2.0 */
/* The account that the names of containers give of themselves: gauges, and a notice when a person should know. */
#ifndef AGENT_NAMES_ACCOUNT_H
#define AGENT_NAMES_ACCOUNT_H

#include "agent/names/names.h"

void account_observe(struct names *const n[NAMES_KINDS]); /* brings the gauges up to date */
/* What a person should know about it. False: nothing. */
bool account_notice(const struct names *n, struct probe_notice *ret);

#endif
