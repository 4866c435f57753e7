/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/window.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/obj.h"

int window_open(struct window *w, int fd, size_t bytes, size_t parts, size_t n, size_t entry, struct err *e)
{
	void *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return err_set(e, -errno, "cannot find %zu KiB of addresses", bytes / 1024);
	*w = (struct window){.fd = fd, .at = at, .bytes = bytes, .entry = entry, .parts = parts, .n = n};
	return 0;
}

/* In place of the addresses that were kept for it: whole pages, which may be there already at either end. */
static void show_bytes(struct window *w, size_t from, size_t to)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), begin = from / page * page;

	must(mmap(w->at + begin, to - begin, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, w->fd, (off_t)begin) !=
	     MAP_FAILED);
}

void window_show(struct window *w, size_t n)
{
	must(n <= w->n);
	for (size_t part = 0; n > w->shown && part < w->parts; part++)
		show_bytes(w, (part * w->n + w->shown) * w->entry, (part * w->n + n) * w->entry);
	if (n > w->shown)
		w->shown = n;
}

size_t window_mapped(const struct window *w)
{
	return w->parts * w->shown * w->entry; /* but for the rest of a page at either end */
}

void window_close(struct window *w)
{
	if (w->at)
		munmap(w->at, w->bytes);
	*w = (struct window){0};
}
