/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/live.h"

#include <stdlib.h>

#include "base/clock.h"
#include "ctl/live_keys.h"
#include "ctl/live_state.h"
#include "ctl/live_stream.h"

static void redraw(void *data)
{
	live_state_draw(live_state_of(data));
}

static void got_signal(int signum, void *data)
{
	live_state_end(live_state_of(data), 128 + signum);
}

static void over(void *data)
{
	live_state_end(live_state_of(data), COMMAND_FINE);
}

/* Life */

static void begin(struct live_state *v)
{
	v->tick = loop_timer_new(v->loop, redraw, v);
	v->retry = loop_timer_new(v->loop, live_stream_open, v);
	v->end = loop_timer_new(v->loop, over, v);
	loop_timer_start(v->tick, CLOCK_NS_PER_S, CLOCK_NS_PER_S);
	if (v->session->o->seconds)
		loop_timer_start(v->end, (uint64_t)v->session->o->seconds * CLOCK_NS_PER_S, 0);
	live_stream_open(v);
	live_state_draw(v);
}

static void release(struct live_state *v)
{
	fleet_free(v->fleet);
	stand_in_free(v->stand_in);
	rpc_msg_release(v->workloads);
	rpc_msg_release(v->decisions);
	history_free(v->cpu);
	free((void *)v->view.list);
	free((void *)v->all);
	free(v->view.line);
	free(v->text);
	free(v->selected);
	free(v->page);
	free(v->newest_decisions);
}

int live_run(const struct session *s, struct connect *c, bool agent)
{
	struct live_state v = {.magic = LIVE_STATE_MAGIC, .session = s, .connect = c, .loop = connect_loop(c)};
	const struct screen_events events = {live_keys_press, redraw, got_signal, &v};
	struct err e;

	v.fleet = fleet_new();
	v.cpu = history_new();
	v.view = (struct view){.style = &s->style,
			       .agent = agent,
			       .address = connect_address(c),
			       .sort = command_order(s, agent ? "saturation" : "name"),
			       .causes = command_is(s, "wide"),
			       .cpu = v.cpu};
	int r = screen_open(v.loop, &events, &v.screen, &e);
	if (r == 0) {
		begin(&v);
		loop_run(v.loop);
		v.screen = screen_close(v.screen);
		loop_timer_close(v.tick);
		loop_timer_close(v.retry);
		loop_timer_close(v.end);
	}
	connect_free(c); /* the calls end here, into v */
	release(&v);
	return r < 0 ? command_fail(&e) : v.result;
}
