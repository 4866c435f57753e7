/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define MAX_LINE 1024 /* a longer message is cut: a line must stay one write() */

static struct {
	const char *program;
	enum log_level least;
	bool json;
} config = { "plimsoll", LOG_INFO, false };

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_init(const char *program, enum log_level least, bool json)
{
	config.program = program;
	config.least = least;
	config.json = json;
}

int log_level_parse(const char *word, enum log_level *ret_level)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		if (strcmp(word, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* JSON string escapes; control bytes become \u00XX. Stops before it would overflow. */
static void escape(const char *in, char *out, size_t size)
{
	size_t n = 0;

	for (; *in && n + 7 < size; in++) {
		unsigned char c = (unsigned char)*in;

		if (c == '"' || c == '\\')
			n += (size_t)snprintf(out + n, size - n, "\\%c", c);
		else if (c < 0x20)
			n += (size_t)snprintf(out + n, size - n, "\\u%04x", c);
		else
			out[n++] = (char)c;
	}
	out[n] = '\0';
}

void log_write(enum log_level level, const char *format, ...)
{
	char message[MAX_LINE], escaped[2 * MAX_LINE], time[32];
	va_list args;

	if (level < config.least)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	clock_format(clock_wall(), time, sizeof(time));
	if (!config.json) {
		fprintf(stderr, "%s %-5s %s: %s\n", time + 11, level_names[level], config.program,
			message);
		return;
	}
	escape(message, escaped, sizeof(escaped));
	fprintf(stderr,
		"{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"message\":\"%s\"}\n", time,
		level_names[level], config.program, escaped);
}

void log_err(enum log_level level, const struct err *e, const char *consequence)
{
	const char *cause = e->cause[0] ? e->cause : strerror(-e->code);

	log_write(level, "%s (%s)%s%s%s%s", e->what, cause, e->fix[0] ? "; " : "", e->fix,
		  consequence && consequence[0] ? ", " : "", consequence ? consequence : "");
}
