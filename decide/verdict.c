/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/verdict.h"

static const struct {
	const char *word, *meaning;
} reasons[] = {
#define X(id, word, meaning) {word, meaning},
	VERDICT_REASONS(X)
#undef X
};

static bool is_reason(enum verdict_reason r)
{
	return (unsigned)r < sizeof(reasons) / sizeof(reasons[0]);
}

const char *verdict_word(enum verdict_reason r)
{
	return is_reason(r) ? reasons[r].word : "unknown";
}

const char *verdict_meaning(enum verdict_reason r)
{
	return is_reason(r) ? reasons[r].meaning : "a reason that this version does not know";
}
