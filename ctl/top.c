/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/top.h"

#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/live.h"
#include "ctl/measured.h"
#include "ctl/method.h"
#include "ctl/workload.h"

/* What the server is decides what can be shown. */
static int open_server(const struct session *s, struct connect **ret_c, bool *ret_agent,
		       struct err *e)
{
	scoped(connect_freep) struct connect *c = NULL;
	struct rpc_msg *m = NULL;
	int r = connect_open(s->o, NULL, &c, e);

	if (r == 0)
		r = connect_status(c, &m, e);
	if (r < 0)
		return r;
	*ret_agent = strcmp(((const Plimsoll__V1__StatusResponse *)rpc_msg_get(m))->program,
			    "plimsoll-agent") == 0;
	rpc_msg_release(m);
	*ret_c = take(c);
	return 0;
}

static bool full_screen(const struct session *s)
{
	const char *term = getenv("TERM");

	return s->terminal && isatty(STDIN_FILENO) &&
	       (command_is(s, "table") || command_is(s, "wide")) && term &&
	       strcmp(term, "dumb") != 0;
}

int top_run(const struct session *s)
{
	struct connect *c;
	bool agent;
	struct err e;

	if (open_server(s, &c, &agent, &e) < 0)
		return command_fail(&e);
	if (full_screen(s))
		return live_run(s, c, agent);
	connect_free(c);
	return agent ? measured_cgroups(s, NULL, 0, true) : workload_show(s, NULL, 0, true);
}
