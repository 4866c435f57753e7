/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define MAX_NAME 64        /* longer words are no option names; keeps the distance rows on the stack */
#define MAX_DISTANCE 2     /* two slips of a finger; more would guess */

int err_set(struct err *e, int code, const char *what, ...)
{
	va_list args;

	if (!e)
		return code;
	e->code = code;
	e->cause[0] = e->fix[0] = '\0';
	va_start(args, what);
	vsnprintf(e->what, sizeof(e->what), what, args);
	va_end(args);
	return code;
}

int err_cause(struct err *e, const char *cause, ...)
{
	va_list args;

	if (!e)
		return -EINVAL;
	va_start(args, cause);
	vsnprintf(e->cause, sizeof(e->cause), cause, args);
	va_end(args);
	return e->code;
}

int err_fix(struct err *e, const char *fix, ...)
{
	va_list args;

	if (!e)
		return -EINVAL;
	va_start(args, fix);
	vsnprintf(e->fix, sizeof(e->fix), fix, args);
	va_end(args);
	return e->code;
}

void err_print(const struct err *e, const char *program, FILE *to)
{
	fprintf(to, "%s: %s\n", program, e->what);
	fprintf(to, "  cause: %s\n", e->cause[0] ? e->cause : strerror(-e->code));
	if (e->fix[0])
		fprintf(to, "  fix:   %s\n", e->fix);
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

static size_t distance(const char *a, const char *b)
{
	size_t row[MAX_NAME + 1];
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t up = row[j + 1];

			row[j + 1] = least(up + 1, row[j] + 1, diagonal + (a[i] != b[j]));
			diagonal = up;
		}
	}
	return row[n];
}

const char *err_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t best_distance = MAX_DISTANCE + 1;

	if (strlen(word) > MAX_NAME)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (strlen(names[i]) > MAX_NAME)
			continue;
		size_t d = distance(word, names[i]);
		if (d < best_distance) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}
