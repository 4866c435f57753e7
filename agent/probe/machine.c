/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/probe/hierarchy.h"
#include "base/btf.h"
#include "base/scope.h"

#define BTF_FILE     "/sys/kernel/btf/vmlinux"
#define ITERATOR     "bpf_iter__cgroup" /* the type by which programs are called for each cgroup */
#define PATH_BYTES   (HIERARCHY_PATH + 256) /* a file of a hierarchy, below a root */

static const struct {
	int number;
	const char *name, *what_for;
} needed[] = {
	{CAP_BPF, "CAP_BPF", "load BPF programs"},
	{CAP_PERFMON, "CAP_PERFMON", "let BPF programs read kernel memory"},
};

static const char *below(const char *root, const char *path, char ret[PATH_BYTES])
{
	snprintf(ret, PATH_BYTES, "%s%s", root, path);
	return ret;
}

static FILE *open_file(const char *root, const char *path)
{
	char full[PATH_BYTES];

	return fopen(below(root, path, full), "re");
}

static bool has_btf(const char *root)
{
	char full[PATH_BYTES];

	return access(below(root, BTF_FILE, full), R_OK) == 0;
}

/* A kernel that does not describe itself is not said to lack it. */
static bool lacks_iterator(const char *root)
{
	scoped(fclosep) FILE *f = open_file(root, BTF_FILE);

	return f && btf_names(f, ITERATOR) == 0;
}

static uint64_t effective_capabilities(const char *root)
{
	scoped(fclosep) FILE *f = open_file(root, "/proc/thread-self/status");
	char line[256];
	unsigned long long mask = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &mask) == 1)
			break;
	return mask;
}

/* The name of the first capability that is missing, or NULL. CAP_SYS_ADMIN stands for both. */
static const char *missing_capability(const char *root, const char **ret_what_for)
{
	uint64_t have = effective_capabilities(root);

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (have & (1ull << needed[i].number | 1ull << CAP_SYS_ADMIN))
			continue;
		*ret_what_for = needed[i].what_for;
		return needed[i].name;
	}
	return NULL;
}

int machine_check(const char *root, struct err *e)
{
	const char *what_for, *capability;

	if (!has_btf(root)) {
		err_set(e, -ENOENT, "this kernel has no BTF");
		err_cause(e, BTF_FILE ": %s", strerror(errno));
		return err_fix(e, "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian 12, Ubuntu "
				  "22.04 and RHEL 8 have it); in a container, mount the host's /sys");
	}
	if (lacks_iterator(root)) {
		err_set(e, -EOPNOTSUPP, "this kernel has no cgroup iterator");
		err_cause(e, BTF_FILE " names no " ITERATOR);
		return err_fix(e, "boot Linux 6.1 or newer, or a kernel whose vendor ported it back");
	}
	capability = missing_capability(root, &what_for);
	if (!capability)
		return 0;
	err_set(e, -EPERM, "missing %s", capability);
	err_cause(e, "the agent must be able to %s", what_for);
	return err_fix(e, "run it as root, or give it CAP_BPF and CAP_PERFMON (in Kubernetes: "
			  "securityContext.capabilities.add)");
}

/* Notices */

struct list {
	struct probe_notice *notice;
	int n, room;
};

__attribute__((format(printf, 5, 6))) static void add(struct list *l, const char *id,
						      const char *level, const char *fix,
						      const char *text, ...)
{
	struct probe_notice *n = &l->notice[l->n];
	va_list args;

	if (l->n == l->room)
		return;
	l->n++;
	*n = (struct probe_notice){.id = id, .level = level};
	snprintf(n->fix, sizeof(n->fix), "%s", fix);
	va_start(args, text);
	vsnprintf(n->text, sizeof(n->text), text, args);
	va_end(args);
}

static void look_at_kernel(const char *root, struct list *l)
{
	struct utsname u;

	uname(&u);
	if (lacks_iterator(root))
		add(l, "kernel", "fail", "boot Linux 6.1 or newer, or a kernel whose vendor ported it back",
		    "Linux %s has no cgroup iterator", u.release);
	else
		add(l, "kernel", "ok", "", "Linux %s", u.release);
}

static void look_at_btf(const char *root, struct list *l)
{
	if (has_btf(root))
		add(l, "btf", "ok", "", "the kernel describes its types (BTF)");
	else
		add(l, "btf", "fail", "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y",
		    "no " BTF_FILE ": programs cannot find the kernel's fields");
}

