/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list that no stream tells of: asked for once, or with --watch again each period until --seconds have passed,
 * as a stream ends by the clock, too. Blocks; Ctrl-C ends it.
 */
#ifndef CTL_POLLED_H
#define CTL_POLLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/listing.h"
#include "rpc/rpc.h"

struct polled_items {
	const void *const *item;
	size_t n;
	uint64_t unix_ns; /* when it was so */
};

struct polled {
	const struct listing *listing;
	const struct rpc_method *method;
	uint64_t period_ns;
	struct polled_items (*items)(const ProtobufCMessage *answer);
	void (*beside)(const ProtobufCMessage *answer); /* what else there is to say, on stderr; NULL: nothing */
};

/* An exit code; has printed its errors. */
int polled_show(const struct polled *p, const struct session *s, const ProtobufCMessage *question, bool watch);
/* How long to wait at `now` for the next time, of those that come each period from `begin` on. *ret_last: then it is
 * over, without another list. `end_ns` UINT64_MAX: never. For the tests. */
uint64_t polled_wait(uint64_t begin_ns, uint64_t now_ns, uint64_t period_ns, uint64_t end_ns, bool *ret_last);

#endif
