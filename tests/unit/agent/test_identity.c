/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/identity.h"

#define HEX   "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define OUTER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID   "6a4f2f0e-3b1c-4d5e-8f90-a1b2c3d4e5f6"
#define UID_  "6a4f2f0e_3b1c_4d5e_8f90_a1b2c3d4e5f6"
#define INNER "11111111-2222-3333-4444-555555555555"
#define FILE_ "0123456789abcdef0123456789abcdef" /* a static pod's */
#define SHORT "9f86d081884c"

struct row {
	const char *path, *row; /* the cgroup, and the one that is its row */
	enum identity_kind kind;
	const char *runtime, *qos, *pod_uid, *container_id, *name;
	bool branch;
};

static const struct row rows[] = {
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	 ".slice/cri-containerd-" HEX ".scope",
	 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	 ".slice/cri-containerd-" HEX ".scope",
	 IDENTITY_POD_CONTAINER, "containerd", "burstable", UID, HEX, SHORT, false},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	 ".slice/cri-containerd-" HEX ".scope/init.scope",
	 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	 ".slice/cri-containerd-" HEX ".scope",
	 IDENTITY_POD_CONTAINER, "containerd", "burstable", UID, HEX, SHORT, false},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/crio-" HEX
	 ".scope",
	 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/crio-" HEX
	 ".scope",
	 IDENTITY_POD_CONTAINER, "cri-o", "burstable", UID, HEX, SHORT, false},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/crio-" HEX
	 ".scope/container",
	 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/crio-" HEX
	 ".scope",
	 IDENTITY_POD_CONTAINER, "cri-o", "burstable", UID, HEX, SHORT, false},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	 ".slice/crio-conmon-" HEX ".scope",
	 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	 ".slice/crio-conmon-" HEX ".scope",
	 IDENTITY_UNIT, "systemd", "", "", "", "crio-conmon-" HEX ".scope", false},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/docker-" HEX ".scope",
	 "/kubepods.slice/kubepods-pod" UID_ ".slice/docker-" HEX ".scope", IDENTITY_POD_CONTAINER,
	 "docker", "guaranteed", UID, HEX, SHORT, false},
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_ ".slice/" HEX,
	 "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_ ".slice/" HEX,
	 IDENTITY_POD_CONTAINER, "", "besteffort", UID, HEX, SHORT, false},
	{"/kubepods.slice/kubepods-pod" FILE_ ".slice/cri-containerd-" HEX ".scope",
	 "/kubepods.slice/kubepods-pod" FILE_ ".slice/cri-containerd-" HEX ".scope",
	 IDENTITY_POD_CONTAINER, "containerd", "guaranteed", FILE_, HEX, SHORT, false},
	{"/kubepods/burstable/pod" UID "/" HEX, "/kubepods/burstable/pod" UID "/" HEX,
	 IDENTITY_POD_CONTAINER, "", "burstable", UID, HEX, SHORT, false},
	{"/kubepods/besteffort/pod" UID "/" HEX "/a/b", "/kubepods/besteffort/pod" UID "/" HEX,
	 IDENTITY_POD_CONTAINER, "", "besteffort", UID, HEX, SHORT, false},
	{"/kubepods/pod" UID "/" HEX, "/kubepods/pod" UID "/" HEX, IDENTITY_POD_CONTAINER, "",
	 "guaranteed", UID, HEX, SHORT, false},
	{"/kubepods/burstable/pod" FILE_ "/" HEX, "/kubepods/burstable/pod" FILE_ "/" HEX,
	 IDENTITY_POD_CONTAINER, "", "burstable", FILE_, HEX, SHORT, false},
	{"/kubepods/burstable/pod" UID "/crio-" HEX, "/kubepods/burstable/pod" UID "/crio-" HEX,
	 IDENTITY_POD_CONTAINER, "cri-o", "burstable", UID, HEX, SHORT, false},
	{"/system.slice/containerd.service/kubepods-burstable-pod" UID_
	 ".slice:cri-containerd:" HEX,
	 "/system.slice/containerd.service/kubepods-burstable-pod" UID_
	 ".slice:cri-containerd:" HEX,
	 IDENTITY_POD_CONTAINER, "containerd", "burstable", UID, HEX, SHORT, false},
	{"/kubepods/pod" INNER "/" HEX ":cri-containerd:kubepods-pod" UID_ ".slice",
	 "/kubepods/pod" INNER "/" HEX ":cri-containerd:kubepods-pod" UID_ ".slice",
	 IDENTITY_POD_CONTAINER, "containerd", "guaranteed", UID, HEX, SHORT, false},
	{"/system.slice:cri-containerd:" HEX, "/system.slice:cri-containerd:" HEX,
	 IDENTITY_CONTAINER, "containerd", "", "", HEX, SHORT, false},
	{"/system.slice:docker:" HEX, "/system.slice:docker:" HEX, IDENTITY_CONTAINER, "docker", "",
	 "", HEX, SHORT, false},
	{"/docker/" OUTER "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
	 "kubelet-kubepods-besteffort-pod" UID_ ".slice/cri-containerd-" HEX ".scope",
	 "/docker/" OUTER "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
	 "kubelet-kubepods-besteffort-pod" UID_ ".slice/cri-containerd-" HEX ".scope",
	 IDENTITY_POD_CONTAINER, "containerd", "besteffort", UID, HEX, SHORT, false},
	{"/docker/" OUTER "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
	 "kubelet-kubepods-besteffort-pod" UID_ ".slice",
	 "/docker/" OUTER, IDENTITY_CONTAINER, "docker", "", "", OUTER, "0123456789ab", false},
	{"/docker/" OUTER "/kubelet/kubepods/burstable/pod" UID "/" HEX,
	 "/docker/" OUTER "/kubelet/kubepods/burstable/pod" UID "/" HEX, IDENTITY_POD_CONTAINER, "",
	 "burstable", UID, HEX, SHORT, false},
	{"/docker/" OUTER "/system.slice/kubelet.service", "/docker/" OUTER, IDENTITY_CONTAINER,
	 "docker", "", "", OUTER, "0123456789ab", false},
	{"/docker/" OUTER "/docker/" HEX, "/docker/" OUTER, IDENTITY_CONTAINER, "docker", "", "",
	 OUTER, "0123456789ab", false},
	{"/kubepods/pod" UID "/" HEX "/docker/" OUTER, "/kubepods/pod" UID "/" HEX,
	 IDENTITY_POD_CONTAINER, "", "guaranteed", UID, HEX, SHORT, false},
	{"/kubepods/pod" UID "/" OUTER "/kubepods/burstable/pod" INNER "/" HEX,
	 "/kubepods/pod" UID "/" OUTER "/kubepods/burstable/pod" INNER "/" HEX,
	 IDENTITY_POD_CONTAINER, "", "burstable", INNER, HEX, SHORT, false},
	{"/docker/" HEX, "/docker/" HEX, IDENTITY_CONTAINER, "docker", "", "", HEX, SHORT, false},
	{"/system.slice/docker-" HEX ".scope", "/system.slice/docker-" HEX ".scope",
	 IDENTITY_CONTAINER, "docker", "", "", HEX, SHORT, false},
	{"/machine.slice/libpod-" HEX ".scope", "/machine.slice/libpod-" HEX ".scope",
	 IDENTITY_CONTAINER, "podman", "", "", HEX, SHORT, false},
	{"/machine.slice/libpod-" HEX ".scope/container", "/machine.slice/libpod-" HEX ".scope",
	 IDENTITY_CONTAINER, "podman", "", "", HEX, SHORT, false},
	{"/machine.slice/libpod-conmon-" HEX ".scope", "/machine.slice/libpod-conmon-" HEX ".scope",
	 IDENTITY_UNIT, "systemd", "", "", "", "libpod-conmon-" HEX ".scope", false},
	{"/libpod_parent/libpod-" HEX, "/libpod_parent/libpod-" HEX, IDENTITY_CONTAINER, "podman",
	 "", "", HEX, SHORT, false},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" HEX ".scope",
	 "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" HEX ".scope",
	 IDENTITY_CONTAINER, "podman", "", "", HEX, SHORT, false},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-" HEX,
	 "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-" HEX,
	 IDENTITY_CONTAINER, "podman", "", "", HEX, SHORT, false},
	{"/user.slice/user-1000.slice/user@1000.service/kubepods-pod" UID_ ".slice/cri-containerd-" HEX ".scope",
	 "/user.slice/user-1000.slice/user@1000.service/kubepods-pod" UID_ ".slice/cri-containerd-" HEX ".scope",
	 IDENTITY_CONTAINER, "containerd", "", "", HEX, SHORT, false}, /* a user may call a cgroup what it likes */
	{"/user.slice/user-1000.slice/user@1000.service/kubepods/pod" UID "/" HEX,
	 "/user.slice/user-1000.slice/user@1000.service/kubepods/pod" UID "/" HEX,
	 IDENTITY_CONTAINER, "", "", "", HEX, SHORT, false},
	{"/system.slice/nerdctl-" HEX ".scope", "/system.slice/nerdctl-" HEX ".scope",
	 IDENTITY_CONTAINER, "containerd", "", "", HEX, SHORT, false},
	{"/ecs/task/" HEX, "/ecs/task/" HEX, IDENTITY_CONTAINER, "", "", "", HEX, SHORT, false},
	{"/lxc.payload.web", "/lxc.payload.web", IDENTITY_CONTAINER, "lxc", "", "", "web", "web",
	 false},
	{"/lxc/web/init.scope", "/lxc/web", IDENTITY_CONTAINER, "lxc", "", "", "web", "web", false},
	{"/lxc.monitor.web", "/lxc.monitor.web", IDENTITY_CGROUP, "", "", "", "", "lxc.monitor.web",
	 false},
	{"/machine.slice/machine-deb\\x2d12.scope/payload/system.slice/a.service",
	 "/machine.slice/machine-deb\\x2d12.scope", IDENTITY_CONTAINER, "nspawn", "", "", "deb-12",
	 "deb-12", false},
	{"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
	 "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", IDENTITY_CONTAINER, "libvirt", "", "",
	 "qemu-1-vm", "qemu-1-vm", false},
	{"/machine.slice/systemd-nspawn@deb.service/payload",
	 "/machine.slice/systemd-nspawn@deb.service", IDENTITY_CONTAINER, "nspawn", "", "", "deb",
	 "deb", false},
	{"/system.slice/ssh.service", "/system.slice/ssh.service", IDENTITY_UNIT, "systemd", "", "",
	 "", "ssh.service", false},
	{"/system.slice/ssh.service/sub/deeper", "/system.slice/ssh.service", IDENTITY_UNIT,
	 "systemd", "", "", "", "ssh.service", false},
	{"/init.scope", "/init.scope", IDENTITY_UNIT, "systemd", "", "", "", "init.scope", false},
	{"/user.slice/user-0.slice/session-3.scope", "/user.slice/user-0.slice/session-3.scope",
	 IDENTITY_UNIT, "systemd", "", "", "", "session-3.scope", false},
	{"/user.slice/user-1000.slice/user@1000.service/init.scope",
	 "/user.slice/user-1000.slice/user@1000.service/init.scope", IDENTITY_UNIT, "systemd", "",
	 "", "", "init.scope", false},
	{"/user.slice/user-1000.slice/user@1000.service",
	 "/user.slice/user-1000.slice/user@1000.service", IDENTITY_UNIT, "systemd", "", "", "",
	 "user@1000.service", false},
	{"/system.slice/boot.mount", "/system.slice/boot.mount", IDENTITY_UNIT, "systemd", "", "",
	 "", "boot.mount", false},
	{"/system.slice", "/system.slice", IDENTITY_CGROUP, "", "", "", "", "system.slice", true},
	{"/kubepods", "/kubepods", IDENTITY_CGROUP, "", "", "", "", "kubepods", true},
	{"/kubepods/burstable/pod" UID, "/kubepods/burstable/pod" UID, IDENTITY_CGROUP, "", "", "",
	 "", "pod" UID, true},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice",
	 "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice",
	 IDENTITY_CGROUP, "", "", "", "", "kubepods-burstable-pod" UID_ ".slice", true},
	{"/docker", "/docker", IDENTITY_CGROUP, "", "", "", "", "docker", true},
	{"/", "/", IDENTITY_CGROUP, "", "", "", "", "/", true},
	{"", "", IDENTITY_CGROUP, "", "", "", "", "/", true},
	{"/plimsoll-demo-417/replica-2", "/plimsoll-demo-417/replica-2", IDENTITY_CGROUP, "", "",
	 "", "", "replica-2", false},
	{"/a//b/", "/a//b/", IDENTITY_CGROUP, "", "", "", "", "b", false},
	{"/kubepods/podnonsense/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f0",
	 "/kubepods/podnonsense/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f0",
	 IDENTITY_CGROUP, "", "", "", "",
	 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f0", false},
	/* Conmon beside its container, where no systemd makes scopes: no container. */
	{"/kubepods/burstable/pod" UID "/crio-conmon-" HEX, "/kubepods/burstable/pod" UID "/crio-conmon-" HEX,
	 IDENTITY_CGROUP, "", "", "", "", "crio-conmon-" HEX, false},
	{"/libpod_parent/conmon", "/libpod_parent/conmon", IDENTITY_CGROUP, "", "", "", "", "conmon", false},
	/* What crun and systemd make inside of a container is the container's. */
	{"/kubepods/burstable/pod" UID "/crio-" HEX "/container", "/kubepods/burstable/pod" UID "/crio-" HEX,
	 IDENTITY_POD_CONTAINER, "cri-o", "burstable", UID, HEX, SHORT, false},
	{"/kubepods/burstable/pod" UID "/crio-" HEX "/container/system.slice/db.service",
	 "/kubepods/burstable/pod" UID "/crio-" HEX, IDENTITY_POD_CONTAINER, "cri-o", "burstable", UID, HEX, SHORT,
	 false},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" HEX ".scope/system.slice/sshd.service",
	 "/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" HEX ".scope", IDENTITY_POD_CONTAINER,
	 "containerd", "guaranteed", UID, HEX, SHORT, false},
	/* Docker in Docker in a pod. */
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" HEX ".scope/system.slice/docker-" OUTER ".scope",
	 "/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" HEX ".scope", IDENTITY_POD_CONTAINER,
	 "containerd", "guaranteed", UID, HEX, SHORT, false},
	{"/lxc.payload.web/system.slice/nginx.service", "/lxc.payload.web", IDENTITY_CONTAINER, "lxc", "", "", "web",
	 "web", false},
	{"/lxc.payload.web/lxc.payload.inner/init.scope", "/lxc.payload.web", IDENTITY_CONTAINER, "lxc", "", "",
	 "web", "web", false},
	{"/lxc.payload.web/kubepods/pod" UID "/" HEX, "/lxc.payload.web/kubepods/pod" UID "/" HEX,
	 IDENTITY_POD_CONTAINER, "", "guaranteed", UID, HEX, SHORT, false},
	{"/lxc.payload/web/system.slice/nginx.service", "/lxc.payload/web", IDENTITY_CONTAINER, "lxc", "", "", "web",
	 "web", false},
	{"/lxc.payload", "/lxc.payload", IDENTITY_CGROUP, "", "", "", "", "lxc.payload", true},
	{"/lxc.payload.", "/lxc.payload.", IDENTITY_CGROUP, "", "", "", "", "lxc.payload.", false},
	/* Kind seen from inside of its node, and in Podman. */
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" HEX ".scope",
	 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" HEX ".scope",
	 IDENTITY_POD_CONTAINER, "containerd", "guaranteed", UID, HEX, SHORT, false},
	{"/machine.slice/libpod-" OUTER ".scope/container/kubelet/kubepods/besteffort/pod" UID "/" HEX,
	 "/machine.slice/libpod-" OUTER ".scope/container/kubelet/kubepods/besteffort/pod" UID "/" HEX,
	 IDENTITY_POD_CONTAINER, "", "besteffort", UID, HEX, SHORT, false},
	/* Talos' own services; what they run for Kubernetes is elsewhere, or as everywhere. */
	{"/podruntime", "/podruntime", IDENTITY_CGROUP, "", "", "", "", "podruntime", true},
	{"/podruntime/kubelet", "/podruntime/kubelet", IDENTITY_UNIT, "talos", "", "", "", "kubelet", false},
	{"/podruntime/runtime/sub", "/podruntime/runtime", IDENTITY_UNIT, "talos", "", "", "", "runtime", false},
	{"/podruntime/docker/kubepods/crio-" HEX, "/podruntime/docker/kubepods/crio-" HEX, IDENTITY_CONTAINER, "cri-o",
	 "", "", HEX, SHORT, false},
	{"/:cri-containerd:" HEX, "/:cri-containerd:" HEX, IDENTITY_CONTAINER, "containerd", "", "", HEX, SHORT,
	 false},
	/* Kata: the pod's virtual machine, and what serves it outside of the pod. */
	{"/kubepods/burstable/pod" UID "/kata_" HEX, "/kubepods/burstable/pod" UID "/kata_" HEX,
	 IDENTITY_POD_CONTAINER, "kata", "burstable", UID, HEX, SHORT, false},
	{"/kata_overhead/" HEX, "/kata_overhead/" HEX, IDENTITY_CONTAINER, "kata", "", "", HEX, SHORT, false},
	{"/kata_overhead/kubepods/pod" UID "/" HEX, "/kata_overhead/kubepods/pod" UID "/" HEX,
	 IDENTITY_POD_CONTAINER, "", "guaranteed", UID, HEX, SHORT, false},
	{"/kata_overhead", "/kata_overhead", IDENTITY_CGROUP, "", "", "", "", "kata_overhead", true},
	/* Podman's pods hold containers and are none, with and without systemd. */
	{"/libpod_parent/" OUTER, "/libpod_parent/" OUTER, IDENTITY_CGROUP, "", "", "", "", OUTER, true},
	{"/libpod_parent/" OUTER "/libpod-" HEX, "/libpod_parent/" OUTER "/libpod-" HEX, IDENTITY_CONTAINER, "podman",
	 "", "", HEX, SHORT, false},
	{"/machine.slice/machine-libpod_pod_" OUTER ".slice", "/machine.slice/machine-libpod_pod_" OUTER ".slice",
	 IDENTITY_CGROUP, "", "", "", "", "machine-libpod_pod_" OUTER ".slice", true},
	{"/machine.slice/machine-libpod_pod_" OUTER ".slice/libpod-" HEX ".scope/container",
	 "/machine.slice/machine-libpod_pod_" OUTER ".slice/libpod-" HEX ".scope", IDENTITY_CONTAINER, "podman", "",
	 "", HEX, SHORT, false},
	{"/docker-ce.scope", "/docker-ce.scope", IDENTITY_UNIT, "systemd", "", "", "",
	 "docker-ce.scope", false},
	{"/pods/podium", "/pods/podium", IDENTITY_CGROUP, "", "", "", "", "podium", false},
	{"/.service", "/.service", IDENTITY_CGROUP, "", "", "", "", ".service", false},
	{"/a:cri-containerd:b", "/a:cri-containerd:b", IDENTITY_CGROUP, "", "", "", "",
	 "a:cri-containerd:b", false},
	{"/machine-.scope", "/machine-.scope", IDENTITY_UNIT, "systemd", "", "", "",
	 "machine-.scope", false},
};

