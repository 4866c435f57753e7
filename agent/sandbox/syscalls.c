/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox/syscalls.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"

#define BINARY_TREE 2 /* libseccomp's filter by search instead of by list: a call costs a few steps */
#define ALLOW	    SCMP_ACT_ALLOW
#define SOCKET_KIND 0xf /* without SOCK_NONBLOCK and SOCK_CLOEXEC */
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

/* A thread shares everything; what starts a process, or a name space, does not have these or more. */
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define FOREIGN \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
	 CLONE_NEWNET | CLONE_PTRACE)

static const int always[] = {
#define CALL(name, reason) SCMP_SYS(name),
#include "agent/sandbox/syscalls.def"
#undef CALL
};

/* Starting the pass; not loading, making or attaching anything, nor looking into maps: what is read is mapped, and the
 * keys of others are addresses in the kernel. */
static const int bpf_commands[] = {BPF_ITER_CREATE};

static const unsigned long ioctls[] = {FIONBIO, FIOCLEX, FIONREAD};

static void filter_done(scmp_filter_ctx *f)
{
	if (*f)
		seccomp_release(*f);
}

/* -EDOM: this architecture has no call of that name, so there is nothing to allow. */
static void merge(int *r, int added)
{
	if (*r == 0 && added != -EDOM)
		*r = added;
}

static int allow_always(scmp_filter_ctx f)
{
	int r = 0;

	for (size_t i = 0; i < COUNT(always); i++)
		merge(&r, seccomp_rule_add(f, ALLOW, always[i], 0));
	return r;
}

static int allow_bpf(scmp_filter_ctx f)
{
	int r = 0;

	for (size_t i = 0; i < COUNT(bpf_commands); i++)
		merge(&r, seccomp_rule_add(f, ALLOW, SCMP_SYS(bpf), 1,
					   SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)bpf_commands[i])));
	return r;
}

static int allow_sockets(scmp_filter_ctx f)
{
	static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6}, kinds[] = {SOCK_STREAM, SOCK_DGRAM},
			      protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP};
	const size_t n = COUNT(families) * COUNT(kinds) * COUNT(protocols);
	int r = 0;

	for (size_t i = 0; i < n; i++)
		merge(&r, seccomp_rule_add(
				  f, ALLOW, SCMP_SYS(socket), 3,
				  SCMP_A0_32(SCMP_CMP_EQ, families[i % COUNT(families)]),
				  SCMP_A1_32(SCMP_CMP_MASKED_EQ, SOCKET_KIND,
					     kinds[i / COUNT(families) % COUNT(kinds)]),
				  SCMP_A2_32(SCMP_CMP_EQ,
					     protocols[i / (COUNT(families) * COUNT(kinds))])));
	return r;
}

/* clone3 has its flags in memory, where no filter can look: the C library falls back to clone. */
static int allow_threads(scmp_filter_ctx f)
{
	int r = 0;

	merge(&r, seccomp_rule_add(f, ALLOW, SCMP_SYS(clone), 1,
				   SCMP_A0_64(SCMP_CMP_MASKED_EQ, THREAD | FOREIGN, THREAD)));
	merge(&r, seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
	return r;
}

/* Memory that is executed was mapped before. */
static int allow_memory(scmp_filter_ctx f)
{
	int r = 0;

	merge(&r, seccomp_rule_add(f, ALLOW, SCMP_SYS(mmap), 1,
				   SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	merge(&r, seccomp_rule_add(f, ALLOW, SCMP_SYS(mprotect), 1,
				   SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
	return r;
}

/* Of ourselves only: our limits, an abort(), the name of a thread. */
static int allow_ourselves(scmp_filter_ctx f)
{
	int r = 0;

	merge(&r, seccomp_rule_add(f, ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A0_32(SCMP_CMP_EQ, 0)));
	merge(&r, seccomp_rule_add(f, ALLOW, SCMP_SYS(tgkill), 1,
				   SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid())));
	merge(&r, seccomp_rule_add(f, ALLOW, SCMP_SYS(prctl), 1, SCMP_A0_32(SCMP_CMP_EQ, PR_SET_NAME)));
	for (size_t i = 0; i < COUNT(ioctls); i++)
		merge(&r, seccomp_rule_add(f, ALLOW, SCMP_SYS(ioctl), 1,
					   SCMP_A1_32(SCMP_CMP_EQ, (uint32_t)ioctls[i])));
	return r;
}

static int fill(scmp_filter_ctx f)
{
	int r = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);

	merge(&r, allow_always(f));
	merge(&r, allow_bpf(f));
	merge(&r, allow_sockets(f));
	merge(&r, allow_threads(f));
	merge(&r, allow_memory(f));
	merge(&r, allow_ourselves(f));
	return r;
}

static bool kernel_has_filters(void)
{
	return prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, NULL, 0, 0) == 0 || errno != EINVAL;
}

int syscalls_limit(bool *ret_on, struct err *e)
{
	scoped(filter_done) scmp_filter_ctx f = NULL;
	int r;

	if (!kernel_has_filters()) {
		*ret_on = false;
		return 0;
	}
	f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	r = f ? fill(f) : -ENOMEM;
	if (r == 0)
		r = seccomp_load(f);
	if (r < 0)
		return err_set(e, r, "cannot limit the system calls");
	*ret_on = true;
	return 0;
}
