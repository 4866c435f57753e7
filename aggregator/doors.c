/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/doors.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "aggregator/ingest/report.h"
#include "aggregator/options.h"
#include "aggregator/serve/edges.h"
#include "aggregator/serve/history.h"
#include "aggregator/serve/metrics.h"
#include "aggregator/serve/policies.h"
#include "aggregator/serve/recommendations.h"
#include "aggregator/serve/scaling.h"
#include "aggregator/serve/status.h"
#include "aggregator/serve/workloads.h"
#include "aggregator/statedir.h"
#include "aggregator/tls.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "rpc/rpc.h"

#define METHODS_MAX    32
#define GROUPS_MAX     64
#define OF_THE_GROUP   0660
#define DIRECTORY_MODE 0755

extern const unsigned char descriptors_bytes[];
extern const unsigned long descriptors_size;

static size_t add_methods(struct rpc_method *all, size_t n, const struct rpc_method *some, size_t more)
{
	must(n + more <= METHODS_MAX);
	memcpy(all + n, some, more * sizeof(*some));
	return n + more;
}

/* One table for both servers that serve everything; lives as long as the process. */
static size_t all_methods(const struct rpc_method **ret)
{
	static struct rpc_method all[METHODS_MAX];
	size_t n = 0;

	n = add_methods(all, n, report_methods, report_n);
	n = add_methods(all, n, serve_metrics_methods, serve_metrics_n);
	n = add_methods(all, n, serve_workloads_methods, serve_workloads_n);
	n = add_methods(all, n, serve_history_methods, serve_history_n);
	n = add_methods(all, n, serve_policies_methods, serve_policies_n);
	n = add_methods(all, n, serve_recommendations_methods, serve_recommendations_n);
	n = add_methods(all, n, serve_edges_methods, serve_edges_n);
	n = add_methods(all, n, serve_scaling_methods, serve_scaling_n);
	n = add_methods(all, n, serve_status_methods, serve_status_n);
	*ret = all;
	return n;
}

static struct rpc_server_options everything(struct aggregator *a, const char *address)
{
	struct rpc_server_options o = {
		.address = address,
		.descriptors = {descriptors_bytes, descriptors_size},
		.data = a,
		.max_calls = (uint32_t)a->options->agents_max * 2 + 1000,
	};

	o.n_methods = all_methods(&o.methods);
	return o;
}

static int open_network(struct aggregator *a, struct err *e)
{
	struct rpc_server_options o = everything(a, a->options->listen);
	int r;

	o.tls = tls_server(a->options);
	r = rpc_server_start(a->loop, &o, &a->door[DOOR_NETWORK], e);
	tls_done(&o.tls);
	return r;
}

static int open_local(struct aggregator *a, const char *folder, struct err *e)
{
	scoped(freep) char *address = mem_printf("unix:%s", a->options->socket);
	const struct rpc_server_options o = everything(a, address);
	int r = strchr(a->options->socket, '/') ? statedir_make(folder, DIRECTORY_MODE, e) : 0;

	if (r < 0) {
		err_set(e, r, "cannot make the directory %s for the socket", folder);
		return err_fix(e, "choose another path with --socket, or none: --socket ''");
	}
	return rpc_server_start(a->loop, &o, &a->door[DOOR_LOCAL], e);
}

/* Agents of this machine */

static bool may_give_to(gid_t group)
{
	gid_t mine[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, mine);
	bool member = geteuid() == 0 || getegid() == group;

	for (int i = 0; i < n; i++)
		member = member || mine[i] == group;
	return member;
}

/* 0: none, which is no error for the default. */
static int find_group(const char *name, gid_t *ret, struct err *e)
{
	const struct group *g = *name ? getgrnam(name) : NULL;

	*ret = g ? g->gr_gid : 0;
	if (g && !may_give_to(g->gr_gid)) {
		log_warn("agents of the group %s cannot push to a socket here: this user is not in that group", name);
		*ret = 0;
	}
	if (g || !*name || strcmp(name, DOORS_GROUP) == 0)
		return 0;
	err_set(e, -ENOENT, "--agents-group: \"%.60s\" is no group of this machine", name);
	err_cause(e, "the list of groups does not have it");
	return err_fix(e, "make it (groupadd --system NAME), name another, or none: --agents-group ''");
}

static int open_agents(struct aggregator *a, const char *folder, struct err *e)
{
	scoped(freep) char *address = mem_printf("unix:%s/" DOORS_AGENTS_SOCKET, folder);
	struct rpc_server_options o = everything(a, address);
	int r = find_group(a->options->agents_group, &o.socket_group, e);

	if (r < 0 || !o.socket_group)
		return r;
	o.methods = report_methods;
	o.n_methods = report_n;
	o.socket_mode = OF_THE_GROUP;
	r = rpc_server_start(a->loop, &o, &a->door[DOOR_AGENTS], e);
	if (r == 0)
		log_info("agents of the group %s may push to %s", a->options->agents_group, address);
	return r;
}

int doors_open(struct aggregator *a, struct err *e)
{
	scoped(freep) char *path = mem_strdup(a->options->socket);
	const char *folder = dirname(path);
	int r = open_network(a, e);

	if (r < 0 || !*a->options->socket)
		return r;
	r = open_local(a, folder, e);
	return r < 0 ? r : open_agents(a, folder, e);
}

void doors_close(struct aggregator *a, void (*done)(void *a))
{
	for (size_t i = 0; i < DOORS; i++) {
		struct rpc_server *s = a->door[i];

		a->door[i] = NULL;
		if (!s)
			continue;
		a->busy++;
		rpc_server_stop(s, AGGREGATOR_GRACE_NS, done, a);
	}
}
