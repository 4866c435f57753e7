/* SPDX-License-Identifier: Apache-2.0 */
#include "truth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"

#define FULL       (HIERARCHY_PATH + OWN_PATH + 64)
#define TEXT_BYTES 4096

static void read_text(const char *path, char ret[TEXT_BYTES])
{
	scoped(fclosep) FILE *f = fopen(path, "re");
	size_t n = f ? fread(ret, 1, TEXT_BYTES - 1, f) : 0;

	if (!n)
		fail_msg("cannot read %s", path);
	ret[n] = '\0';
}

static uint64_t number_after(const char *text, const char *label)
{
	const char *at = strstr(text, label);

	if (!at)
		fail_msg("no '%s' in: %s", label, text);
	return at ? strtoull(at + strlen(label), NULL, 10) : 0;
}

/* In the v1 directory of that controller where there is one, else in v2's. */
static bool controller_path(const struct own_cgroups *o, const char *path, enum plimsoll_hierarchy h,
			    const char *v1, const char *v2, char ret[FULL])
{
	bool legacy = h != PLIMSOLL_UNIFIED && o->at.mount[h][0];

	snprintf(ret, FULL, "%s%s/%s", o->at.mount[legacy ? h : PLIMSOLL_UNIFIED], path, legacy ? v1 : v2);
	return legacy;
}

static bool read_controller(const struct own_cgroups *o, const char *path, enum plimsoll_hierarchy h,
			    const char *v1, const char *v2, char ret[TEXT_BYTES])
{
	char full[FULL];
	bool legacy = controller_path(o, path, h, v1, v2, full);

	read_text(full, ret);
	return legacy;
}

static void read_v2(const struct own_cgroups *o, const char *path, const char *file, char ret[TEXT_BYTES])
{
	(void)read_controller(o, path, PLIMSOLL_UNIFIED, NULL, file, ret);
}

static uint64_t read_number(const struct own_cgroups *o, const char *path, const char *file)
{
	char text[TEXT_BYTES];

	read_v2(o, path, file, text);
	return strtoull(text, NULL, 10); /* "max" is 0 */
}

uint64_t truth_cpu_ns(const struct own_cgroups *o, const char *path)
{
	char text[TEXT_BYTES];

	read_v2(o, path, "cpu.stat", text);
	return number_after(text, "usage_usec ") * CLOCK_NS_PER_US;
}

struct truth_memory truth_memory(const struct own_cgroups *o, const char *path)
{
	struct truth_memory t;
	char text[TEXT_BYTES];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	read_controller(o, path, PLIMSOLL_MEMORY, "memory.usage_in_bytes", "memory.current", text);
	t.usage_bytes = strtoull(text, NULL, 10);
	read_controller(o, path, PLIMSOLL_MEMORY, "memory.limit_in_bytes", "memory.max", text);
	t.limit_bytes = strtoull(text, NULL, 10); /* "max" is 0 */
	if (t.limit_bytes >= INT64_MAX / page * page) /* v1 says it so */
		t.limit_bytes = 0;
	read_controller(o, path, PLIMSOLL_MEMORY, "memory.stat", "memory.stat", text);
	t.inactive_file_bytes = number_after(text, "\ninactive_file ");
	return t;
}

void truth_set(const struct own_cgroups *o, const char *path, enum plimsoll_hierarchy h,
	       const char *v1, const char *v1_text, const char *v2, const char *v2_text)
{
	char full[FULL];
	bool legacy = controller_path(o, path, h, v1, v2, full);
	scoped(fclosep) FILE *f = fopen(full, "we");

	if (!f || fputs(legacy ? v1_text : v2_text, f) < 0 || fflush(f) != 0)
		fail_msg("cannot write %s", full);
}

struct truth_detail truth_detail(const struct own_cgroups *o, const char *path)
{
	char text[TEXT_BYTES];
	struct truth_detail t = {0};

	t.legacy = read_controller(o, path, PLIMSOLL_MEMORY, "memory.stat", "memory.stat", text);
	t.anon_bytes = number_after(text, t.legacy ? "total_rss " : "anon ");
	t.file_bytes = number_after(text, t.legacy ? "total_cache " : "file ");
	t.major_faults = number_after(text, "\npgmajfault ");
	if (!t.legacy)
		t.slab_bytes = number_after(text, "\nslab ");
	read_controller(o, path, PLIMSOLL_MEMORY, "memory.max_usage_in_bytes", "memory.peak", text);
	t.peak_bytes = strtoull(text, NULL, 10);
	read_controller(o, path, PLIMSOLL_MEMORY, "memory.oom_control", "memory.events", text);
	t.oom_kills = number_after(text, "oom_kill ");
	if (!t.legacy) {
		t.high_bytes = read_number(o, path, "memory.high");
		t.swap_bytes = read_number(o, path, "memory.swap.current");
	}
	return t;
}

