/* SPDX-License-Identifier: Apache-2.0 */
#include "base/glob.h"

#include <stddef.h>
#include <string.h>

/* Where matching goes on after a star took one byte more. `pattern` NULL: no star was seen yet. */
struct retry {
	const char *pattern, *path;
	bool whole; /* of "**" and a slash: takes whole directories only */
};

/* Moves a star one step; false when it has nothing left to take. */
static bool star_grow(struct retry *s)
{
	if (!s->pattern || !*s->path || *s->path == '/')
		return false;
	s->path++;
	return true;
}

static bool stars_grow(struct retry *s)
{
	if (!s->pattern || !*s->path)
		return false;
	while (s->whole && s->path[0] && s->path[0] != '/')
		s->path++;
	if (!*s->path)
		return false;
	s->path++;
	return true;
}

static const char *skip_stars(const char *pattern, struct retry *stars, const char *path)
{
	pattern += 2;
	stars->whole = *pattern == '/';
	if (stars->whole)
		pattern++;
	*stars = (struct retry){ pattern, path, stars->whole };
	return pattern;
}

bool glob_match(const char *pattern, const char *path)
{
	struct retry star = { NULL, NULL, false }, stars = { NULL, NULL, false };

	while (*path || *pattern) {
		if (pattern[0] == '*' && pattern[1] == '*') {
			pattern = skip_stars(pattern, &stars, path);
			star.pattern = NULL;
		} else if (*pattern == '*') {
			star = (struct retry){ ++pattern, path, false };
		} else if (*path && (*pattern == *path || (*pattern == '?' && *path != '/'))) {
			pattern++;
			path++;
		} else if (star_grow(&star)) {
			pattern = star.pattern;
			path = star.path;
		} else if (stars_grow(&stars)) {
			star.pattern = NULL;
			pattern = stars.pattern;
			path = stars.path;
		} else {
			return false;
		}
	}
	return true;
}

bool glob_match_any(char *const *pattern, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (glob_match(pattern[i], path))
			return true;
	return !n;
}

bool glob_match_parts(const char *pattern, const char *const *part, size_t n)
{
	char path[GLOB_PARTS_BYTES + 1];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(part[i]);

		if (!size)
			continue;
		if (at + (at > 0) + size > GLOB_PARTS_BYTES)
			return false;
		if (at)
			path[at++] = '/';
		memcpy(path + at, part[i], size + 1);
		at += size;
		if (glob_match(pattern, path))
			return true;
	}
	return false;
}
