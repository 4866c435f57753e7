/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory: there, ours, and with room to write. */
#ifndef AGGREGATOR_STATEDIR_H
#define AGGREGATOR_STATEDIR_H

#include "base/err.h"

/* Makes `path` and what is missing above it (0755; the last one `mode`). */
int statedir_make(const char *path, unsigned mode, struct err *e);
/* Writes and removes a small file: permissions alone say nothing about a full disk or a
 * read-only file system. */
int statedir_probe(const char *path, struct err *e);

#endif