struct truth_bandwidth truth_bandwidth(const struct own_cgroups *o, const char *path)
{
	char text[TEXT_BYTES];
	struct truth_bandwidth t = {0};
	bool legacy = read_controller(o, path, PLIMSOLL_CPU, "cpu.stat", "cpu.stat", text);
	long long quota;

	t.periods = number_after(text, "nr_periods ");
	t.throttled_periods = number_after(text, "nr_throttled ");
	t.throttled_ns = legacy ? number_after(text, "throttled_time ")
				: number_after(text, "throttled_usec ") * CLOCK_NS_PER_US;
	read_controller(o, path, PLIMSOLL_CPU, "cpu.cfs_quota_us", "cpu.max", text);
	quota = strtoll(text, NULL, 10); /* -1, "max": none */
	t.quota_ns = quota > 0 ? (uint64_t)quota * CLOCK_NS_PER_US : 0;
	if (!legacy)
		t.period_ns = strtoull(strchr(text, ' '), NULL, 10) * CLOCK_NS_PER_US;
	else if (read_controller(o, path, PLIMSOLL_CPU, "cpu.cfs_period_us", "", text))
		t.period_ns = strtoull(text, NULL, 10) * CLOCK_NS_PER_US;
	read_controller(o, path, PLIMSOLL_CPU, "cpu.shares", "cpu.weight", text);
	t.weight = strtoull(text, NULL, 10);
	if (legacy) /* as the kernel converts them */
		t.weight = (t.weight * 100 + 512) / 1024;
	return t;
}

struct truth_pressure truth_pressure(const struct own_cgroups *o, const char *path, const char *resource)
{
	char file[64], text[TEXT_BYTES];
	const char *line;

	snprintf(file, sizeof(file), "%s.pressure", resource);
	read_v2(o, path, file, text);
	line = strstr(text, "full ");
	assert_non_null(line);
	return (struct truth_pressure){number_after(text, "total=") * CLOCK_NS_PER_US,
				       number_after(line, "total=") * CLOCK_NS_PER_US};
}

static uint64_t sum_after(const char *text, const char *label)
{
	uint64_t sum = 0;

	for (const char *at = text; (at = strstr(at, label)); at += strlen(label))
		sum += strtoull(at + strlen(label), NULL, 10);
	return sum;
}

bool truth_io(const struct own_cgroups *o, const char *path, struct truth_io *ret)
{
	char full[FULL], text[TEXT_BYTES];
	scoped(fclosep) FILE *f = NULL;

	(void)controller_path(o, path, PLIMSOLL_UNIFIED, NULL, "io.stat", full);
	f = fopen(full, "re");
	if (!f)
		return false;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0'; /* a line a device, and none before the first request */
	*ret = (struct truth_io){sum_after(text, " rbytes="), sum_after(text, " wbytes="), sum_after(text, " rios="),
				 sum_after(text, " wios=")};
	return true;
}

void truth_set_limit(const struct own_cgroups *o, const char *path, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	truth_set(o, path, PLIMSOLL_MEMORY, "memory.limit_in_bytes", text, "memory.max", text);
}

bool truth_set_high(const struct own_cgroups *o, const char *path, uint64_t bytes)
{
	char text[32] = "max";

	if (o->at.mount[PLIMSOLL_MEMORY][0])
		return false;
	if (bytes)
		snprintf(text, sizeof(text), "%" PRIu64, bytes);
	truth_set(o, path, PLIMSOLL_UNIFIED, NULL, NULL, "memory.high", text);
	return true;
}

static uint64_t tick_ns(void)
{
	return CLOCK_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
}

uint64_t truth_stolen_ns(void)
{
	char text[TEXT_BYTES];
	uint64_t ticks;

	read_text("/proc/stat", text);
	must(sscanf(text, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &ticks) == 1);
	return ticks * tick_ns();
}

uint64_t truth_stolen_since_ns(uint64_t since)
{
	uint64_t now = truth_stolen_ns();

	return now ? now - since + tick_ns() : 0;
}

void truth_assert_near(const char *what, uint64_t ours, uint64_t theirs, double part, uint64_t slack,
		       const char *file, int line)
{
	uint64_t apart = ours > theirs ? ours - theirs : theirs - ours;
	double allowed = part * (double)theirs + (double)slack;

	print_message("  %s: %" PRIu64 ", the kernel says %" PRIu64 " (%+.3f %%)\n", what, ours, theirs,
		      theirs ? 100 * ((double)ours - (double)theirs) / (double)theirs : 0.0);
	if ((double)apart > allowed) {
		print_error("%s is off by %" PRIu64 ", allowed are %.0f\n", what, apart, allowed);
		_fail(file, line);
	}
}
