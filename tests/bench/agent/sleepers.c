/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sleepers N: N cgroups with one task each that wakes up ten times a second and touches a little memory, until
 * its standard input ends. Says "ready" when all are there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "own_cgroups.h"

#define NAP_NS	    100000000
#define TOUCH_BYTES 16384

_Noreturn static void wake_a_little(const void *none)
{
	(void)none;
	for (;;) {
		char *p = mmap(NULL, TOUCH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			_exit(1);
		memset(p, 1, TOUCH_BYTES);
		munmap(p, TOUCH_BYTES);
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
	}
}

int main(int argc, char **argv)
{
	long n = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	struct own_cgroups own;
	char byte;

	if (n < 1 || n > 100000) {
		fputs("usage: bench-sleepers N\n", stderr);
		return 2;
	}
	own_split(&own);
	for (long i = 0; i < n; i++) {
		char path[OWN_PATH + 24];

		snprintf(path, sizeof(path), "%s/%05ld", own.top, i);
		own_make(&own, path);
		own_spawn(&own, path, wake_a_little, NULL);
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
