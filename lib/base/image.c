/* SPDX-License-Identifier: Apache-2.0 */
#include "base/image.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

/* Relocations write into segments that are writable when they are loaded, the others are as the file has them. */
static size_t give_back(uintptr_t from, uintptr_t to)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (from + page - 1) / page * page, end = to / page * page;

	if (begin >= end || madvise((void *)begin, end - begin, MADV_DONTNEED) < 0)
		return 0;
	return end - begin;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *data)
{
	size_t *sum = data;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			*sum += give_back(from, from + p->p_filesz);
	}
	return 0;
}

size_t image_give_back(void)
{
	size_t sum = 0;

	dl_iterate_phdr(look_at, &sum);
	return sum;
}

void image_settle(bool *settled, clock_boot_t started)
{
	if (*settled || clock_since(clock_boot(), started) < IMAGE_SETTLED_NS)
		return;
	(void)image_give_back();
	*settled = true;
}
