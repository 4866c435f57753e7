/* SPDX-License-Identifier: Apache-2.0 */
/* What stands on a hook's stdin. */
#include <stdint.h>

#include "demo/scale_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scale_request r;
	struct err e;

	(void)scale_request_parse((const char *)data, size, &r, &e);
	return 0;
}
