/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line a happening, on stderr, as text ("12:00:01.123 warn  text") or as JSON (one object a line
 * with time, level, program, message). Only daemons log; lib/ and decide/ return errors instead.
 * Any thread may call it; it blocks as long as stderr does.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_init(const char *program, enum log_level least, bool json);
int log_level_parse(const char *word, enum log_level *ret_level); /* 0 or -EINVAL */
void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* An error with its cause and fix in one line, then the consequence ("…, skipping this pod"). */
void log_err(enum log_level level, const struct err *e, const char *consequence);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
