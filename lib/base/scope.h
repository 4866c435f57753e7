/* SPDX-License-Identifier: Apache-2.0 */
/* The one cleanup idiom: a variable marked scoped(f) is released by f(&variable) when it goes out of
 * scope; take(p) moves the pointer out, so that the caller owns it. */
#ifndef BASE_SCOPE_H
#define BASE_SCOPE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define scoped(fn) __attribute__((cleanup(fn)))
#define take(p) \
	__extension__({ \
		__typeof__(p) take_p_ = (p); \
		(p) = NULL; \
		take_p_; \
	})
#define take_fd(fd) \
	__extension__({ \
		int take_fd_ = (fd); \
		(fd) = -1; \
		take_fd_; \
	})

/* scope_define(struct x, x_free): makes x_freep(struct x **) for scoped(x_freep). */
#define scope_define(type, free_fn) \
	static inline void free_fn##p(type **p) \
	{ \
		if (*p) \
			free_fn(*p); \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}

#endif
