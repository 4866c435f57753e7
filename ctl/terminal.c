/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/text.h"

#define COLUMNS_MOST 10000 /* what says more is a mistake, or means "do not cut" */

int terminal_columns(int fd)
{
	const char *variable = getenv("COLUMNS");
	long columns = variable ? strtol(variable, NULL, 10) : 0;
	struct winsize size = {0};

	if (!isatty(fd))
		return 0;
	if (columns <= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	return columns <= COLUMNS_MOST ? (int)columns : 0;
}

void terminal_print(const char *lines, FILE *to)
{
	scoped(buf_done) struct buf wrapped = {0};

	text_wrap(lines, terminal_columns(fileno(to)), &wrapped);
	fputs(buf_text(&wrapped), to);
}

void terminal_print_painted(const char *lines, size_t n, const struct paint_style *s, enum paint p, FILE *to)
{
	scoped(buf_done) struct buf wrapped = {0};

	text_wrap(lines, terminal_columns(fileno(to)), &wrapped);
	fprintf(to, "%s%.*s%s", paint_on(s, p), (int)n, buf_text(&wrapped), paint_off(s));
	fputs(buf_text(&wrapped) + (n < wrapped.size ? n : wrapped.size), to);
}
