/* SPDX-License-Identifier: Apache-2.0 */
/* An edge of base/graph.h as the message that Edges.List answers with. */
#ifndef WIRE_EDGE_H
#define WIRE_EDGE_H

#include "base/graph.h"
#include "plimsoll/v1/scaling.pb-c.h"

struct edge_message { /* begins with what is sent, which points to the rest */
	Plimsoll__V1__Edge m;
	Plimsoll__V1__Value calls, errors, mean, p50, p95, p99, saturation;
};

void edge_fill(struct edge_message *to, const struct graph_edge *from); /* borrows; nothing is known of the saturation */
/* Globs on either end, the address if nobody is known there; none: all. */
bool edge_is_asked_for(const struct graph_edge *e, const Plimsoll__V1__ListEdgesRequest *q);

#endif
