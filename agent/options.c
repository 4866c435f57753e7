/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/names/door.h"
#include "base/mem.h"
#include "rpc/rpc.h"

#define NODE_MAX 253 /* of a DNS name, which node names are in Kubernetes */

static const struct opt_desc rows[] = {
#define OPTION(type, field, letter, fallback, min, max, unit, help)                                \
	{OPT_##type, #field, letter, offsetof(struct agent_options, field), fallback, min,         \
	 max,        unit,   help},
#include "agent/options.def"
#undef OPTION
};

const struct opt_table agent_option_table = {
	.program = "plimsoll-agent",
	.summary = "measures CPU, memory and saturation of every container of this node",
	.prose = "Once a second the agent asks the kernel, by eBPF, how much CPU time, run-queue "
		 "wait, "
		 "memory and pressure each container, systemd unit or other cgroup has had. It "
		 "serves "
		 "that on a unix socket and, when asked to, on a TCP port, and pushes it to an "
		 "aggregator.\n\n"
		 "It needs CAP_BPF and CAP_PERFMON, and a kernel with BTF. While the aggregator is "
		 "away the last minutes are kept and sent later.",
	.rows = rows,
	.n = sizeof(rows) / sizeof(rows[0]),
	.section = 8,
};

static bool is_unix(const char *address)
{
	return strncmp(address, "unix:", 5) == 0;
}

bool agent_options_tls(const struct agent_options *o)
{
	return !o->insecure && (*o->listen || (*o->aggregator && !is_unix(o->aggregator)));
}

static int check_node(struct agent_options *o, struct err *e)
{
	char host[NODE_MAX + 2] = "";

	if (!*o->node) {
		(void)gethostname(host, sizeof(host) - 1);
		free(o->node);
		o->node = mem_strdup(host);
	}
	if (!*o->node)
		err_set(e, -EINVAL, "this node has no name");
	else if (strlen(o->node) > NODE_MAX ||
		 strspn(o->node,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") !=
			 strlen(o->node))
		err_set(e, -EINVAL, "\"%.60s\" is no name for a node", o->node);
	else
		return 0;
	err_cause(e, "a name has 1 to %d letters, digits, dots, dashes or underscores", NODE_MAX);
	err_fix(e, "give one with --node");
	return -EINVAL;
}

static int check_addresses(const struct agent_options *o, struct err *e)
{
	int r = *o->listen ? rpc_address_check("--listen", o->listen, e) : 0;

	if (r == 0 && *o->aggregator)
		r = rpc_address_check_peer("--aggregator", o->aggregator, e);
	return r;
}

static int check_doors(const struct agent_options *o, struct err *e)
{
	if (strlen(o->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
		err_set(e, -EINVAL, "the path of --socket is too long");
		err_cause(e, "a socket's path has at most 107 bytes");
		err_fix(e, "choose a shorter one");
		return -EINVAL;
	}
	if (*o->socket || *o->listen || *o->aggregator)
		return check_addresses(o, e);
	err_set(e, -EINVAL, "nobody could read what this agent measures");
	err_cause(e, "--socket, --listen and --aggregator are all empty");
	err_fix(e, "give one of them");
	return -EINVAL;
}

static int check_tls(const struct agent_options *o, struct err *e)
{
	int given = !!*o->tls_cert + !!*o->tls_key + !!*o->tls_ca;

	if (given != 0 && given != 3) {
		err_set(e, -EINVAL, "--tls-cert, --tls-key and --tls-ca belong together");
		err_cause(e, "%d of the three %s given", given, given == 1 ? "was" : "were");
		err_fix(e, "give all three, or none to use --tls-dir");
		return -EINVAL;
	}
	if (agent_options_tls(o) && !given && !*o->tls_dir) {
		err_set(e, -EINVAL, "TLS has no certificates");
		err_cause(e, "--tls-dir is empty and no --tls-cert is given");
		err_fix(e, "give --tls-dir, or --insecure for plain text");
		return -EINVAL;
	}
	return 0;
}

int agent_options_check(struct agent_options *o, struct err *e)
{
	int r = check_node(o, e);

	if (r == 0)
		r = check_doors(o, e);
	if (r == 0)
		r = door_check("cri", o->cri, e);
	if (r == 0)
		r = door_check("docker", o->docker, e);
	if (r == 0)
		r = door_check("podman", o->podman, e);
	return r == 0 ? check_tls(o, e) : r;
}
