/* SPDX-License-Identifier: Apache-2.0 */
/* The list of nodes: what each measures of itself, and what its agent lost. Its items are struct measured_item. */
#ifndef CTL_MEASURED_NODE_H
#define CTL_MEASURED_NODE_H

#include "ctl/listing.h"

extern const struct listing measured_node_listing;

#endif
