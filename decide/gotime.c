/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/gotime.h"

#define SECONDS_FROM_YEAR_1 62135596800ll /* to 1970 */
#define NS_PER_S 1000000000ll
#define EARLIEST (GOTIME_ZERO + 1)

int64_t gotime_sub(int64_t a, int64_t b)
{
	int64_t difference;

	if (a == b)
		return 0;
	if (a == GOTIME_ZERO || b == GOTIME_ZERO || __builtin_sub_overflow(a, b, &difference))
		return a > b ? INT64_MAX : INT64_MIN;
	return difference;
}

int64_t gotime_add(int64_t time, int64_t duration)
{
	int64_t sum;

	if (time == GOTIME_ZERO)
		return time;
	if (__builtin_add_overflow(time, duration, &sum))
		return duration > 0 ? INT64_MAX : EARLIEST;
	return sum == GOTIME_ZERO ? EARLIEST : sum;
}

/* How far a time lies behind a multiple of the unit: the seconds before 1970 do not fit into nanoseconds. */
static int64_t past_multiple(int64_t time, int64_t unit)
{
	__extension__ __int128 since = (__int128)SECONDS_FROM_YEAR_1 * NS_PER_S + time;

	return (int64_t)(since % unit);
}

int64_t gotime_round(int64_t time, int64_t unit)
{
	int64_t past;

	if (time == GOTIME_ZERO)
		return time;
	past = past_multiple(time, unit);
	if (past < unit - past)
		return gotime_add(time, -past);
	return gotime_add(time, unit - past);
}
