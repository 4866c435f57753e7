/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cgroup is, from its path alone: the container of a pod, another container, a systemd unit,
 * or just a cgroup. Pure string work: no I/O, no allocation, any bytes are welcome.
 *
 * It also decides which cgroups are rows, so that none is counted twice. Every cgroup belongs to at
 * most one row, and the row's CPU time is the sum over the cgroups that belong to it:
 *  1. the innermost pod container in the path (a pod inside a pod, as kind makes them, has rows of
 *     its own; everything else below a pod container belongs to it);
 *  2. else the outermost container (what runs inside, Docker in Docker too, belongs to it);
 *  3. else the innermost systemd unit (services of user@1000.service are rows of their own), or service
 *     of Talos;
 *  4. else the cgroup is by itself: it is a row when it is a leaf or has run something itself, and it
 *     sums nothing. A branch (slice, pod, "kubepods", "docker") is made to hold others, so that it
 *     is a row only once it ran something.
 * The root is never a row: the node's own columns say more.
 *
 * The paths of the runtimes, as of 2025: Kubernetes with both cgroup drivers on containerd, CRI-O and
 * Docker, with Kata too; Docker, Podman (rootless too), nerdctl, LXC, systemd-nspawn and libvirt by machined; any
 * other cgroup named with 64 hex digits counts as a container of an unknown runtime.
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#define IDENTITY_UID_MAX 36   /* bytes of a pod uid with dashes */
#define IDENTITY_NAME_MAX 255 /* NAME_MAX: a name is one directory's at most; longer ones are cut */
#define IDENTITY_SHORT 12     /* hex digits that people call a container by */

enum identity_kind { /* the numbers of plimsoll.v1.Kind */
	IDENTITY_POD_CONTAINER = 1,
	IDENTITY_CONTAINER = 2,
	IDENTITY_UNIT = 3,
	IDENTITY_CGROUP = 4,
	IDENTITY_SANDBOX = 5, /* a pod's pause container; no path tells it, the runtime does */
};

struct identity {
	enum identity_kind kind;
	bool branch;         /* IDENTITY_CGROUP: exists to hold other cgroups */
	size_t row_length;   /* bytes of the path that name the row; less than all: a descendant of it */
	const char *runtime; /* containerd, cri-o, docker, podman, kata, lxc, nspawn, libvirt, systemd, talos or "" */
	const char *qos;     /* guaranteed, burstable, besteffort; "" outside pods */
	char pod_uid[IDENTITY_UID_MAX + 1];       /* with dashes; static pods: 32 hex digits */
	char container_id[IDENTITY_NAME_MAX + 1]; /* 64 hex digits, or the runtime's own name */
	char name[IDENTITY_NAME_MAX + 1];         /* what a person would call it */
};

/* `path` is absolute below the cgroup root, "/" for the root. Of a descendant, everything but
 * row_length tells about the row it belongs to. */
void identity_parse(const char *path, struct identity *ret);
/* Made by a user's own service manager, which may call cgroups what it likes: no pod's, and no runtime's to name. */
bool identity_is_users(const char *path);

/* One of the runtimes above by the name that it gives itself; "": another. */
const char *identity_runtime(const char *name);

/* Directories may have any bytes for a name, the wire takes UTF-8 only: a copy in which control bytes and whatever
 * is not UTF-8 stand as octal digits, "\377", and so does a backslash that three such digits follow. So no two names
 * look alike, and those of systemd, which writes "\x2d", stand as they are. The caller frees it. */
char *identity_text(const char *bytes);

#endif