static void look_at_capabilities(const char *root, struct list *l)
{
	const char *what_for, *name = missing_capability(root, &what_for);

	if (name)
		add(l, "capabilities", "fail", "run as root, or add CAP_BPF and CAP_PERFMON",
		    "%s is missing: needed to %s", name, what_for);
	else
		add(l, "capabilities", "ok", "", "may load programs");
}

static void look_at_hierarchy(const struct hierarchy *h, struct list *l)
{
	if (h->partial)
		add(l, "cgroup-hierarchy", "warn", "mount the host's /sys/fs/cgroup into the container",
		    "cgroup %s, but only a part of it is mounted here", hierarchy_kind(h));
	else if (!h->mount[PLIMSOLL_UNIFIED][0])
		add(l, "cgroup-hierarchy", "warn", "boot with systemd.unified_cgroup_hierarchy=1",
		    "cgroup v1 only: no pressure (PSI) of single cgroups");
	else
		add(l, "cgroup-hierarchy", "ok", "", "cgroup %s", hierarchy_kind(h));
}

static bool names_memory(const char *root, const struct hierarchy *h, const char *file)
{
	char path[HIERARCHY_PATH + 32], word[32];
	scoped(fclosep) FILE *f = NULL;

	snprintf(path, sizeof(path), "%s/%s", h->mount[PLIMSOLL_UNIFIED], file);
	f = open_file(root, path);
	while (f && fscanf(f, "%31s", word) == 1)
		if (strcmp(word, "memory") == 0)
			return true;
	return !f; /* what cannot be read is not said to lack it */
}

/* Memory is missing where no hierarchy counts it, or only the root's: nobody would know why. */
static void look_at_memory(const char *root, const struct hierarchy *h, struct list *l)
{
	if (h->mount[PLIMSOLL_MEMORY][0])
		return;
	if (!names_memory(root, h, "cgroup.controllers"))
		add(l, "memory-controller", "warn",
		    "boot with cgroup_enable=memory and without cgroup_disable=memory; where v1 has it, mount that "
		    "hierarchy",
		    "no memory of cgroups: no mounted hierarchy has the memory controller");
	else if (!names_memory(root, h, "cgroup.subtree_control"))
		add(l, "memory-controller", "warn",
		    "echo +memory > /sys/fs/cgroup/cgroup.subtree_control; systemd does so for MemoryAccounting=yes",
		    "no memory of cgroups: the root of cgroup v2 does not hand the memory controller down");
}

static void look_at_cgroups(const char *root, struct list *l)
{
	scoped(fclosep) FILE *f = open_file(root, "/proc/self/mountinfo");
	struct hierarchy h;
	struct err e;

	if (!f || hierarchy_find(f, &h, &e) < 0) {
		add(l, "cgroup-hierarchy", "fail", "mount -t cgroup2 none /sys/fs/cgroup",
		    "no cgroup hierarchy is mounted");
		return;
	}
	look_at_hierarchy(&h, l);
	look_at_memory(root, &h, l);
}

/* The file is there with PSI off, but cannot be opened or read. */
static void look_at_psi(const char *root, struct list *l)
{
	char full[PATH_BYTES], text[64];
	scoped(closep) int fd = open(below(root, "/proc/pressure/cpu", full), O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text)) > 0)
		add(l, "psi", "ok", "", "pressure stall information is on");
	else
		add(l, "psi", "warn", "boot with psi=1", "no pressure stall information: %s",
		    strerror(errno));
}

static void look_at_lockdown(const char *root, struct list *l)
{
	scoped(fclosep) FILE *f = open_file(root, "/sys/kernel/security/lockdown");
	char text[128];

	if (f && fgets(text, sizeof(text), f) && strstr(text, "[confidentiality]"))
		add(l, "lockdown", "fail", "boot with lockdown=integrity",
		    "kernel lockdown is at confidentiality: programs may not read kernel memory");
}

int machine_examine(const char *root, struct probe_notice *ret, int room)
{
	struct list l = {.notice = ret, .room = room};

	look_at_kernel(root, &l);
	look_at_btf(root, &l);
	look_at_capabilities(root, &l);
	look_at_lockdown(root, &l);
	look_at_cgroups(root, &l);
	look_at_psi(root, &l);
	return l.n;
}
