/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: an array of the kernel's in our memory, of which only what is in use is mapped. The kernel puts all
 * pages of such a mapping into the process at once, so an array for 2,048 cgroups on each of 128 CPUs would count as
 * 55 MiB of ours on a node that has a hundred. All of it has an address from the start; what is not shown must not be
 * touched (SIGSEGV). What was shown stays so.
 */
#ifndef AGENT_PROBE_WINDOW_H
#define AGENT_PROBE_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct window {
	int fd;            /* of the map, borrowed */
	char *at;          /* NULL: not open */
	size_t bytes;      /* whole pages */
	size_t entry;      /* bytes */
	size_t parts, n;   /* one after the other, each of as many entries: one for each CPU, say */
	size_t shown;      /* entries of each part */
};

/* Nothing is shown yet. `bytes`: of the map as it can be mapped. */
int window_open(struct window *w, int fd, size_t bytes, size_t parts, size_t n, size_t entry, struct err *e);
/* The first `n` entries of each part can be touched from now on; ends the program when there is no memory for it. */
void window_show(struct window *w, size_t n);
size_t window_mapped(const struct window *w); /* bytes of it that count as ours */
void window_close(struct window *w); /* also of one that was never opened */

#endif
