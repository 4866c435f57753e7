/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *p)
{
	if (p)
		return p;
	fputs("plimsoll: out of memory\n", stderr);
	abort();
}

void *mem_zero(size_t size)
{
	return check(calloc(1, size ? size : 1));
}

void *mem_array(void *old, size_t n, size_t size)
{
	return check(reallocarray(old, n ? n : 1, size ? size : 1));
}

char *mem_strdup(const char *s)
{
	return s ? check(strdup(s)) : NULL;
}

char *mem_printf(const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	int n = vasprintf(&s, format, args);
	va_end(args);
	return check(n < 0 ? NULL : s);
}
