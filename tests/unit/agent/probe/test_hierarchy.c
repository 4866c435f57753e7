/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/hierarchy.h"
#include "base/mem.h"
#include "base/scope.h"

#define OTHERS \
	"21 20 0:19 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n" \
	"22 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw,memory\n"
#define UNIFIED "30 20 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define BESIDE	"30 20 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
#define MEMORY	"31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define CPU	"32 20 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"

static int find(const char *text, struct hierarchy *ret, struct err *e)
{
	scoped(fclosep) FILE *f = fmemopen((void *)(uintptr_t)text, strlen(text), "r");

	assert_non_null(f);
	return hierarchy_find(f, ret, e);
}

static void assert_found(const char *text, const char *unified, const char *memory, const char *kind,
			 bool partial)
{
	struct hierarchy h;

	assert_int_equal(find(text, &h, NULL), 0);
	assert_string_equal(h.mount[PLIMSOLL_UNIFIED], unified);
	assert_string_equal(h.mount[PLIMSOLL_MEMORY], memory);
	assert_string_equal(hierarchy_kind(&h), kind);
	assert_int_equal(h.partial, partial);
}

static void each_kind_of_machine_is_told(void **state)
{
	(void)state;
	assert_found(OTHERS UNIFIED, "/sys/fs/cgroup", "", "v2", false);
	assert_found(OTHERS CPU MEMORY BESIDE, "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory", "hybrid",
		     false);
	assert_found(OTHERS MEMORY CPU, "", "/sys/fs/cgroup/memory", "v1", false);
}

static void memory_must_be_a_whole_word(void **state)
{
	(void)state;
	assert_found(UNIFIED "31 20 0:27 / /m rw - cgroup cgroup rw,memoryish\n", "/sys/fs/cgroup", "", "v2",
		     false);
	assert_found(UNIFIED "31 20 0:27 / /m rw - cgroup cgroup rw,cpu,memory,pids\n", "/sys/fs/cgroup",
		     "/m", "hybrid", false);
}

static void a_whole_hierarchy_beats_a_part_and_the_first_a_later_one(void **state)
{
	(void)state;
	assert_found("30 20 0:26 /docker/abc /a rw - cgroup2 cgroup2 rw\n" UNIFIED
		     "33 20 0:26 / /later rw - cgroup2 cgroup2 rw\n",
		     "/sys/fs/cgroup", "", "v2", false);
	assert_found(UNIFIED "30 20 0:26 /docker/abc /part rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup", "",
		     "v2", false);
	assert_found("30 20 0:26 /docker/abc /part rw - cgroup2 cgroup2 rw\n", "/part", "", "v2", true);
}

static void escaped_characters_are_read(void **state)
{
	(void)state;
	assert_found("30 20 0:26 / /a\\040b\\134c\\011d rw - cgroup2 cgroup2 rw\n", "/a b\\c\td", "", "v2",
		     false);
}

static void any_number_of_optional_fields_may_come(void **state)
{
	(void)state;
	assert_found("30 20 0:26 / /cg rw shared:1 master:2 propagate_from:3 unbindable - cgroup2 c rw\n",
		     "/cg", "", "v2", false);
}

static void a_path_too_long_to_keep_is_not_cut(void **state)
{
	scoped(freep) char *name = mem_zero(2 * HIERARCHY_PATH), *text = NULL;

	(void)state;
	memset(name, 'x', HIERARCHY_PATH);
	text = mem_printf("30 20 0:26 / /%s rw - cgroup2 cgroup2 rw\n31 20 0:26 /%s /short rw - cgroup2 c rw\n"
			  "32 20 0:26 / /kept rw - cgroup2 cgroup2 rw\n",
			  name, name);
	assert_found(text, "/kept", "", "v2", false);
}

static void nothing_mounted_is_said_with_what_to_do(void **state)
{
	struct hierarchy h = {.mount = {"untouched"}};
	struct err e;

	(void)state;
	assert_int_equal(find(OTHERS CPU "broken line\n - \n30 20 - cgroup2\n", &h, &e), -ENODEV);
	assert_string_equal(h.mount[PLIMSOLL_UNIFIED], "untouched");
	assert_non_null(strstr(e.fix, "mount -t cgroup2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_machine_is_told),
		cmocka_unit_test(memory_must_be_a_whole_word),
		cmocka_unit_test(a_whole_hierarchy_beats_a_part_and_the_first_a_later_one),
		cmocka_unit_test(escaped_characters_are_read),
		cmocka_unit_test(any_number_of_optional_fields_may_come),
		cmocka_unit_test(a_path_too_long_to_keep_is_not_cut),
		cmocka_unit_test(nothing_mounted_is_said_with_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
