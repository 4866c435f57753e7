/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/image.h"
#include "base/scope.h"

#define PAGE 4096

static int written = 1;
static const char *relocated = "a pointer that the loader wrote"; /* in a segment that was writable then */

/* Of files, in KiB. Reads a byte of each page of them that is not writable first, if told to: some are where the thread
 * sanitizer has no shadow. */
__attribute__((no_sanitize_thread)) static long resident_kib(bool touch)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/maps", "re");
	uintptr_t from, to;
	char line[4096], how[8];
	long kib = 0;

	assert_non_null(f);
	while (touch && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &from, &to, how) == 3 && strchr(line, '/') && how[0] == 'r' && how[1] == '-')
			for (volatile const char *at = (const char *)from; (uintptr_t)at < to; at += PAGE)
				(void)*at;
	fclosep(&f);
	f = fopen("/proc/self/status", "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "RssFile: %ld", &kib) == 1)
			break;
	return kib;
}

static void what_the_start_touched_goes(void **state)
{
	long before = resident_kib(true);
	size_t bytes = image_give_back();
	long after = resident_kib(false);

	(void)state;
	printf("  %zu KiB given back: %ld KiB of files were resident, now %ld\n", bytes / 1024, before, after);
	assert_true(bytes > 1024 * 1024); /* libc alone is more */
	assert_true(after < before);
	assert_true((size_t)(before - after) * 1024 > bytes / 2);
}

static void nothing_that_was_written_goes(void **state)
{
	(void)state;
	written++;
	(void)image_give_back();
	assert_int_equal(written, 2);
	assert_string_equal(relocated, "a pointer that the loader wrote");
	assert_int_equal(snprintf(NULL, 0, "%d", 12345), 5); /* libraries work as before */
}

static void it_goes_once_and_not_at_the_start(void **state)
{
	clock_boot_t now = clock_boot();
	bool settled = false;

	(void)state;
	image_settle(&settled, now);
	assert_false(settled);
	image_settle(&settled, (clock_boot_t){now.ns - IMAGE_SETTLED_NS});
	assert_true(settled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_start_touched_goes),
		cmocka_unit_test(nothing_that_was_written_goes),
		cmocka_unit_test(it_goes_once_and_not_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
