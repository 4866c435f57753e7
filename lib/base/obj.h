/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects that know what they are. Every object that travels through a `void *` begins with
 * `unsigned magic`; the callback's first line casts it back with obj_cast(), which stops the process
 * on a wrong or freed object. Asserts stay on in release builds and are of three kinds: cannot
 * happen (must), wrong state (wrong), out of memory (in base/mem.h).
 */
#ifndef BASE_OBJ_H
#define BASE_OBJ_H

_Noreturn void obj_fail(const char *kind, const char *what, const char *file, int line);

#define must(cond) \
	do { \
		if (!(cond)) \
			obj_fail("must", #cond, __FILE__, __LINE__); \
	} while (0)

#define wrong(text) obj_fail("wrong", text, __FILE__, __LINE__)

/* struct x *p = obj_cast(struct x, data, X_MAGIC); */
#define obj_cast(type, from, value) \
	__extension__({ \
		type *obj_p_ = (from); \
		must(obj_p_ && obj_p_->magic == (value)); \
		obj_p_; \
	})

#endif
