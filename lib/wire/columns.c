/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/columns.h"

#define SINCE_1 (SIGNAL_NO_CPU | SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET | SIGNAL_NO_PSI)
#define SINCE_3 (SIGNAL_NO_OOM | SIGNAL_NO_REQUESTS)
#define SINCE_TELLS (SIGNAL_NO_RESTARTS | SIGNAL_NO_CONNECTS | SIGNAL_NO_TURNS) /* in batches of version 3 that say so */

typedef Plimsoll__V1__Columns columns;

static const struct {
	size_t length, values; /* offsets */
} at[SIGNALS] = {
#define SIGNAL(ID, name, ...) \
	[SIGNAL_##ID] = {offsetof(columns, n_##name), offsetof(columns, name)},
#include "plimsoll/signals.def"
};

uint32_t columns_tells(void)
{
	return SIGNAL_ALL;
}

uint32_t columns_unknown(uint32_t wire_version, uint32_t tells)
{
	if (wire_version < 2)
		return SIGNAL_ALL & ~SINCE_1;
	if (wire_version < 3)
		return SINCE_3 | SINCE_TELLS;
	return tells ? SIGNAL_ALL & ~tells : SINCE_TELLS;
}

size_t *columns_length(columns *c, enum signal_id s)
{
	return (size_t *)(void *)((char *)c + at[s].length);
}

uint64_t **columns_values(columns *c, enum signal_id s)
{
	return (uint64_t **)(void *)((char *)c + at[s].values);
}

uint64_t columns_get(const columns *c, enum signal_id s, size_t i)
{
	const size_t *n = (const size_t *)(const void *)((const char *)c + at[s].length);
	uint64_t *const *values = (uint64_t *const *)(const void *)((const char *)c + at[s].values);

	return i < *n ? (*values)[i] : 0;
}
