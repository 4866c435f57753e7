/* SPDX-License-Identifier: Apache-2.0 */
/* Records of HPAs' decisions: whatever is read can be decided on again, and explained. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/explain.h"
#include "aggregator/hpa_record.h"
#include "aggregator/store/decisions.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped(freep) char *text = strndup((const char *)bytes, size);
	scoped(hpa_record_freep) struct hpa_record *r = NULL;
	scoped(buf_done) struct buf told = {0};
	const struct decision x = {.id = 1};
	struct err e = {0};

	if (hpa_record_parse(text, &r, &e) < 0) {
		if (!e.what[0])
			abort();
		return 0;
	}
	(void)hpa_record_replay(r);
	if (explain_decision(&x, text, &told, &e) < 0 || !told.size)
		abort();
	return 0;
}
