/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/launch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo/owner.h"
#include "demo/show.h"

static int find_binaries(struct run *r, struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", r->binary, sizeof(r->binary) - 1);

	if (n < 0)
		return err_set(e, -errno, "cannot read /proc/self/exe");
	if (n >= PLACE_PATH)
		return err_set(e, -ENAMETOOLONG, "the path of plimsoll-demo is too long");
	memcpy(r->bin, r->binary, (size_t)n);
	*strrchr(r->bin, '/') = '\0';
	return 0;
}

int launch_prepare(struct run *r, struct err *e)
{
	int error;

	if (geteuid() != 0) {
		err_set(e, -EPERM, "the demo needs root");
		err_cause(e, "it loads BPF programs and makes cgroups");
		return err_fix(e, "sudo ./dev run");
	}
	if ((error = find_binaries(r, e)) < 0 ||
	    (error = cgroup_find("/proc/self/mountinfo", &r->mounts, e)) < 0)
		return error;
	int swept = cgroup_sweep(&r->mounts) + place_sweep();
	if (swept)
		show_line(r, "removed what a killed run had left (%d)", swept);
	snprintf(r->root, sizeof(r->root), "/" OWNER_PREFIX "%d", (int)getpid());
	if ((error = place_make(&r->place, e)) < 0 ||
	    (error = cgroup_make(&r->mounts, r->root, e)) < 0)
		return error;
	return place_write_files(&r->place, r->root, r->binary, r->o->brisk ? &step_brisk : &step_shown, e);
}

static int check_runnable(const char *path, struct err *e)
{
	if (access(path, X_OK) == 0)
		return 0;
	err_set(e, -errno, "cannot run %s", path);
	return err_fix(e, "./dev build makes it");
}

static int start_daemon(struct run *r, const char *name, char **argv, void (*exited)(struct child *, void *),
			struct child **ret_c, struct err *e)
{
	const struct child_options o = { .name = name, .argv = argv, .socket = -1,
					 .death_signal = SIGTERM, .exited = exited,
					 .data = r };

	int error = check_runnable(argv[0], e);
	return error < 0 ? error : child_start(r->loop, &o, ret_c, e);
}

static int start_aggregator(struct run *r, void (*exited)(struct child *, void *), struct err *e)
{
	char path[PLACE_PATH + 32], listen[64], http[64];
	char *argv[] = { path, "--config", r->place.config, "--listen", listen, "--http", http, "--socket",
			 r->place.aggregator_socket, "--tls-dir", r->place.tls, "--state-dir",
			 r->place.state, "--policy", r->place.policy, NULL };

	snprintf(path, sizeof(path), "%s/plimsoll-aggregator", r->bin);
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", r->place.grpc_port);
	snprintf(http, sizeof(http), "127.0.0.1:%u", r->place.http_port);
	return start_daemon(r, "plimsoll-aggregator", argv, exited, &r->aggregator, e);
}

static int start_agent(struct run *r, void (*exited)(struct child *, void *), struct err *e)
{
	char path[PLACE_PATH + 32], aggregator[64];
	char *argv[] = { path, "--config", r->place.config, "--user", r->place.closed ? "" : "plimsoll",
			 "--socket", r->place.agent_socket, "--aggregator", aggregator,
			 "--server-name", "aggregator", "--tls-dir", r->place.tls, "--requests", NULL };

	snprintf(path, sizeof(path), "%s/plimsoll-agent", r->bin);
	snprintf(aggregator, sizeof(aggregator), "127.0.0.1:%u", r->place.grpc_port);
	return start_daemon(r, "plimsoll-agent", argv, exited, &r->agent, e);
}

static int dial(struct run *r, const char *socket, struct rpc_client **ret_c, struct err *e)
{
	char address[PLACE_PATH + 16];
	const struct rpc_client_options o = { .address = address };

	snprintf(address, sizeof(address), "unix:%s", socket);
	int error = rpc_client_new(r->loop, &o, ret_c, e);
	r->clients += error == 0;
	return error;
}

int launch_daemons(struct run *r, void (*exited)(struct child *, void *), struct err *e)
{
	int error;

	if ((error = start_aggregator(r, exited, e)) < 0 || (error = start_agent(r, exited, e)) < 0 ||
	    (error = dial(r, r->place.agent_socket, &r->to_agent, e)) < 0)
		return error;
	return dial(r, r->place.aggregator_socket, &r->to_aggregator, e);
}

int launch_top(struct run *r, void (*exited)(struct child *, void *), struct err *e)
{
	char path[PLACE_PATH + 16], server[PLACE_PATH + 16];
	char *argv[] = { path, "top", "--server", server, NULL };
	int error;

	snprintf(path, sizeof(path), "%s/plimsoll", r->bin);
	snprintf(server, sizeof(server), "unix:%s", r->place.aggregator_socket);
	const struct child_options o = { .name = "plimsoll top", .argv = argv, .socket = -1,
					 .death_signal = SIGTERM, .terminal = true,
					 .exited = exited, .data = r };
	error = check_runnable(path, e);
	return error < 0 ? error : child_start(r->loop, &o, &r->top, e);
}
