/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: of a kernel's description of its types (BTF) those of given names, with all that they hold by value,
 * as a description of its own. What pointers point to is left out. libbpf goes through a description once for each
 * name it looks for: the kernel's has 125,000 types. Pure.
 */
#ifndef AGENT_PROBE_TYPES_H
#define AGENT_PROBE_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/map.h"

struct types_name {
	uint32_t kind; /* BTF_KIND_… whose … */
	uint32_t id;   /* … first type of this name this is set to; 0: none */
};

/* `btf`: aligned as memory is. `names`: of types, to struct types_name; all of a name come along, of whatever kind but
 * functions, of which only the number is found. ret: is added to. -EBADMSG: not such a description, or one of kinds that
 * we do not know; then ret is empty. */
int types_extract(const void *btf, size_t bytes, const struct strmap *names, struct buf *ret);

#endif
