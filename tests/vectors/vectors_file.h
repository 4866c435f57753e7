/* SPDX-License-Identifier: Apache-2.0 */
/* A file of vectors as JSON values. What is wrong with it goes to stderr, and NULL is returned. */
#ifndef VECTORS_VECTORS_FILE_H
#define VECTORS_VECTORS_FILE_H

#include <jansson.h>

/* JSON, plain or gzipped (by its content, not its name). Integers beyond int64 become reals. */
json_t *vectors_file_load(const char *path);

#endif
