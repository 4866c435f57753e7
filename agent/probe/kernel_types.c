/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/kernel_types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/scope.h"

#define FILE_PATH  "/sys/kernel/btf/vmlinux"
#define BYTES_MAX  (64u << 20) /* ten times what a kernel of today has */
#define FLAVOUR    "___" /* what follows only tells apart types of ours that stand for one of the kernel's */

int kernel_types_open(struct kernel_types *k)
{
	*k = (struct kernel_types){.fd = memfd_create("plimsoll-types", MFD_CLOEXEC)};
	if (k->fd < 0)
		return -errno;
	snprintf(k->path, sizeof(k->path), "/proc/self/fd/%d", k->fd);
	return 0;
}

static bool may_be_the_kernels(const struct btf_type *t)
{
	return t->name_off && (btf_is_composite(t) || btf_is_any_enum(t) || btf_is_typedef(t));
}

static void want(struct kernel_types *k, const struct btf *ours, struct types_name *name, const struct btf_type *t)
{
	scoped(freep) char *plain = mem_strdup(btf__name_by_offset(ours, t->name_off));
	char *flavour = strstr(plain, FLAVOUR);

	if (flavour)
		*flavour = '\0';
	name->kind = btf_kind(t);
	if (plain[0] && !strmap_get(k->names, plain))
		strmap_put(k->names, plain, name);
}

static void want_all(struct kernel_types *k, const struct btf *ours)
{
	uint32_t n = btf__type_cnt(ours);

	k->names = strmap_new();
	k->name = mem_zero(n * sizeof(*k->name));
	for (uint32_t id = 1; id < n; id++)
		if (may_be_the_kernels(btf__type_by_id(ours, id)))
			want(k, ours, &k->name[id], btf__type_by_id(ours, id));
}

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			bytes += written;
			n -= (size_t)written;
		}
	}
	return 0;
}

static int extract(struct kernel_types *k, const void *btf, size_t bytes)
{
	scoped(buf_done) struct buf types = {0};
	int r = types_extract(btf, bytes, k->names, &types);

	return r < 0 ? r : write_all(k->fd, types.data, types.size);
}

/* Read; since 6.16 it can be mapped instead, which is nothing to wait for. */
static int extract_of_file(struct kernel_types *k, int fd, size_t bytes)
{
	scoped(freep) char *copy = NULL;
	void *at = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	size_t done = 0;
	int r;

	if (at != MAP_FAILED) {
		r = extract(k, at, bytes);
		munmap(at, bytes);
		return r;
	}
	copy = mem_array(NULL, bytes, 1);
	while (done < bytes) {
		ssize_t n = read(fd, copy + done, bytes - done);

		if (n <= 0)
			return n < 0 ? -errno : -EBADMSG;
		done += (size_t)n;
	}
	return extract(k, copy, bytes);
}

int kernel_types_fill(struct kernel_types *k, const struct btf *ours)
{
	scoped(closep) int fd = open(FILE_PATH, O_RDONLY | O_CLOEXEC);
	struct stat s;

	if (fd < 0 || fstat(fd, &s) < 0)
		return -errno;
	if (s.st_size <= 0 || s.st_size > BYTES_MAX)
		return -EBADMSG;
	want_all(k, ours);
	return extract_of_file(k, fd, (size_t)s.st_size);
}

uint32_t kernel_types_id(const struct kernel_types *k, const char *name)
{
	const struct types_name *found = k->names ? strmap_get(k->names, name) : NULL;

	return found ? found->id : 0;
}

void kernel_types_close(struct kernel_types *k)
{
	strmap_free(k->names);
	free(k->name);
	closep(&k->fd);
	*k = (struct kernel_types){.fd = -1};
}
