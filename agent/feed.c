/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/feed.h"

#include <errno.h>

/* The spool ran over the reader: it goes on at the oldest keyframe left. */
static const struct spool_batch *find(struct feed *f, const struct spool *s)
{
	const struct spool_batch *b = f->next ? spool_get(s, f->next) : NULL;
	uint64_t keyframe;

	if (b || (f->next && f->next > spool_newest(s)))
		return b;
	keyframe = spool_keyframe(s, f->next);
	if (!keyframe) {
		f->next = 0;
		return NULL;
	}
	f->skipped += f->next ? keyframe - f->next : 0;
	f->next = keyframe;
	return spool_get(s, keyframe);
}

static int send_one(const struct spool_batch *b, struct rpc_call *c)
{
	struct rpc_packed *p;
	int r;

	if (rpc_send_queued(c) >= RPC_SEND_QUEUE)
		return -ENOBUFS; /* spares the copy */
	p = rpc_pack_bytes(b->bytes, b->size);
	r = rpc_send_packed(c, p);
	rpc_packed_unref(p);
	return r;
}

int feed_pump(struct feed *f, const struct spool *s, struct rpc_call *c)
{
	const struct spool_batch *b;

	while ((b = find(f, s))) {
		int r = send_one(b, c);

		if (r < 0)
			return r == -ENOBUFS ? 0 : r;
		f->next = b->sequence + 1;
	}
	return 0;
}
