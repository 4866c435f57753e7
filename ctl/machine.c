/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/machine.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/btf.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/checkup.h"

#define BTF  "/sys/kernel/btf/vmlinux"
#define LINE 4096 /* of /proc/self/mountinfo: overlay mounts are long */

static FILE *open_below(const char *root, const char *path)
{
	scoped(freep) char *full = mem_printf("%s%s", root, path);
	return fopen(full, "re");
}

/* The first line without its newline; false and errno when there is none. */
static bool first_line(const char *root, const char *path, char *ret, size_t size)
{
	scoped(fclosep) FILE *f = open_below(root, path);

	errno = f ? 0 : errno;
	if (!f || !fgets(ret, (int)size, f)) {
		errno = errno ? errno : ENODATA;
		return false;
	}
	ret[strcspn(ret, "\n")] = '\0';
	return true;
}

/* Kernel */

/* By its names; a kernel that does not describe itself is asked in vain, see btf() below. */
static int kernel_has(const char *root, const char *name)
{
	scoped(fclosep) FILE *f = open_below(root, BTF);

	return f ? btf_names(f, name) : -errno;
}

static void kernel(const char *root, struct checkup *to)
{
	char release[128];

	if (!first_line(root, "/proc/sys/kernel/osrelease", release, sizeof(release)))
		checkup_add(to, "kernel", CHECKUP_FAIL, "mount /proc",
			    "the kernel's release cannot be read below %s/proc", root);
	else if (kernel_has(root, "bpf_iter__cgroup") == 0)
		checkup_add(to, "kernel", CHECKUP_FAIL,
			    "boot Linux 6.1 or newer, or a kernel whose vendor ported it back",
			    "Linux %s has no cgroup iterator", release);
	else
		checkup_add(to, "kernel", CHECKUP_OK, NULL, "Linux %s", release);
}

static void btf(const char *root, struct checkup *to)
{
	scoped(fclosep) FILE *f = open_below(root, BTF);

	if (f)
		checkup_add(to, "btf", CHECKUP_OK, NULL, "the kernel describes its types");
	else
		checkup_add(
			to, "btf", CHECKUP_FAIL,
			"boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian 12, Ubuntu 22.04 "
			"and RHEL 8 have it); in a container, mount the host's /sys",
			BTF ": %s: programs cannot find the kernel's fields",
			strerror(errno));
}

static void lockdown(const char *root, struct checkup *to)
{
	char text[128];

	if (first_line(root, "/sys/kernel/security/lockdown", text, sizeof(text)) &&
	    strstr(text, "[confidentiality]"))
		checkup_add(to, "lockdown", CHECKUP_FAIL, "boot with lockdown=integrity",
			    "kernel lockdown is at confidentiality: programs may not read kernel "
			    "memory");
}

/* Rights of whoever runs this, which is who would start the agent. */

static bool effective_capabilities(const char *root, uint64_t *ret)
{
	scoped(fclosep) FILE *f = open_below(root, "/proc/self/status");
	char line[256];
	unsigned long long mask;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %llx", &mask) == 1) {
			*ret = mask;
			return true;
		}
	}
	return false;
}

static void capabilities(const char *root, struct checkup *to)
{
	static const char fix[] =
		"run the agent as root, or give it CAP_BPF and CAP_PERFMON (systemd: "
		"AmbientCapabilities; Kubernetes: securityContext.capabilities.add)";
	uint64_t have = 0;

	if (!effective_capabilities(root, &have)) {
		checkup_add(to, "capabilities", CHECKUP_WARN, "mount /proc", "cannot be read");
		return;
	}
	bool admin = have & 1ull << CAP_SYS_ADMIN, bpf = have & 1ull << CAP_BPF,
	     perfmon = have & 1ull << CAP_PERFMON;
	if (bpf && perfmon)
		checkup_add(to, "capabilities", CHECKUP_OK, NULL, "CAP_BPF and CAP_PERFMON");
	else if (admin)
		checkup_add(to, "capabilities", CHECKUP_OK, NULL,
			    "CAP_SYS_ADMIN, which stands for CAP_BPF and CAP_PERFMON");
	else
		checkup_add(to, "capabilities", CHECKUP_FAIL, fix, "missing: %s%s%s",
			    bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and ",
			    perfmon ? "" : "CAP_PERFMON");
}

/* Once BPF memory was charged to the cgroup this limit no longer counted. That cannot be seen; libbpf tells it by a
 * helper that came with the same kernel, and so do we. */
static void memlock(const char *root, struct checkup *to)
{
	scoped(fclosep) FILE *f = open_below(root, "/proc/self/limits");
	char line[256], soft[32] = "";

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Max locked memory %31s", soft) == 1)
			break;
	if (kernel_has(root, "BPF_FUNC_ktime_get_coarse_ns") == 1)
		checkup_add(to, "memlock", CHECKUP_OK, NULL,
			    "this kernel charges BPF memory to the cgroup");
	else if (strcmp(soft, "unlimited") == 0)
		checkup_add(to, "memlock", CHECKUP_OK, NULL, "unlimited");
	else
		checkup_add(to, "memlock", CHECKUP_WARN,
			    "ulimit -l unlimited, or LimitMEMLOCK=infinity",
			    "locked memory is limited to %s bytes, and this kernel counts BPF maps "
			    "in it",
			    *soft ? soft : "an unknown number of");
}