static void check(const struct row *r, const struct identity *id)
{
	if (id->kind != r->kind || strcmp(id->runtime, r->runtime) || strcmp(id->qos, r->qos) ||
	    strcmp(id->pod_uid, r->pod_uid) || strcmp(id->container_id, r->container_id) ||
	    strcmp(id->name, r->name) || id->branch != r->branch ||
	    id->row_length != strlen(r->row))
		fail_msg("%s:\n got %d %s %s %s %s %s %d row of %zu bytes", r->path, id->kind,
			 id->runtime, id->qos, id->pod_uid, id->container_id, id->name, id->branch,
			 id->row_length);
}

static void paths_are_what_they_are(void **state)
{
	struct identity id;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		identity_parse(rows[i].path, &id);
		check(&rows[i], &id);
	}
}

/* The cgroup that a descendant names as its row calls itself that row too, else it were no row. */
static void rows_agree_with_their_descendants(void **state)
{
	char row[600];
	struct identity id, own;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		identity_parse(rows[i].path, &id);
		memcpy(row, rows[i].path, id.row_length);
		row[id.row_length] = '\0';
		identity_parse(row, &own);
		assert_int_equal(own.kind, id.kind);
		assert_int_equal(own.row_length, id.row_length);
		assert_string_equal(own.container_id, id.container_id);
		assert_string_equal(own.name, id.name);
	}
}

