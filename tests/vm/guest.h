/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of a whole machine begin with: they do to it what nobody wants done to his own. */
#ifndef TESTS_VM_GUEST_H
#define TESTS_VM_GUEST_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Ends the program where it is not in a guest of vm.py, with the status of a test that cannot run. */
static inline void guest_only(void)
{
	if (access("/modules/order", F_OK) == 0 && getuid() == 0)
		return;
	printf("not in a guest of tests/vm: not run\n");
	exit(77);
}

/* Into a file of the kernel's; false: it does not let us. */
static inline bool guest_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	bool ok = f && fputs(text, f) >= 0;

	return f && fclose(f) == 0 && ok;
}

#endif
