/* SPDX-License-Identifier: Apache-2.0 */
/* Records of decisions: whatever is read can be decided on again, and its text reads back the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must_read_back(const struct record *r)
{
	scoped(freep) char *json =
		record_json(&r->policy, &r->view, r->current, &r->state, &r->verdict);
	scoped(record_freep) struct record *again = NULL;
	scoped(freep) char *twice = NULL;

	if (!json || record_parse(json, &again, NULL) < 0)
		abort();
	twice = record_json(&again->policy, &again->view, again->current, &again->state,
			    &again->verdict);
	if (strcmp(json, twice) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped(freep) char *text = strndup((const char *)bytes, size);
	scoped(record_freep) struct record *r = NULL;
	struct verdict d;
	struct err e;

	if (record_parse(text, &r, &e) < 0) {
		if (!e.what[0])
			abort();
		return 0;
	}
	(void)record_replay(r, &d);
	must_read_back(r);
	return 0;
}
