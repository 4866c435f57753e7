/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/top.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/measured.h"
#include "ctl/method.h"
#include "ctl/workload.h"

/* What the server is decides what can be shown. */
static int find_agent(const struct session *s, bool *ret_agent, struct err *e)
{
	scoped(connect_freep) struct connect *c = NULL;
	struct rpc_msg *m;
	int r = connect_open(s->o, NULL, &c, e);

	if (r == 0)
		r = connect_status(c, &m, e);
	if (r < 0)
		return r;
	*ret_agent = strcmp(((const Plimsoll__V1__StatusResponse *)rpc_msg_get(m))->program,
			    "plimsoll-agent") == 0;
	rpc_msg_release(m);
	return 0;
}

int top_run(const struct session *s)
{
	bool agent;
	struct err e;

	if (find_agent(s, &agent, &e) < 0)
		return command_fail(&e);
	return agent ? measured_cgroups(s, NULL, 0, true) : workload_show(s, NULL, 0, true);
}
