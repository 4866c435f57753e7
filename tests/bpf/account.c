/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/obj.h"
#include "base/scope.h"

struct message {
	struct nlmsghdr head;
	struct genlmsghdr what;
	char attributes[4096];
};

static struct message ask(int fd, uint16_t family, uint8_t command, uint16_t type, const void *value, uint16_t bytes)
{
	struct message m = {.head = {.nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST},
			    .what = {.cmd = command, .version = 1}};
	struct nlattr a = {.nla_type = type, .nla_len = (uint16_t)(NLA_HDRLEN + bytes)};
	ssize_t got;

	memcpy(m.attributes, &a, sizeof(a));
	memcpy(m.attributes + NLA_HDRLEN, value, bytes);
	m.head.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + GENL_HDRLEN + NLA_ALIGN(a.nla_len));
	must(send(fd, &m, m.head.nlmsg_len, 0) == (ssize_t)m.head.nlmsg_len);
	got = recv(fd, &m, sizeof(m), 0);
	must(got >= (ssize_t)NLMSG_HDRLEN && got >= (ssize_t)m.head.nlmsg_len && m.head.nlmsg_type == family);
	return m;
}

/* Its value; the kernel always sends what we look for. */
static const char *find(const char *from, const char *end, uint16_t type, struct nlattr *ret)
{
	for (; from + NLA_HDRLEN <= end; from += NLA_ALIGN(ret->nla_len)) {
		memcpy(ret, from, sizeof(*ret));
		if (ret->nla_type == type)
			return from + NLA_HDRLEN;
		must(ret->nla_len >= NLA_HDRLEN);
	}
	must(!"the attribute is there");
	return NULL;
}

static const char *end_of(const struct message *m)
{
	return (const char *)m + m->head.nlmsg_len;
}

static uint16_t find_family(int fd)
{
	struct message m = ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, TASKSTATS_GENL_NAME,
			       sizeof(TASKSTATS_GENL_NAME));
	struct nlattr a;
	uint16_t id;

	memcpy(&id, find(m.attributes, end_of(&m), CTRL_ATTR_FAMILY_ID, &a), sizeof(id));
	return id;
}

bool account_is_kept(void)
{
	scoped(fclosep) FILE *f = fopen("/proc/sys/kernel/task_delayacct", "re");

	return f && fgetc(f) == '1';
}

struct account_reclaim account_reclaim(pid_t thread)
{
	scoped(closep) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	uint32_t id = (uint32_t)thread;
	struct taskstats t = {0};
	struct nlattr outer, inner;
	struct message m;
	const char *at;

	must(fd >= 0);
	m = ask(fd, find_family(fd), TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_PID, &id, sizeof(id));
	at = find(m.attributes, end_of(&m), TASKSTATS_TYPE_AGGR_PID, &outer);
	at = find(at, at + outer.nla_len - NLA_HDRLEN, TASKSTATS_TYPE_STATS, &inner);
	memcpy(&t, at, sizeof(t) < (size_t)(inner.nla_len - NLA_HDRLEN) ? sizeof(t) : (size_t)(inner.nla_len - NLA_HDRLEN));
	return (struct account_reclaim){t.freepages_count, t.freepages_delay_total};
}
