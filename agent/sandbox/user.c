/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox/user.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"

#define OVERFLOW_ID 65534u /* nobody's number on a machine without a list of users, such as a bare image */

static bool may_change_ids(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	const uint32_t wanted = 1u << CAP_SETUID | 1u << CAP_SETGID;

	return syscall(SYS_capget, &head, data) == 0 && (data[0].effective & wanted) == wanted;
}

static bool is_number(const char *text, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *ret < UINT32_MAX;
}

static struct user named(const char *name, uid_t uid, gid_t gid)
{
	struct user u = {.uid = uid, .gid = gid, .stay = uid == geteuid()};

	snprintf(u.name, sizeof(u.name), "%s", name);
	return u;
}

static struct user myself(void)
{
	const struct passwd *who = getpwuid(geteuid());
	struct user u = named(who ? who->pw_name : "", geteuid(), getegid());

	if (!who)
		snprintf(u.name, sizeof(u.name), "%u", (unsigned)u.uid);
	return u;
}

static int look_up(const char *name, struct user *ret, struct err *e)
{
	const struct passwd *who = getpwnam(name);
	unsigned long number;

	if (!who && strcmp(name, USER_PREFERRED) == 0)
		return look_up(USER_ANYBODY, ret, e);
	if (who) {
		*ret = named(name, who->pw_uid, who->pw_gid);
	} else if (strcmp(name, USER_ANYBODY) == 0) {
		*ret = named(name, OVERFLOW_ID, OVERFLOW_ID);
	} else if (is_number(name, &number)) {
		who = getpwuid((uid_t)number);
		*ret = named(name, (uid_t)number, who ? who->pw_gid : (gid_t)number);
	} else {
		err_set(e, -ENOENT, "--user: \"%.60s\" is no user of this machine", name);
		err_cause(e, "the list of users does not have it");
		return err_fix(e, "make it (useradd --system NAME), or name another, or its number");
	}
	return 0;
}

int user_find(const char *name, struct user *ret, struct err *e)
{
	if (!*name || geteuid() != 0) {
		*ret = myself();
		return 0;
	}
	if (look_up(name, ret, e) < 0)
		return -ENOENT;
	if (!may_change_ids()) /* root in a container, say, that was given only what loading needs */
		*ret = myself();
	return 0;
}

static int refused(const char *what, struct err *e)
{
	err_set(e, -errno, "cannot %s", what);
	return err_fix(e, "start the agent as root, or as the user that it shall run as with "
			  "CAP_BPF and CAP_PERFMON as ambient capabilities");
}

int user_become(const struct user *u, struct err *e)
{
	/* Who stays may still be a root of many groups; without the right to change them they stay, too. */
	if (setgroups(0, NULL) < 0 && !u->stay)
		return refused("leave the supplementary groups", e);
	/* Nor do they change their group without CAP_SETGID; what that one was for says that it is closed. */
	if (setresgid(u->gid, u->gid, u->gid) < 0 && !u->stay)
		return refused("change the group", e);
	if (u->stay)
		return 0;
	if (setresuid(u->uid, u->uid, u->uid) < 0)
		return refused("change the user", e);
	if (setresuid(0, 0, 0) == 0) {
		errno = EPERM;
		return refused("give up root: it can be taken back", e);
	}
	return 0;
}

int user_drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[2] = {{0}};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    syscall(SYS_capset, &head, none) < 0)
		return err_set(e, -errno, "cannot give up the capabilities");
	return 0;
}

/* The slash and the dot: what is no directory is refused. Who cannot become that user is told when it has to. */
static int try_to_write(const struct user *u, const char *dir)
{
	scoped(freep) char *inside = mem_printf("%s/.", dir);

	if (user_become(u, NULL) < 0 || user_drop_capabilities(NULL) < 0)
		return 0;
	return access(inside, W_OK | X_OK) < 0 ? -errno : 0;
}

int user_may_write(const struct user *u, const char *dir)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(-try_to_write(u, dir));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}
