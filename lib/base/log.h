/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line a happening, on stderr, as text ("12:00:01.123Z warn  program: text") or as JSON (one object
 * a line with time, level, program, message). What peers have a say in cannot break out of its line. Only daemons log; lib/ and decide/ return errors instead.
 * Any thread may call it; it blocks as long as stderr does.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_init(const char *program, enum log_level least, bool json);
int log_level_parse(const char *word, enum log_level *ret_level); /* 0 or -EINVAL */
void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* An error with its cause and fix in one line, then the consequence ("…, skipping this pod"). */
void log_err(enum log_level level, const struct err *e, const char *consequence);

/* For what may happen thousands of times a second: one line each LOG_LIMIT_NS, with the number of
 * those left out. One zeroed log_limit a kind of happening; count each in a metric as well. */
#define LOG_LIMIT_NS (10 * CLOCK_NS_PER_S)
struct log_limit {
	_Atomic uint64_t free_ns, skipped;
};
void log_write_limited(struct log_limit *l, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool log_limit_pass(struct log_limit *l, clock_boot_t now, uint64_t *ret_skipped);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
