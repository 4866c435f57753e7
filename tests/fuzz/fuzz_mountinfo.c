/* SPDX-License-Identifier: Apache-2.0 */
/* Mount tables: any bytes. What is found is a path that fits and is not empty. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "agent/probe/hierarchy.h"
#include "base/obj.h"
#include "base/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(fclosep) FILE *f = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct hierarchy h;
	struct err e;

	if (!f)
		return 0;
	if (hierarchy_find(f, &h, &e) < 0) {
		must(e.code < 0 && e.what[0] && e.fix[0]);
		return 0;
	}
	must(h.mount[PLIMSOLL_UNIFIED][0] || h.mount[PLIMSOLL_MEMORY][0]);
	for (int i = 0; i < PLIMSOLL_HIERARCHIES; i++)
		must(memchr(h.mount[i], 0, sizeof(h.mount[i])));
	must(hierarchy_kind(&h)[0]);
	return 0;
}
