/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/identity.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/unicode.h"

#define CONTAINER_HEX  64 /* SHA-256 sized ids of every OCI engine */
#define STATIC_POD_HEX 32 /* MD5 of the manifest */
#define ESCAPED        4  /* bytes of "\377" */

struct span { /* part of the path; never NUL-terminated */
	const char *p;
	size_t n;
};

struct found { /* a container's directory */
	struct span id;
	const char *runtime;
};

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

static bool starts(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

static bool ends(struct span s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static bool same(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static struct span skip(struct span s, size_t n)
{
	return (struct span){s.p + n, s.n - n};
}

static struct span drop(struct span s, size_t n)
{
	return (struct span){s.p, s.n - n};
}

static bool contains(struct span s, const char *text)
{
	return s.n && memmem(s.p, s.n, text, strlen(text));
}

static bool all_hex(struct span s, size_t n)
{
	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f'))
			return false;
	return true;
}

static void copy(char *to, size_t room, struct span s)
{
	size_t n = s.n < room - 1 ? s.n : room - 1;

	memcpy(to, s.p, n);
	to[n] = '\0';
}

/* 8-4-4-4-12 hex digits with '-' or, as systemd's names need it, '_' between; or a static pod's. */
static bool pod_uid(struct span s, char *ret_uid)
{
	char uid[IDENTITY_UID_MAX + 1];

	if (!all_hex(s, STATIC_POD_HEX) && s.n != IDENTITY_UID_MAX)
		return false;
	copy(uid, sizeof(uid), s);
	for (size_t i = 0; i < s.n; i++) {
		bool dash = s.n == IDENTITY_UID_MAX && (i == 8 || i == 13 || i == 18 || i == 23);

		if (dash && (uid[i] == '-' || uid[i] == '_'))
			uid[i] = '-';
		else if (dash || !isxdigit((unsigned char)uid[i]))
			return false;
	}
	memcpy(ret_uid, uid, s.n + 1);
	return true;
}

static const char *qos_in(struct span s)
{
	return contains(s, "besteffort")  ? "besteffort"
	       : contains(s, "burstable") ? "burstable"
					  : "guaranteed";
}

/* "kubepods-burstable-pod<uid>.slice", also with a prefix, as kind has it. */
static bool pod_slice(struct span s, struct identity *id)
{
	struct span stem;
	size_t n;

	if (!ends(s, ".slice") || !contains(s, "kubepods"))
		return false;
	stem = drop(s, strlen(".slice"));
	for (n = stem.n; n >= 4; n--)
		if (memcmp(stem.p + n - 4, "-pod", 4) == 0)
			break;
	if (n < 4 || !pod_uid(skip(stem, n), id->pod_uid))
		return false;
	id->qos = qos_in(s);
	return true;
}

/* The cgroupfs driver: "pod<uid>" below "kubepods", "burstable" or "besteffort". */
static bool pod_directory(struct span s, struct span parent, struct identity *id)
{
	if (!starts(s, "pod") || !pod_uid(skip(s, 3), id->pod_uid))
		return false;
	id->qos = qos_in(parent);
	return true;
}

static bool prefixed(struct span s, const char *prefix, const char *runtime, struct found *ret)
{
	if (!starts(s, prefix) || !all_hex(skip(s, strlen(prefix)), CONTAINER_HEX))
		return false;
	*ret = (struct found){skip(s, strlen(prefix)), runtime};
	return true;
}

/* Conmon's own cgroups ("crio-conmon-", "libpod-conmon-") fail the test for hex digits: units, or just
 * cgroups where systemd does not make them. */
static bool engine(struct span s, struct found *ret)
{
	static const struct {
		const char *prefix, *runtime;
	} table[] = {
		{"cri-containerd-", "containerd"},
		{"crio-", "cri-o"},
		{"docker-", "docker"},
		{"libpod-", "podman"},
		{"libpod-payload-", "podman"},
		{"nerdctl-", "containerd"},
		{"kata_", "kata"}, /* a whole pod's virtual machine, by its sandbox's id */
	};
	struct span stem = ends(s, ".scope") ? drop(s, strlen(".scope")) : s;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (prefixed(stem, table[i].prefix, table[i].runtime, ret))
			return true;
	return false;
}

static struct span cut(struct span *rest)
{
	const char *colon = rest->n ? memchr(rest->p, ':', rest->n) : NULL;
	struct span part = {rest->p, colon ? (size_t)(colon - rest->p) : rest->n};

	*rest = skip(*rest, colon ? part.n + 1 : rest->n);
	return part;
}

/* runc was given systemd's notation "slice:prefix:id" but made directories: then the three stand in
 * one name, in this or in turned order, and the slice may be the pod's. */
static bool colons(struct span s, struct identity *id, bool *ret_pod, struct found *ret)
{
	struct span rest = s, a = cut(&rest), tag = cut(&rest), b = rest;

	if (same(tag, "cri-containerd"))
		ret->runtime = "containerd";
	else if (same(tag, "crio"))
		ret->runtime = "cri-o";
	else if (same(tag, "docker"))
		ret->runtime = "docker";
	else
		return false;
	ret->id = all_hex(b, CONTAINER_HEX) ? b : a;
	if (!all_hex(ret->id, CONTAINER_HEX))
		return false;
	*ret_pod = pod_slice(ret->id.p == a.p ? b : a, id);
	return true;
}

static bool machine(struct span s, struct span parent, struct found *ret)
{
	static const char payload[] = "lxc.payload.", scope[] = "machine-",
			  nspawn[] = "systemd-nspawn@";

	if (starts(s, payload) && s.n > strlen(payload))
		*ret = (struct found){skip(s, strlen(payload)), "lxc"};
	else if ((same(parent, "lxc") || same(parent, "lxc.payload")) && s.n)
		*ret = (struct found){s, "lxc"};
	else if (starts(s, scope) && ends(s, ".scope") && s.n > strlen(scope) + strlen(".scope"))
		*ret = (struct found){drop(skip(s, strlen(scope)), strlen(".scope")),
				      starts(skip(s, strlen(scope)), "qemu\\x2d") ? "libvirt"
										  : "nspawn"};
	else if (starts(s, nspawn) && ends(s, ".service") &&
		 s.n > strlen(nspawn) + strlen(".service"))
		*ret = (struct found){drop(skip(s, strlen(nspawn)), strlen(".service")), "nspawn"};
	else
		return false;
	return true;
}

/* Podman without systemd gives its pods a bare id, and the containers in them their prefix. */
static bool podman_pod(struct span s, struct span parent)
{
	return same(parent, "libpod_parent") && all_hex(s, CONTAINER_HEX);
}

static bool container(struct span s, struct span parent, struct found *ret)
{
	if (engine(s, ret) || machine(s, parent, ret))
		return true;
	if (!all_hex(s, CONTAINER_HEX) || podman_pod(s, parent))
		return false;
	*ret = (struct found){s, same(parent, "docker")		 ? "docker"
				 : same(parent, "kata_overhead") ? "kata"
								 : ""};
	return true;
}

static bool unit(struct span s)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (ends(s, suffixes[i]) && s.n > strlen(suffixes[i]))
			return true;
	return false;
}

/* The services that Talos, which has no systemd, runs for Kubernetes. */
static bool talos_service(struct span s, struct span parent)
{
	return same(parent, "podruntime") && s.n;
}

/* systemd's names carry "\x2d" for a dash and the like; people do not want to read that. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned value = 0;

		if (from[0] == '\\' && from[1] == 'x' && isxdigit((unsigned char)from[2]) &&
		    isxdigit((unsigned char)from[3])) {
			for (int i = 2; i < 4; i++)
				value = value * 16 +
					(unsigned)(isdigit((unsigned char)from[i])
							   ? from[i] - '0'
							   : (from[i] | 0x20) - 'a' + 10);
			if (value >= 0x20 && value < 0x7f) {
				*to = (char)value;
				from += 4;
				continue;
			}
		}
		*to = *from++;
	}
	*to = '\0';
}

static bool branch(struct span s, struct span parent)
{
	static const char *const names[] = {"kubepods",	     "burstable",   "besteffort",    "docker",	  "lxc",
					    "libpod_parent", "lxc.payload", "kata_overhead", "podruntime"};
	struct identity dropped;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (same(s, names[i]))
			return true;
	return ends(s, ".slice") || podman_pod(s, parent) || pod_directory(s, s, &dropped);
}

/* What the walk down a path knows so far. */
struct walk {
	struct identity *id;
	bool of_user;   /* see identity_is_users() */
	bool pod_open;  /* inside a pod, its container not yet met */
	bool contained; /* inside a container */
	char pod_uid[IDENTITY_UID_MAX + 1];
	const char *qos;
};

static void be_container(struct walk *w, const struct found *f, size_t row_length)
{
	struct identity *id = w->id;
	struct span called = f->id;

	if (all_hex(called, CONTAINER_HEX))
		called.n = IDENTITY_SHORT;
	id->kind = w->pod_open ? IDENTITY_POD_CONTAINER : IDENTITY_CONTAINER;
	id->runtime = f->runtime;
	id->row_length = row_length;
	copy(id->container_id, sizeof(id->container_id), f->id);
	copy(id->name, sizeof(id->name), called);
	unescape(id->container_id);
	unescape(id->name);
	id->qos = w->pod_open ? w->qos : "";
	copy(id->pod_uid, sizeof(id->pod_uid), span_of(w->pod_open ? w->pod_uid : ""));
	w->contained = true;
	w->pod_open = false;
}

static void enter_pod(struct walk *w, const struct identity *pod)
{
	memcpy(w->pod_uid, pod->pod_uid, sizeof(w->pod_uid));
	w->qos = pod->qos;
	w->pod_open = true;
}

static void be_unit(struct walk *w, struct span s, const char *runtime, size_t row_length)
{
	w->id->kind = IDENTITY_UNIT;
	w->id->runtime = runtime;
	w->id->row_length = row_length;
	copy(w->id->name, sizeof(w->id->name), s);
}

static void step(struct walk *w, struct span s, struct span parent, size_t row_length)
{
	struct identity pod = {0};
	struct found f;
	bool in_pod = false, is_container = colons(s, &pod, &in_pod, &f);

	if (!w->of_user && (in_pod || pod_slice(s, &pod) || pod_directory(s, parent, &pod)))
		enter_pod(w, &pod);
	if (!is_container)
		is_container = container(s, parent, &f);
	if (is_container && (w->pod_open || !w->contained))
		be_container(w, &f, row_length);
	else if (!w->contained && unit(s))
		be_unit(w, s, "systemd", row_length);
	else if (!w->contained && talos_service(s, parent))
		be_unit(w, s, "talos", row_length);
}

bool identity_is_users(const char *path)
{
	static const char users[] = "/user.slice/";

	return strncmp(path, users, sizeof(users) - 1) == 0;
}

void identity_parse(const char *path, struct identity *ret)
{
	struct walk w = {.id = ret, .of_user = identity_is_users(path)};
	struct span s = {path, 0}, last = s, parent = s; /* last: the last name with any letters */
	const char *p = path;

	*ret = (struct identity){.kind = IDENTITY_CGROUP, .runtime = "", .qos = ""};
	while (*p) {
		p += strspn(p, "/");
		s = (struct span){p, strcspn(p, "/")};
		p += s.n;
		if (!s.n)
			break;
		step(&w, s, last, (size_t)(p - path));
		parent = last;
		last = s;
	}
	if (ret->kind != IDENTITY_CGROUP)
		return;
	ret->row_length = strlen(path);
	ret->branch = branch(last, parent) || !last.n;
	copy(ret->name, sizeof(ret->name), last.n ? last : span_of("/"));
}

const char *identity_runtime(const char *name)
{
	static const char *const words[] = {"containerd", "cri-o", "docker"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(name, words[i]) == 0)
			return words[i];
	return "";
}

/* Also the three digits that could stand behind a backslash of the name itself. */
static bool is_byte(const char *digits)
{
	return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' && digits[2] >= '0' &&
	       digits[2] <= '7';
}

/* Bytes of `at` that may stand as they are; 0: its first byte may not. */
static size_t plain_bytes(const char *at)
{
	uint32_t code = 0;
	size_t n = unicode_next(at, &code);

	if (n == 1 && *at == '\\' && is_byte(at + 1))
		return 0;
	return code >= 0x20 && code != 0x7f ? n : 0;
}

char *identity_text(const char *bytes)
{
	char *text = mem_array(NULL, strlen(bytes) + 1, ESCAPED), *to = text;

	while (*bytes) {
		size_t n = plain_bytes(bytes);

		if (n)
			memcpy(to, bytes, n);
		else
			snprintf(to, ESCAPED + 1, "\\%03o", (unsigned char)*bytes);
		to += n ? n : ESCAPED;
		bytes += n ? n : 1;
	}
	*to = '\0';
	return mem_array(text, (size_t)(to - text) + 1, 1);
}
