/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch.peers and Batch.calls: who fills them adds peer by peer here. Keeps its arrays from one batch to the next.
 */
#ifndef WIRE_CALLS_H
#define WIRE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plimsoll/v1/metrics.pb-c.h"

#define CALLS_ADDRESS 16 /* bytes; IPv4 is mapped, ::ffff:1.2.3.4, and goes as 4 */
#define CALLS_BUCKETS 48 /* as lib/base/hist.h */

struct calls_peer {
	uint32_t peer, row;
	bool serves;
	const uint8_t *address; /* CALLS_ADDRESS bytes, until calls_point() was used */
	uint16_t port;
	uint64_t net;
};

struct calls_values {
	uint64_t calls, errors, untimed, ns, connection;
	const uint32_t *hist, *known; /* CALLS_BUCKETS; those that the reader knows are left out; NULL: it knows none */
};

struct calls { /* zeroed: empty */
	Plimsoll__V1__Calls columns;
	Plimsoll__V1__Peer *peer, **peer_p;
	size_t n_peers, room_peers, room, room_hist;
};

void calls_clear(struct calls *c);
void calls_add_peer(struct calls *c, const struct calls_peer *p);
void calls_add_values(struct calls *c, uint32_t peer, const struct calls_values *v);
/* Borrows, until the next calls_clear(). `heard` false: the sender does not know who calls whom. */
void calls_point(struct calls *c, bool heard, Plimsoll__V1__Batch *to);
void calls_done(struct calls *c);

/* An address as it came, 4 or 16 bytes, in full. False: it is neither. */
bool calls_address(const ProtobufCBinaryData *from, uint8_t ret[CALLS_ADDRESS]);
/* All columns are of one length, and buckets are of peers and histograms that there are. */
bool calls_have_shape(const Plimsoll__V1__Calls *c);

#endif
