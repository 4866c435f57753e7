/* SPDX-License-Identifier: Apache-2.0 */
/* A growing string: always NUL-terminated, owns its bytes, aborts when memory is gone (base/mem.h). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NULL while empty; use buf_text() to read */
	size_t size, room;
};

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What is left of a file, a pipe included; blocks. 0, -errno, or -E2BIG: with it there would be more than `most` bytes. */
int buf_read(struct buf *b, int fd, size_t most);
void buf_clear(struct buf *b);            /* keeps the room */
const char *buf_text(const struct buf *b);/* never NULL */
char *buf_take(struct buf *b);            /* the caller frees it; the buffer is empty again */
void buf_done(struct buf *b);             /* also for scoped() */

#endif
