/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program and its libraries in memory, what of them is read from their files: code and constants, never data that
 * was written. Starting touches most of it (relocations, TLS, the kernel programs' loader), going on a small part, yet
 * what was touched once counts as ours for good.
 */
#ifndef BASE_IMAGE_H
#define BASE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

#define IMAGE_SETTLED_NS (10 * CLOCK_NS_PER_S) /* files are read and first connections made by then */

/* Once the start is over. What is used comes back by itself, from the page cache or, if that has no room for it, from the
 * disk: minor faults, 64 KiB each. Other threads may run meanwhile. A debugger's breakpoints and uprobes in this process
 * are gone afterwards, so it is done once. Returns how many bytes it let go of, resident or not. */
size_t image_give_back(void);
/* The same, once: when it is so long after the start. Then *settled, which is false at first, is set. */
void image_settle(bool *settled, clock_boot_t started);

#endif
