/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors/vectors_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/buf.h"
#include "base/scope.h"

#define PIECE	  (1 << 16)
#define MOST_SIZE (1u << 30) /* of a file unpacked: the largest suite has 4 MB, a bomb has no end */

static void bad(const char *path, const char *cause)
{
	fprintf(stderr, "plimsoll-vectors: cannot read %s\n  cause: %s\n", path, cause);
}

/* NULL: read to the end. */
static const char *read_all(gzFile from, struct buf *ret)
{
	static char piece[PIECE];
	const char *cause;
	int n;

	while ((n = gzread(from, piece, sizeof(piece))) > 0) {
		if (ret->size + (size_t)n > MOST_SIZE)
			return "it is larger than 1 GiB";
		buf_add(ret, piece, (size_t)n);
	}
	cause = gzerror(from, &n);
	return n == Z_OK || n == Z_STREAM_END ? NULL : n == Z_BUF_ERROR ? "it is cut short" : cause;
}

/* The bytes of the number or the text that starts here, or 1. */
static size_t token(const char *at)
{
	const char *end = at + 1;

	if (*at == '-' || (*at >= '0' && *at <= '9'))
		return 1 + strspn(end, "0123456789.eE+-");
	while (*at == '"' && *end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	return (size_t)(end - at) + (*at == '"' && *end);
}

/* Where Go printed a float64 stands an integer that jansson refuses: with a ".0" it is a real. */
static bool is_beyond_int64(const char *number, size_t size)
{
	char *end;

	if (*number != '-' && (*number < '0' || *number > '9'))
		return false;
	errno = 0;
	(void)!strtoll(number, &end, 10);
	return errno == ERANGE && end == number + size;
}

static void widen(const char *at, struct buf *ret)
{
	for (size_t n; *at; at += n) {
		n = token(at);
		buf_add(ret, at, n);
		if (is_beyond_int64(at, n))
			buf_add(ret, ".0", 2);
	}
}

static json_t *parse(const char *path, const struct buf *text)
{
	struct buf wide scoped(buf_done) = {0};
	json_error_t error;
	json_t *root;

	widen(buf_text(text), &wide);
	root = json_loadb(buf_text(&wide), wide.size, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fprintf(stderr, "plimsoll-vectors: %s:%d:%d: no JSON\n  cause: %s\n", path, error.line,
			error.column, error.text);
	return root;
}

json_t *vectors_file_load(const char *path)
{
	struct buf text scoped(buf_done) = {0};
	gzFile from = gzopen(path, "rbe");
	const char *cause = from ? read_all(from, &text) : strerror(errno);
	json_t *root = NULL;

	if (cause)
		bad(path, cause);
	else if (memchr(buf_text(&text), '\0', text.size))
		bad(path, "there is a NUL byte in it");
	else
		root = parse(path, &text);
	if (from)
		gzclose(from);
	return root;
}
