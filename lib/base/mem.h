/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation that cannot fail: small control structures (options, table rows, names) come from here,
 * and a process that cannot have 100 bytes stops with one line. Anything whose size a peer chooses
 * uses malloc and handles NULL instead.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_zero(size_t size);                      /* zeroed */
void *mem_array(void *old, size_t n, size_t size);/* realloc with an overflow check */
char *mem_strdup(const char *s);                  /* NULL gives NULL */
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define mem_new(type) ((type *)mem_zero(sizeof(type)))

#endif
