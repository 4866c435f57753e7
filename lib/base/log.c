/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/unicode.h"

#define MAX_MESSAGE 1024 /* a longer message is cut: a line must stay one write() */
#define MAX_ESCAPE 6     /* bytes that one byte can become: \u00XX */
#define MAX_LINE (2 * MAX_MESSAGE)

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

/*
 * The message as part of one line: control bytes become \u00XX, so that nobody outside can write log
 * lines of his own, and bytes that are no UTF-8 become U+FFFD. For JSON quotes and backslashes are
 * escaped, too. Stops before it would overflow.
 */
static void escape(const char *in, bool json, char *out, size_t size)
{
	size_t n = 0;

	while (*in && n + MAX_ESCAPE < size) {
		uint32_t code;
		size_t wide = unicode_next(in, &code);

		if (!wide)
			n += (size_t)sprintf(out + n, "\xef\xbf\xbd");
		else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
			n += (size_t)sprintf(out + n, "\\u%04x", code);
		else if (json && (code == '"' || code == '\\'))
			n += (size_t)sprintf(out + n, "\\%c", (char)code);
		else
			n += (size_t)sprintf(out + n, "%.*s", (int)wide, in);
		in += wide ? wide : 1;
	}
	out[n] = '\0';
}

static void __attribute__((format(printf, 3, 0)))
vwrite(enum log_level level, const char *suffix, const char *format, va_list args)
{
	char message[MAX_MESSAGE], escaped[MAX_LINE], line[MAX_LINE + 256], time[32];
	int n;

	vsnprintf(message, sizeof(message), format, args);
	escape(message, config.json, escaped, sizeof(escaped));
	clock_format(clock_wall(), time, sizeof(time));
	if (config.json)
		n = snprintf(line, sizeof(line),
			     "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%.40s\","
			     "\"message\":\"%s%s\"}\n",
			     time, level_names[level], config.program, escaped, suffix);
	else
		n = snprintf(line, sizeof(line), "%s %-5s %.40s: %s%s\n", time + 11,
			     level_names[level], config.program, escaped, suffix);
	/* One write, so that lines of several threads and processes never mix. Where stderr itself
	 * fails there is nowhere left to complain. */
	ssize_t written = write(STDERR_FILENO, line, (size_t)n);
	(void)written;
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list args;

	if (level < config.least)
		return;
	va_start(args, format);
	vwrite(level, "", format, args);
	va_end(args);
}

bool log_limit_pass(struct log_limit *l, clock_boot_t now, uint64_t *ret_skipped)
{
	uint64_t free_ns = atomic_load_explicit(&l->free_ns, memory_order_relaxed);

	if (now.ns < free_ns ||
	    !atomic_compare_exchange_strong_explicit(&l->free_ns, &free_ns, now.ns + LOG_LIMIT_NS,
						     memory_order_relaxed, memory_order_relaxed)) {
		atomic_fetch_add_explicit(&l->skipped, 1, memory_order_relaxed);
		return false;
	}
	*ret_skipped = atomic_exchange_explicit(&l->skipped, 0, memory_order_relaxed);
	return true;
}

void log_write_limited(struct log_limit *l, enum log_level level, const char *format, ...)
{
	char suffix[64] = "";
	uint64_t skipped;
	va_list args;

	if (level < config.least || !log_limit_pass(l, clock_boot(), &skipped))
		return;
	if (skipped)
		snprintf(suffix, sizeof(suffix), " (and %" PRIu64 " more like it)", skipped);
	va_start(args, format);
	vwrite(level, suffix, format, args);
	va_end(args);
}

void log_err(enum log_level level, const struct err *e, const char *consequence)
{
	const char *cause = e->cause[0] ? e->cause : strerror(-e->code);

	log_write(level, "%s (%s)%s%s%s%s", e->what, cause, e->fix[0] ? "; " : "", e->fix,
		  consequence && consequence[0] ? ", " : "", consequence ? consequence : "");
}
