/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's description of its types: any bytes. What comes of it is one, too, of which the same comes again. */
#include <linux/btf.h>
#include <stdint.h>
#include <string.h>

#include "agent/probe/types.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct types_name outer = {.kind = BTF_KIND_STRUCT}, function = {.kind = BTF_KIND_FUNC};
	scoped(strmap_freep) struct strmap *names = strmap_new();
	scoped(buf_done) struct buf once = {0}, twice = {0};
	scoped(freep) char *aligned = mem_array(NULL, size + 1, 1);
	int r;

	memcpy(aligned, data, size);
	strmap_put(names, "outer", &outer);
	strmap_put(names, "way", &outer);
	strmap_put(names, "bpf_iter_outer", &function);
	r = types_extract(aligned, size, names, &once);
	must(r == 0 || once.size == 0);
	if (r < 0)
		return 0;
	must(types_extract(once.data, once.size, names, &twice) == 0);
	must(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
	return 0;
}
