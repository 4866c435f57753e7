/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/part.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "agent/probe/block.h"
#include "agent/probe/listen.h"
#include "agent/probe/net.h"
#include "agent/probe/oom.h"
#include "agent/probe/reclaim.h"
#include "agent/probe/request.h"
#include "agent/probe/run.h"
#include "agent/probe/task.h"
#include "agent/probe/tcp.h"
#include "base/scope.h"

const struct part *const parts[] = {&oom_part, &run_part,  &reclaim_part, &block_part, &listen_part,
				    &tcp_part, &task_part, &net_part,	  &request_part, NULL};

struct bpf_link *part_over_map(const struct bpf_program *program, const struct bpf_map *map)
{
	union bpf_iter_link_info info = {.map.map_fd = (__u32)bpf_map__fd(map)};
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, o, .link_info = &info, .link_info_len = sizeof(info));

	return bpf_program__attach_iter(program, &o);
}

int part_walk(struct bpf_link *link)
{
	scoped(closep) int fd = bpf_iter_create(bpf_link__fd(link));
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, nothing, sizeof(nothing));
	while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	return n < 0 ? -errno : 0;
}

void part_say(const struct part *p, int r, struct err *e)
{
	const char *capability = p->capability ? p->capability : "CAP_PERFMON"; /* for programs that observe */
	bool denied = r == -EPERM || r == -EACCES;

	err_set(e, denied ? -EPERM : r == -ECANCELED ? r : -EOPNOTSUPP, "cannot %s", p->doing);
	if (r == -ENODEV) {
		err_cause(e, "no cgroup v2 hierarchy is mounted");
		err_fix(e, "mount -t cgroup2 none /sys/fs/cgroup/unified");
	} else if (r == -ECANCELED) {
		err_cause(e, "nobody asked for it: it takes time of every packet");
		err_fix(e, "plimsoll-agent --%s", p->what);
	} else if (denied) {
		err_cause(e, "%s is missing", capability);
		err_fix(e, "give the agent %s, or start it as root", capability);
	} else {
		err_cause(e, "%s", strerror(-r));
	}
}
