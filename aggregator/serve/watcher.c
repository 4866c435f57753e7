/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/watcher.h"

#include <stdlib.h>

#include "aggregator/metrics.h"
#include "base/mem.h"
#include "base/obj.h"

#define WATCHER_MAGIC 0x77617463u

void watcher_open(struct watcher **list, struct rpc_call *c)
{
	struct watcher *w = mem_new(struct watcher);

	w->magic = WATCHER_MAGIC;
	w->call = c;
	w->next = *list;
	w->previous = list;
	if (w->next)
		w->next->previous = &w->next;
	*list = w;
	rpc_set_data(c, w);
	aggregator_set(aggregator_watches, aggregator_get(aggregator_watches) + 1);
}

struct watcher *watcher_asked(struct rpc_call *c, struct rpc_msg *m)
{
	struct watcher *w = obj_cast(struct watcher, rpc_data(c), WATCHER_MAGIC);

	w->asked = rpc_msg_keep(m);
	return w;
}

void watcher_closed(struct rpc_call *c)
{
	struct watcher *w = obj_cast(struct watcher, rpc_data(c), WATCHER_MAGIC);

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
