/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/sandbox/syscalls.h"
#include "base/scope.h"

#define LINKS_OF_ONE_TASK 3 /* of /proc/self/task: itself, its name, and one directory a thread */

static int check_alone(struct err *e)
{
	struct stat st;

	if (stat("/proc/self/task", &st) == 0 && st.st_nlink == LINKS_OF_ONE_TASK)
		return 0;
	err_set(e, -EBUSY, "cannot give up privileges");
	return err_cause(e, "other threads run already and would keep theirs");
}

/* A dump would have keys in it. */
static int forbid_dumps(struct err *e)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return err_set(e, -errno, "cannot forbid core dumps");
	return 0;
}

/* From the set that bounds what an exec can gain. Needs CAP_SETPCAP, so it goes before the rest. */
static bool empty_bounding_set(void)
{
	bool empty = true;

	for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1 && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
			empty = false;
	return empty;
}

/* Not dumpable: nobody of the same user may trace us or read our memory. Changing the user resets it. */
static int lock_down(struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, -errno, "cannot set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(e, -errno, "cannot forbid tracing");
	return 0;
}

/* The kernel forgets, when the user changes, that whoever started us wants us to end with it. */
static int end_with_parent(int signum, pid_t parent, struct err *e)
{
	if (!signum)
		return 0;
	if (prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0) < 0)
		return err_set(e, -errno, "cannot ask to end with the parent");
	return getppid() == parent ? 0 : err_set(e, -ESRCH, "the parent ended meanwhile");
}

static int give_up(const struct sandbox_options *o, struct sandbox_facts *f, struct err *e)
{
	pid_t parent = getppid();
	int signum = 0, r = forbid_dumps(e);

	if (r < 0)
		return r;
	(void)prctl(PR_GET_PDEATHSIG, &signum, 0, 0, 0);
	f->bounding_left = !empty_bounding_set();
	r = user_become(&o->user, e);
	if (r == 0)
		r = user_drop_capabilities(e);
	if (r == 0)
		r = end_with_parent(signum, parent, e);
	return r == 0 ? lock_down(e) : r;
}

int sandbox_enter(const struct sandbox_options *o, struct sandbox_facts *ret, struct err *e)
{
	struct sandbox_facts f = {0};
	scoped(closep) int cage = -1;
	int r = check_alone(e);

	if (r == 0)
		r = landlock_make(&o->reach, &cage, &f.landlock_abi, e);
	if (r == 0)
		r = give_up(o, &f, e);
	if (r == 0 && cage >= 0)
		r = landlock_enter(cage, e);
	if (r == 0)
		r = syscalls_limit(&f.seccomp, e);
	if (r == 0)
		*ret = f;
	return r;
}
