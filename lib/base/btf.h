/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kernel has, by the names in its description of itself (BTF, /sys/kernel/btf/vmlinux): types, members,
 * functions and constants. A feature that a vendor ported back is found, which a version does not tell.
 */
#ifndef BASE_BTF_H
#define BASE_BTF_H

#include <stdio.h>

/* Of the whole file. 1: the name is there. 0: it is not. -EBADMSG: this is no BTF, or a part of one; -errno: it
 * cannot be read. `f` is read from its beginning. */
int btf_names(FILE *f, const char *name);

#endif
