/* SPDX-License-Identifier: Apache-2.0 */
/* Traces: whatever is read has a length and reads back the same, whatever is not says why. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "simulate/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must_read_back(const struct trace *t)
{
	scoped(buf_done) struct buf text = {0};
	struct trace again;

	trace_write(t, &text);
	if (trace_parse("again", buf_text(&text), text.size, &again, NULL) < 0 || again.seconds != t->seconds ||
	    memcmp(again.cpu_milli, t->cpu_milli, t->seconds * sizeof(*t->cpu_milli)) != 0)
		abort();
	trace_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct trace t;
	struct err e = {0};

	if (trace_parse("input", (const char *)bytes, size, &t, &e) == 0) {
		if (!t.seconds)
			abort();
		must_read_back(&t);
	} else if (!e.what[0]) {
		abort();
	}
	trace_done(&t);
	return 0;
}
