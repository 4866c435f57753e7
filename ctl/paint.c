/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/paint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WARN_SHARE 0.5 /* of the time some task waits */
#define BAD_SHARE  0.8

static const char *variable(const char *name)
{
	const char *value = getenv(name);
	return value ? value : "";
}

/* An unset locale is a container's; a set one that names no UTF-8 is meant. */
static bool unicode(void)
{
	const char *locale = variable("LC_ALL");

	if (!*locale)
		locale = variable("LC_CTYPE");
	if (!*locale)
		locale = variable("LANG");
	return !*locale || strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
}

struct paint_style paint_style(const char *choice, bool terminal)
{
	struct paint_style s = {.unicode = unicode()};

	if (strcmp(choice, "auto") != 0)
		s.colour = strcmp(choice, "always") == 0;
	else if (*variable("NO_COLOR") || strcmp(variable("TERM"), "dumb") == 0)
		s.colour = false;
	else
		s.colour = terminal || (*variable("CLICOLOR_FORCE") &&
					strcmp(variable("CLICOLOR_FORCE"), "0") != 0);
	return s;
}

const char *paint_on(const struct paint_style *s, enum paint p)
{
	static const char *const codes[] = {
		[PAINT_PLAIN] = "",          [PAINT_BOLD] = "\033[1m",  [PAINT_DIM] = "\033[2m",
		[PAINT_GOOD] = "\033[32m",   [PAINT_WARN] = "\033[33m", [PAINT_BAD] = "\033[31m",
		[PAINT_ACCENT] = "\033[36m",
	};
	return s->colour ? codes[p] : "";
}

const char *paint_off(const struct paint_style *s)
{
	return s->colour ? "\033[0m" : "";
}

void paint_bar(const struct paint_style *s, double share, int width, struct buf *to)
{
	static const char *const part[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double cells = fmin(fmax(share, 0), 1) * width;
	int full = s->unicode ? (int)cells : (int)lround(cells);
	int eighths = s->unicode ? (int)((cells - full) * 8) : 0;

	for (int i = 0; i < full; i++)
		buf_printf(to, "%s", s->unicode ? "█" : "#");
	if (eighths)
		buf_printf(to, "%s", part[eighths]);
	for (int i = full + !!eighths; i < width; i++)
		buf_printf(to, "%s", s->unicode ? "░" : ".");
}

enum paint paint_load(double share)
{
	return share >= BAD_SHARE ? PAINT_BAD : share >= WARN_SHARE ? PAINT_WARN : PAINT_GOOD;
}
