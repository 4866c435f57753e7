/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's description of itself (BTF) that has names and nothing else, for tests that make up a kernel. */
#ifndef TESTS_UNIT_BTF_FILE_H
#define TESTS_UNIT_BTF_FILE_H

#include <stdint.h>
#include <string.h>

#define BTF_FILE_HEADER 24
/* What a kernel of today has of what we ask for. */
#define BTF_FILE_NAMES "\0task_struct\0bpf_iter__cgroup\0BPF_FUNC_ktime_get_coarse_ns"

/* `names` are `bytes` long with the last one's zero, and begin with an empty one. Returns the length of it all. */
static inline size_t btf_file(const char *names, size_t bytes, uint8_t *ret)
{
	const uint8_t first[8] = {0x9f, 0xeb, 1, 0, BTF_FILE_HEADER};
	const uint32_t parts[4] = {0, 0, 0, (uint32_t)bytes};

	memcpy(ret, first, sizeof(first));
	memcpy(ret + sizeof(first), parts, sizeof(parts));
	memcpy(ret + BTF_FILE_HEADER, names, bytes);
	return BTF_FILE_HEADER + bytes;
}

#endif