static void long_names_are_cut(void **state)
{
	char path[1024] = "/";
	struct identity id;

	(void)state;
	memset(path + 1, 'x', 1000);
	identity_parse(path, &id);
	assert_int_equal(strlen(id.name), IDENTITY_NAME_MAX);
}

static void expect_text(const char *bytes, const char *text)
{
	char *got = identity_text(bytes);

	assert_string_equal(got, text);
	free(got);
}

static void text_is_utf8(void **state)
{
	(void)state;
	expect_text("", "");
	expect_text("/caf\xc3\xa9/\xe6\xb0\xb4/\xf0\x9f\x9a\xa2",
		    "/caf\xc3\xa9/\xe6\xb0\xb4/\xf0\x9f\x9a\xa2");
	expect_text("/a\xff/b\n", "/a\\377/b\\012");
	expect_text("/\xc3", "/\\303");
	expect_text("/\xc0\xaf", "/\\300\\257");
	expect_text("/\xed\xa0\x80", "/\\355\\240\\200");
	expect_text("/\xf4\x90\x80\x80", "/\\364\\220\\200\\200");
}

/* systemd writes no octal digits behind a backslash. */
static void names_of_systemd_stay_as_they_are(void **state)
{
	(void)state;
	expect_text("/dev-disk-by\\x2dlabel-My\\x5cx20data.mount", "/dev-disk-by\\x2dlabel-My\\x5cx20data.mount");
	expect_text("/mnt-\\xc3\\xa4.mount", "/mnt-\\xc3\\xa4.mount");
	expect_text("/home-1\\", "/home-1\\");
	expect_text("/a\\400\\38\\08", "/a\\400\\38\\08"); /* no byte */
}

static void no_two_names_look_alike(void **state)
{
	(void)state;
	expect_text("/a\1", "/a\\001");
	expect_text("/a\\001", "/a\\134001");
	expect_text("/a\\134001", "/a\\134134001");
	expect_text("/a\\\1", "/a\\\\001");
	expect_text("/a\\\\001", "/a\\\\134001");
	expect_text("/a\\\xff", "/a\\\\377");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_what_they_are),
		cmocka_unit_test(rows_agree_with_their_descendants),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(text_is_utf8),
		cmocka_unit_test(names_of_systemd_stay_as_they_are),
		cmocka_unit_test(no_two_names_look_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
