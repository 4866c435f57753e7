/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glob patterns on paths: `?` is one byte and `*` any number of bytes, neither crosses a slash; `**`
 * crosses, and a leading "**" with its slash also matches no directory at all ("/a/" "**" "/b" matches
 * "/a/b"). Every other byte stands for itself, backslashes too: systemd writes them into cgroup names.
 */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#define GLOB_PARTS_BYTES 1024 /* of all parts together; longer ones match nothing */

/* The whole path must match. No allocation, no recursion; time at most |pattern| x |path|^2. */
bool glob_match(const char *pattern, const char *path);
/* Any of n patterns; without patterns everything does. */
bool glob_match_any(char *const *pattern, size_t n, const char *path);
/* The path is made of parts with a slash between them, empty ones left out; it may go on behind what matches,
 * at a slash: "a" and "a/b" match ("a", "b", "c"). */
bool glob_match_parts(const char *pattern, const char *const *part, size_t n);

#endif
