/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/agree.h"

#include <inttypes.h>
#include <string.h>

#define SLACK_BYTES (8u << 20) /* what comes and goes between two sums of the kernel's */
#define SLACK_PART  10u	       /* or a tenth */

static bool near(uint64_t a, uint64_t b)
{
	uint64_t apart = a > b ? a - b : b - a;

	return apart <= SLACK_BYTES || apart <= (a > b ? a : b) / SLACK_PART;
}

bool agree(FILE *stat, bool legacy, const struct plimsoll_row *row, uint64_t page_bytes)
{
	const struct {
		const char *v1, *v2; /* v1 does not say slab */
		uint64_t ours;
	} lines[] = {
		{"total_rss", "anon", row->anon_pages * page_bytes},
		{"total_cache", "file", row->file_pages * page_bytes},
		{NULL, "slab", row->slab_bytes},
	};
	const size_t wanted = legacy ? 2 : 3;
	char name[64];
	uint64_t value;
	size_t found = 0;

	while (fscanf(stat, "%63s %" SCNu64, name, &value) == 2)
		for (size_t i = 0; i < wanted; i++) {
			if (strcmp(name, legacy ? lines[i].v1 : lines[i].v2) != 0)
				continue;
			if (!near(value, lines[i].ours))
				return false;
			found++;
		}
	return found == wanted;
}
