/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Docker or Podman may answer. Whatever comes, the entries that are told are good ones and counted, nothing is
 * told of an answer that is refused, and a refusal says why.
 */
#include <stdint.h>
#include <stdlib.h>

#include "agent/names/reply.h"
#include "base/obj.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct names_entry *e, void *data)
{
	const struct names_word w = {.tell = NAMES_ENTRY, .entry = *e};

	must(names_word_good(&w, sizeof(w)));
	must(e->container[0] && !e->sandbox && !e->pod[0]);
	++*(uint32_t *)data;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply r = {.told = 0};
	struct err e = {0};
	uint32_t told = 0;

	if (reply_read((const char *)data, size, judge, &told, &r, &e) < 0) {
		must(e.what[0] && !told);
		return 0;
	}
	must(r.told == told && told <= NAMES_MOST);
	must(names_text_good(r.runtime, NAMES_LABEL_MAX) && names_text_good(r.version, NAMES_TEXT_MAX));
	return 0;
}
