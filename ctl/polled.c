/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/polled.h"

#include <time.h>

#include "base/clock.h"
#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/watch.h"

uint64_t polled_wait(uint64_t begin_ns, uint64_t now_ns, uint64_t period_ns, uint64_t end_ns, bool *ret_last)
{
	uint64_t next_ns = now_ns + period_ns - (now_ns - begin_ns) % period_ns;

	*ret_last = next_ns >= end_ns;
	if (*ret_last)
		return end_ns > now_ns ? end_ns - now_ns : 0;
	return next_ns - now_ns;
}

/* False: it is over. */
static bool wait_for_next(uint64_t begin_ns, uint64_t period_ns, uint64_t end_ns)
{
	bool last;
	uint64_t ns = polled_wait(begin_ns, clock_boot().ns, period_ns, end_ns, &last);

	nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / CLOCK_NS_PER_S), .tv_nsec = (long)(ns % CLOCK_NS_PER_S)},
		  NULL);
	return !last;
}

static int print_once(const struct polled *p, struct listing_printer *to, struct connect *c,
		      const ProtobufCMessage *question, int *ret_result, struct err *e)
{
	struct rpc_msg *answer = NULL;
	struct polled_items all;
	int r = connect_ask(c, p->method, question, &answer, e);

	if (r < 0)
		return r;
	all = p->items(rpc_msg_get(answer));
	*ret_result = listing_print(to, all.item, all.n, all.unix_ns);
	if (p->beside)
		p->beside(rpc_msg_get(answer));
	rpc_msg_release(answer);
	return 0;
}

int polled_show(const struct polled *p, const struct session *s, const ProtobufCMessage *question, bool watch)
{
	scoped(connect_freep) struct connect *c = NULL;
	struct listing_printer to = {0};
	uint64_t begin_ns = clock_boot().ns, seconds_ns = (uint64_t)s->o->seconds * CLOCK_NS_PER_S;
	uint64_t end_ns = seconds_ns ? begin_ns + seconds_ns : UINT64_MAX;
	struct err e;
	int result = COMMAND_FINE, r = connect_open(s->o, NULL, &c, &e);

	listing_begin(&to, p->listing, s, watch);
	if (r == 0)
		r = print_once(p, &to, c, question, &result, &e);
	watch &= r == 0;
	while (watch && result == COMMAND_FINE && (r == 0 || watch_is_lost(&e)) &&
	       wait_for_next(begin_ns, p->period_ns, end_ns)) {
		bool told = r < 0;

		r = print_once(p, &to, c, question, &result, &e);
		if (r < 0 && watch_is_lost(&e) && !told)
			watch_tell(&e);
	}
	listing_done(&to);
	return r < 0 ? command_fail(&e) : result;
}
