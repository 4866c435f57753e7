/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX  "unix:"
#define USUAL 6

/* Of CRI: containerd, CRI-O, k3s and rke2, k0s, microk8s, Docker by cri-dockerd. */
static const char *const usual[NAMES_KINDS][USUAL + 1] = {
	[NAMES_CRI] = {"unix:/run/containerd/containerd.sock", "unix:/run/crio/crio.sock",
		       "unix:/run/k3s/containerd/containerd.sock", "unix:/run/k0s/containerd.sock",
		       "unix:/var/snap/microk8s/common/run/containerd.sock", "unix:/run/cri-dockerd.sock"},
	[NAMES_DOCKER] = {"unix:/run/docker.sock"},
	[NAMES_PODMAN] = {"unix:/run/podman/podman.sock"},
};

int door_check(const char *key, const char *option, struct err *e)
{
	const char *path = option + strlen(UNIX);

	if (strcmp(option, DOOR_AUTO) == 0 || strcmp(option, DOOR_NONE) == 0)
		return 0;
	if (strncmp(option, UNIX, strlen(UNIX)) == 0 && path[0] == '/' &&
	    strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return 0;
	err_set(e, -EINVAL, "--%s: \"%.120s\" is no container runtime", key, option);
	err_cause(e, "it is none of auto, none, and unix: with an absolute path of at most 107 bytes");
	return err_fix(e, "write for example unix:/run/containerd/containerd.sock");
}

const char *door_of(enum names_kind kind, const char *option)
{
	if (strcmp(option, DOOR_NONE) == 0)
		return NULL;
	if (strcmp(option, DOOR_AUTO) != 0)
		return option;
	for (const char *const *at = usual[kind]; *at; at++)
		if (access(*at + strlen(UNIX), F_OK) == 0)
			return *at;
	return NULL;
}

int door_call(int fd, const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return connect(fd, (struct sockaddr *)&un, sizeof(un));
}
