/* SPDX-License-Identifier: Apache-2.0 */
#include "base/btf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/scope.h"

#define MAGIC	    0xeb9f
#define NAMES_BYTES (16u << 20) /* of all names; a kernel of today has 2 MiB of them */

struct header { /* struct btf_header of linux/btf.h */
	uint16_t magic;
	uint8_t version, flags;
	uint32_t header_bytes, types_at, types_bytes, names_at, names_bytes;
};

static int read_at(FILE *f, uint64_t at, void *ret, size_t bytes)
{
	errno = 0;
	if (fseeko(f, (off_t)at, SEEK_SET) < 0)
		return -errno;
	if (fread(ret, 1, bytes, f) == bytes)
		return 0;
	return ferror(f) && errno ? -errno : -EBADMSG;
}

/* Each name ends with a zero and stands behind one: the first is empty. */
static bool among(const char *names, size_t bytes, const char *name)
{
	size_t length = strlen(name) + 1;

	for (const char *at = names; (size_t)(at - names) < bytes; at += strlen(at) + 1)
		if ((size_t)(names + bytes - at) >= length && memcmp(at, name, length) == 0)
			return true;
	return false;
}

int btf_names(FILE *f, const char *name)
{
	scoped(freep) char *names = NULL;
	struct header h;
	int r = read_at(f, 0, &h, sizeof(h));

	if (r == 0 && (h.magic != MAGIC || !h.names_bytes || h.names_bytes > NAMES_BYTES))
		r = -EBADMSG;
	if (r < 0)
		return r;
	names = mem_array(NULL, h.names_bytes, 1);
	r = read_at(f, (uint64_t)h.header_bytes + h.names_at, names, h.names_bytes);
	if (r < 0)
		return r;
	if (names[h.names_bytes - 1])
		return -EBADMSG;
	return among(names, h.names_bytes, name);
}
