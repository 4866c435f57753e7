/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/watcher.h"

#include <stdlib.h>

#include "aggregator/metrics.h"
#include "base/mem.h"
#include "base/obj.h"

#define WATCHER_MAGIC 0x77617463u

static unsigned length(const struct watcher *w)
{
	unsigned n = 0;

	for (; w; w = w->next)
		n++;
	return n;
}

enum rpc_code watcher_open(struct watcher **list, struct rpc_call *c)
{
	struct watcher *w;

	if (length(*list) >= WATCHER_MOST) {
		aggregator_count(aggregator_watches_refused_total, 1);
		rpc_finish(c, RPC_EXHAUSTED, "too many streams of this kind are open",
			   "end some, or ask for the list when it is needed");
		return RPC_EXHAUSTED;
	}
	w = mem_new(struct watcher);
	w->magic = WATCHER_MAGIC;
	w->call = c;
	w->next = *list;
	w->previous = list;
	if (w->next)
		w->next->previous = &w->next;
	*list = w;
	rpc_set_data(c, w);
	aggregator_set(aggregator_watches, aggregator_get(aggregator_watches) + 1);
	return RPC_OK;
}

struct watcher *watcher_asked(struct rpc_call *c, struct rpc_msg *m)
{
	struct watcher *w = obj_cast(struct watcher, rpc_data(c), WATCHER_MAGIC);

	w->asked = rpc_msg_keep(m);
	return w;
}

void watcher_closed(struct rpc_call *c, enum rpc_code code, const char *why)
{
	struct watcher *w = obj_cast(struct watcher, rpc_data(c), WATCHER_MAGIC);

	(void)code;
	(void)why;
	*w->previous = w->next;
	if (w->next)
		w->next->previous = w->previous;
	rpc_msg_release(w->asked);
	w->magic = 0;
	free(w);
	aggregator_set(aggregator_watches, aggregator_get(aggregator_watches) - 1);
}

const ProtobufCMessage *watcher_query(const struct watcher *w)
{
	return w->asked ? rpc_msg_get(w->asked) : NULL;
}
