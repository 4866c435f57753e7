/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel's description of itself: any bytes. A name that is found stands in it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/btf.h"
#include "base/obj.h"
#include "base/scope.h"

#define NAME "bpf_iter__cgroup"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(fclosep) FILE *f = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	int r = f ? btf_names(f, NAME) : 0;

	must(r <= 1);
	must(r != 1 || memmem(data, size, NAME, sizeof(NAME)));
	return 0;
}