/* Control groups */

struct mounts {
	char unified[256], memory[256]; /* where; empty: not mounted */
	bool legacy;                    /* some v1 hierarchy */
	bool partial;                   /* mounted from below its root */
};

static bool in_list(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || strchr(", ", at[-1])) && (!at[n] || strchr(", \n", at[n])))
			return true;
	return false;
}

/* "36 35 98:0 /root /mount/point options - type source super-options", proc(5). */
static void read_mount(const char *line, struct mounts *m)
{
	const char *dash = strstr(line, " - ");
	char top[256], where[256], type[32], super[1024];

	if (!dash || sscanf(line, "%*d %*d %*s %255s %255s", top, where) != 2 ||
	    sscanf(dash, " - %31s %*s %1023s", type, super) != 2)
		return;
	bool two = strcmp(type, "cgroup2") == 0, one = strcmp(type, "cgroup") == 0;
	m->legacy |= one;
	if (two && !*m->unified)
		memcpy(m->unified, where, sizeof(where));
	else if (one && in_list(super, "memory") && !*m->memory)
		memcpy(m->memory, where, sizeof(where));
	else
		return;
	m->partial |= strcmp(top, "/") != 0;
}

static bool read_mounts(const char *root, struct mounts *ret)
{
	scoped(fclosep) FILE *f = open_below(root, "/proc/self/mountinfo");
	char line[LINE];

	while (f && fgets(line, sizeof(line), f))
		read_mount(line, ret);
	return f != NULL;
}

static void hierarchies(const struct mounts *m, struct checkup *to)
{
	if (!*m->unified && !m->legacy)
		checkup_add(to, "cgroups", CHECKUP_FAIL, "mount -t cgroup2 none /sys/fs/cgroup",
			    "no cgroup hierarchy is mounted");
	else if (m->partial)
		checkup_add(to, "cgroups", CHECKUP_WARN,
			    "mount the host's /sys/fs/cgroup into the container, or run the agent "
			    "on the "
			    "host",
			    "only a part of the cgroup tree is visible here");
	else if (!*m->unified)
		checkup_add(to, "cgroups", CHECKUP_WARN,
			    "boot with systemd.unified_cgroup_hierarchy=1",
			    "version 1 only: no pressure of single cgroups");
	else if (m->legacy)
		checkup_add(to, "cgroups", CHECKUP_OK, NULL,
			    "hybrid: version 2 at %s beside version 1", m->unified);
	else
		checkup_add(to, "cgroups", CHECKUP_OK, NULL, "version 2 at %s", m->unified);
}

static void memory(const char *root, const struct mounts *m, struct checkup *to)
{
	scoped(freep) char *path = mem_printf("%s/cgroup.controllers", m->unified);
	char controllers[256] = "";

	if (*m->unified)
		(void)first_line(root, path, controllers, sizeof(controllers));
	if (in_list(controllers, "memory"))
		checkup_add(to, "memory", CHECKUP_OK, NULL, "counted by cgroup version 2");
	else if (*m->memory)
		checkup_add(to, "memory", CHECKUP_OK, NULL, "counted by cgroup version 1 at %s",
			    m->memory);
	else
		checkup_add(to, "memory", CHECKUP_WARN,
			    "boot with cgroup_enable=memory (and without cgroup_disable=memory)",
			    "no hierarchy has the memory controller: memory is not measured");
}

/* The files are there with PSI off, but cannot be read. */
static void pressure(const char *root, struct checkup *to)
{
	static const char *const files[] = {"/proc/pressure/cpu", "/proc/pressure/memory",
					    "/proc/pressure/io"};
	char text[256];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (first_line(root, files[i], text, sizeof(text)))
			continue;
		checkup_add(to, "pressure", CHECKUP_WARN, "boot with psi=1",
			    "no pressure stall information: %s: %s", files[i], strerror(errno));
		return;
	}
	checkup_add(to, "pressure", CHECKUP_OK, NULL, "of CPU, memory and IO");
}

void machine_examine(const char *root, struct checkup *to)
{
	struct mounts m = {0};

	if (strcmp(root, "/") == 0)
		root = "";
	kernel(root, to);
	btf(root, to);
	lockdown(root, to);
	capabilities(root, to);
	memlock(root, to);
	if (read_mounts(root, &m)) {
		hierarchies(&m, to);
		memory(root, &m, to);
	} else {
		checkup_add(to, "cgroups", CHECKUP_FAIL, "mount /proc",
			    "%s/proc/self/mountinfo: %s", root, strerror(errno));
	}
	pressure(root, to);
}
