/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/watch.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ctl/terminal.h"

#define RETRY_NS  CLOCK_NS_PER_S
#define STEADY_NS (5 * CLOCK_NS_PER_S) /* a silent stream that ends sooner is still the trouble that was told */

struct hearing {
	bool (*each)(const ProtobufCMessage *m, void *data);
	void *data;
	bool any;
};

bool watch_is_lost(const struct err *e)
{
	return e->code == -EHOSTUNREACH || e->code == -EAGAIN;
}

void watch_tell(const struct err *e)
{
	scoped(buf_done) struct buf line = {0};

	fflush(stdout); /* what came before it stands before it */
	buf_printf(&line, "plimsoll: %s: %s; trying again\n", e->what, *e->cause ? e->cause : strerror(-e->code));
	terminal_print(buf_text(&line), stderr);
}

/* Of `all_ns` from then on, less the time until another attempt; 0: nothing. */
static uint64_t wait_of(uint64_t all_ns, uint64_t begin_ns)
{
	uint64_t passed_ns = clock_boot().ns - begin_ns;
	uint64_t left_ns = !all_ns ? UINT64_MAX : passed_ns < all_ns ? all_ns - passed_ns : 0;
	uint64_t ns = left_ns < RETRY_NS ? left_ns : RETRY_NS;

	nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / CLOCK_NS_PER_S), .tv_nsec = (long)(ns % CLOCK_NS_PER_S)},
		  NULL);
	return left_ns - ns;
}

static int is_there(struct connect *c, struct err *e)
{
	struct rpc_msg *status = NULL;
	int r = connect_status(c, &status, e);

	rpc_msg_release(status);
	return r;
}

static bool hear(const ProtobufCMessage *m, void *data)
{
	struct hearing *h = data;

	h->any = true;
	return h->each(m, h->data);
}

int watch_follow(const struct ctl_options *o, struct connect *c, const struct rpc_method *m,
		 const ProtobufCMessage *request, bool (*each)(const ProtobufCMessage *m, void *data), void *data,
		 struct err *e)
{
	const uint64_t all_ns = (uint64_t)o->seconds * CLOCK_NS_PER_S, begin_ns = clock_boot().ns;
	uint64_t left_ns = all_ns;
	bool told = false;
	int r = is_there(c, e);

	if (r < 0)
		return r;
	do {
		struct hearing h = {each, data, false};
		uint64_t at_ns = clock_boot().ns;

		r = connect_follow(c, m, request, all_ns ? left_ns : 0, hear, &h, e);
		if (r == 0 || !watch_is_lost(e))
			return r;
		if (!told || h.any || clock_boot().ns - at_ns > STEADY_NS)
			watch_tell(e);
		told = true;
		left_ns = wait_of(all_ns, begin_ns);
	} while (left_ns);
	return r;
}
