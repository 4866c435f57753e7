/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "base/btf.h"
#include "base/scope.h"
#include "unit/btf_file.h"

#define OWN "/sys/kernel/btf/vmlinux"

static uint8_t file[256];
static size_t bytes;

static int make(void **state)
{
	(void)state;
	bytes = btf_file(BTF_FILE_NAMES, sizeof(BTF_FILE_NAMES), file);
	return 0;
}

static int ask(const char *name)
{
	scoped(fclosep) FILE *f = fmemopen(file, bytes, "r");

	assert_non_null(f);
	return btf_names(f, name);
}

static void whole_names_are_found(void **state)
{
	(void)state;
	assert_int_equal(ask("task_struct"), 1);
	assert_int_equal(ask("BPF_FUNC_ktime_get_coarse_ns"), 1);
	assert_int_equal(ask("task_struc"), 0);
	assert_int_equal(ask("ask_struct"), 0);
	assert_int_equal(ask("task_struct2"), 0);
}

static void a_part_is_no_description(void **state)
{
	(void)state;
	for (bytes--; bytes; bytes--)
		assert_true(ask("task_struct") < 0);
}

static void other_files_are_none(void **state)
{
	(void)state;
	file[0] ^= 1;
	assert_int_equal(ask("task_struct"), -EBADMSG);
	file[0] ^= 1;
	file[bytes - 1] = 'x';
	assert_int_equal(ask("task_struct"), -EBADMSG);
	file[bytes - 1] = 0;
	file[BTF_FILE_HEADER - 1] = 0xff; /* 4 GiB of names */
	assert_int_equal(ask("task_struct"), -EBADMSG);
}

static void this_kernel_is_read(void **state)
{
	scoped(fclosep) FILE *f = fopen(OWN, "re");

	(void)state;
	if (!f) {
		print_message("no " OWN ": this kernel does not describe itself\n");
		skip();
	}
	assert_int_equal(btf_names(f, "task_struct"), 1);
	assert_int_equal(btf_names(f, "plimsoll_is_no_type_of_yours"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(whole_names_are_found, make),
		cmocka_unit_test_setup(a_part_is_no_description, make),
		cmocka_unit_test_setup(other_files_are_none, make),
		cmocka_unit_test(this_kernel_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
