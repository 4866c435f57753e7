/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/obj.h"

#define LEAST_ROOM 64 /* most texts fit at once; smaller steps would only move bytes about */

/* Room for `n` more bytes and the NUL; doubling keeps appending linear. */
static void reserve(struct buf *b, size_t n)
{
	must(n < SIZE_MAX / 4 && b->size < SIZE_MAX / 4);
	size_t need = b->size + n + 1;
	size_t room = b->room ? b->room : LEAST_ROOM;

	if (need <= b->room)
		return;
	while (room < need)
		room *= 2;
	b->data = mem_array(b->data, room, 1);
	b->room = room;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
	reserve(b, n);
	if (n)
		memcpy(b->data + b->size, bytes, n);
	b->size += n;
	b->data[b->size] = '\0';
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	must(n >= 0);
	reserve(b, (size_t)n);
	va_start(args, format);
	vsnprintf(b->data + b->size, (size_t)n + 1, format, args);
	va_end(args);
	b->size += (size_t)n;
}

int buf_read(struct buf *b, int fd, size_t most)
{
	char piece[65536];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf_add(b, piece, (size_t)n);
		if (b->size > most)
			return -E2BIG;
	}
	return 0;
}

void buf_clear(struct buf *b)
{
	b->size = 0;
	if (b->data)
		b->data[0] = '\0';
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
	char *text = b->data ? b->data : mem_strdup("");

	*b = (struct buf){ 0 };
	return text;
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}
