/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"

#define ABI_LEAST 2 /* before, no rename between directories could be allowed, which our socket needs */

/* Words that came after the oldest headers we build with (Linux 6.1), as linux/landlock.h has them. */
#define FS_TRUNCATE	   (1ULL << 14) /* 6.2, ABI 3 */
#define NET_BIND_TCP	   (1ULL << 0)	/* 6.7, ABI 4 */
#define NET_CONNECT_TCP	   (1ULL << 1)
#define FS_IOCTL_DEV	   (1ULL << 15) /* 6.10, ABI 5 */
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* 6.12, ABI 6 */
#define SCOPE_SIGNAL	   (1ULL << 1)
#define RULE_NET_PORT	   2

struct ruleset { /* struct landlock_ruleset_attr of ABI 6 */
	uint64_t fs, net, scoped;
};

struct net_port { /* struct landlock_net_port_attr */
	uint64_t allowed, port;
};

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_SOCKETS \
	(LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER)
#define FS_ALL_OF_ABI_2 (LANDLOCK_ACCESS_FS_REFER | (LANDLOCK_ACCESS_FS_REFER - 1))

static int abi_of_kernel(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < ABI_LEAST ? 0 : (int)abi;
}

/* Everything the kernel can deny is denied, and the size tells it how much of the struct we mean. */
static int new_ruleset(int abi)
{
	struct ruleset r = {.fs = FS_ALL_OF_ABI_2};
	size_t size = sizeof(r.fs);

	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4) {
		r.net = NET_BIND_TCP | NET_CONNECT_TCP;
		size += sizeof(r.net);
	}
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		r.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
		size += sizeof(r.scoped);
	}
	return (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
}

/* The descriptor stays open for good: procfs and sysfs make a new inode when an entry falls out of the
 * kernel's cache, and a rule is of the inode. An open descriptor keeps the entry. */
static int allow_path(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights};
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR ? 0 : -errno;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= LANDLOCK_ACCESS_FS_READ_FILE;
	if (!rule.allowed_access) /* no directory, where one is needed: whoever needs it will say so */
		return 0;
	rule.parent_fd = fd;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno
											   : 0;
}

static int allow_ports(int ruleset, const uint16_t *ports, size_t n, uint64_t rights)
{
	for (size_t i = 0; i < n; i++) {
		const struct net_port rule = {.allowed = rights, .port = ports[i]};

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) < 0)
			return -errno;
	}
	return 0;
}

static int allow(const struct landlock_options *o, int ruleset, int abi)
{
	int r = o->sockets ? allow_path(ruleset, o->sockets, FS_SOCKETS) : 0;

	for (const char *const *path = o->read; r == 0 && path && *path; path++)
		r = allow_path(ruleset, *path, FS_READ);
	if (r == 0 && abi >= 4)
		r = allow_ports(ruleset, o->listen, o->n_listen, NET_BIND_TCP);
	if (r == 0 && abi >= 4)
		r = allow_ports(ruleset, o->connect, o->n_connect, NET_CONNECT_TCP);
	return r;
}

int landlock_make(const struct landlock_options *o, int *ret_fd, int *ret_abi, struct err *e)
{
	scoped(closep) int fd = -1;
	int abi = abi_of_kernel(), r;

	if (!abi) {
		*ret_fd = -1;
		*ret_abi = 0;
		return 0;
	}
	fd = new_ruleset(abi);
	r = fd < 0 ? -errno : allow(o, fd, abi);
	if (r < 0)
		return err_set(e, r, "cannot make the Landlock rules");
	*ret_fd = take_fd(fd);
	*ret_abi = abi;
	return 0;
}

int landlock_enter(int fd, struct err *e)
{
	if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return err_set(e, -errno, "cannot enter the Landlock rules");
	return 0;
}
