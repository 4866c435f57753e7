/* SPDX-License-Identifier: Apache-2.0 */
/* The actuator that changes nothing: for a policy that is tried out, or whose decisions others carry
 * out by reading them (Scaling.WatchDecisions). */
#ifndef AGGREGATOR_ACT_NONE_H
#define AGGREGATOR_ACT_NONE_H

#include "aggregator/act/act.h"

extern const struct act_kind act_none;

#endif
