/* SPDX-License-Identifier: Apache-2.0 */
/* What the exec actuator writes to its hook: one JSON object of kind ScaleRequest. */
#ifndef DEMO_SCALE_REQUEST_H
#define DEMO_SCALE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SCALE_REQUEST_BYTES 4096 /* a request is below 300 bytes; more is no request */
#define SCALE_REQUEST_REPLICAS 10000 /* the most a policy may ask for */

struct scale_request {
	char workload[128];
	char decision[64]; /* may be empty */
	uint32_t to;
};

/* -EINVAL with *e filled: no JSON, another kind or version, a missing or senseless field. */
int scale_request_parse(const char *text, size_t size, struct scale_request *ret, struct err *e);

#endif
