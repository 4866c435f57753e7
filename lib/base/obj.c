/* SPDX-License-Identifier: Apache-2.0 */
#include "base/obj.h"

#include <stdio.h>
#include <stdlib.h>

void obj_fail(const char *kind, const char *what, const char *file, int line)
{
	fprintf(stderr, "plimsoll: %s failed: %s at %s:%d; this is a bug, please report it\n", kind,
		what, file, line);
	abort();
}
