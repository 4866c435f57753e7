/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/scope.h"
#include "base/unicode.h"

#define REPLACEMENT "\xef\xbf\xbd"

struct range {
	uint32_t from, to;
};

static bool within(const struct range *r, size_t n, uint32_t code)
{
	for (size_t i = 0; i < n; i++)
		if (code >= r[i].from && code <= r[i].to)
			return true;
	return false;
}

#define WITHIN(ranges, code) within(ranges, sizeof(ranges) / sizeof((ranges)[0]), code)

/* Blocks of combining marks, and joiners. */
static const struct range narrow[] = {
	{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
	{0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
	{0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
};

/* East Asian Width W and F of UAX #11, by blocks. */
static const struct range broad[] = {
	{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97f},
	{0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
	{0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
	{0x20000, 0x3fffd},
};

/* Controls of ASCII and Latin 1, and what turns or breaks lines. */
static const struct range unsafe[] = {
	{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},
	{0x2028, 0x202e}, {0x2066, 0x2069}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static int width_of(uint32_t code)
{
	if (WITHIN(narrow, code))
		return 0;
	return WITHIN(broad, code) ? 2 : 1;
}

/* Of the first `bytes`. */
static int width_to(const char *text, size_t bytes)
{
	uint32_t code;
	int width = 0;

	for (size_t at = 0, n; at < bytes && (n = unicode_next(text + at, &code)); at += n)
		width += width_of(code);
	return width;
}

int text_width(const char *text)
{
	return width_to(text, SIZE_MAX);
}

static void add_safe(const char *text, bool lines, struct buf *to)
{
	while (*text) {
		uint32_t code;
		size_t n = unicode_next(text, &code);

		if (n && ((lines && code == '\n') || !WITHIN(unsafe, code)))
			buf_add(to, text, n);
		else
			buf_add(to, REPLACEMENT, sizeof(REPLACEMENT) - 1);
		text += n ? n : 1;
	}
}

void text_safe(const char *text, struct buf *to)
{
	add_safe(text, false, to);
}

void text_safe_lines(const char *text, struct buf *to)
{
	add_safe(text, true, to);
}

/* Bytes of the longest beginning that takes at most `width` columns. */
static size_t beginning(const char *text, int width, int *ret_width)
{
	size_t bytes = 0;
	uint32_t code;

	*ret_width = 0;
	for (size_t n; (n = unicode_next(text + bytes, &code)); bytes += n) {
		if (*ret_width + width_of(code) > width)
			break;
		*ret_width += width_of(code);
	}
	return bytes;
}

/* The longest end that takes at most `width` columns, and begins with no mark of what is cut off. */
static const char *ending(const char *text, int width)
{
	int skip = text_width(text) - width;
	uint32_t code;

	for (size_t n; (n = unicode_next(text, &code)) && (skip > 0 || !width_of(code)); text += n)
		skip -= width_of(code);
	return text;
}

static bool in_number(char c)
{
	return (c >= '0' && c <= '9') || c == '.';
}

/* A sentence is not cut within a number, which would be another one. */
static size_t sentence(const char *text, int width, int *ret_width)
{
	size_t n = beginning(text, width, ret_width);

	for (; n && in_number(text[n - 1]) && in_number(text[n]); n--)
		(*ret_width)--;
	return n;
}

/* The signs of our own, of one column each. */
static void add_ascii(const char *text, struct buf *to)
{
	static const struct {
		const char *sign, *ascii;
	} signs[] = {{"–", "-"}, {"→", ">"}};

	while (*text) {
		size_t i = 0, n = sizeof(signs) / sizeof(signs[0]);

		while (i < n && strncmp(text, signs[i].sign, strlen(signs[i].sign)) != 0)
			i++;
		buf_add(to, i < n ? signs[i].ascii : text, 1);
		text += i < n ? strlen(signs[i].sign) : 1;
	}
}

void text_cut(const char *text, int width, enum text_how how, struct buf *to)
{
	const char *sign = how & TEXT_ASCII ? "..." : "…";
	scoped(buf_done) struct buf ascii = {0};
	int used, rest = width - text_width(sign);

	if (how & TEXT_ASCII) {
		add_ascii(text, &ascii);
		text = buf_text(&ascii);
	}
	if (text_width(text) <= width) {
		buf_printf(to, "%s", text);
		return;
	}
	if (rest < 0) {
		buf_add(to, sign, beginning(sign, width, &used));
		return;
	}
	if (how & TEXT_MIDDLE)
		buf_add(to, text, beginning(text, (rest + 1) / 2, &used));
	else
		buf_add(to, text, sentence(text, rest, &used));
	buf_printf(to, "%s%s", sign, how & TEXT_MIDDLE ? ending(text, rest - used) : "");
}

void text_fit(const char *text, int width, enum text_how how, struct buf *to)
{
	scoped(buf_done) struct buf cut = {0};
	int pad;

	text_cut(text, width, how, &cut);
	pad = width > 0 ? width - text_width(buf_text(&cut)) : 0;
	buf_printf(to, "%*s%s%*s", how & TEXT_RIGHT ? pad : 0, "", buf_text(&cut), how & TEXT_RIGHT ? 0 : pad, "");
}

size_t text_break(const char *line, int width, int hang)
{
	size_t blank = 0, gap = 0, n;
	int columns;

	n = beginning(line, width > 0 ? width : 1, &columns);
	if (!line[n])
		return n;
	for (size_t at = strspn(line, " "); at <= n; at++) {
		if (line[at] != ' ')
			continue;
		blank = at;
		if (line[at + 1] == ' ' && at > n / 2 && width_to(line, at) > hang)
			gap = at;
		at += strspn(line + at, " ") - 1;
	}
	if (gap || blank)
		return gap ? gap : blank;
	return n ? n : strlen(line);
}

/* Bytes to the first wide gap, the blank behind "fix:", or the end; *ret_words: it has several. */
static size_t cell_size(const char *cell, bool *ret_words)
{
	size_t n = strcspn(cell, " ");

	*ret_words = false;
	if (n && cell[n - 1] == ':')
		return n;
	for (; cell[n] && cell[n + 1] && cell[n + 1] != ' '; n += 1 + strcspn(cell + n + 1, " "))
		*ret_words = true;
	return n;
}

int text_hang(const char *line, int width)
{
	size_t indent = strspn(line, " "), hang = indent, most = width > 0 ? (size_t)width / 2 : 0;

	for (;;) {
		bool words;
		size_t next = hang + cell_size(line + hang, &words);

		next += strspn(line + next, " ");
		if ((words && hang > indent) || !line[next] || next > most)
			return hang <= most ? width_to(line, hang) : 0;
		hang = next;
	}
}

static void wrap_line(const char *line, int width, struct buf *to)
{
	int hang = text_hang(line, width), indent = 0, spare;

	do {
		size_t n = text_break(line, width - indent, indent ? 0 : hang), end;

		if (line[n] != ' ')
			n += strcspn(line + n, " ");
		for (end = n; end && line[end - 1] == ' ';)
			end--;
		spare = width - width_to(line, end); /* a long word begins further to the left */
		indent = spare < 0 ? 0 : spare < indent ? spare : indent;
		buf_printf(to, "%*s%.*s\n", end ? indent : 0, "", (int)end, line);
		line += n + strspn(line + n, " ");
		indent = hang;
	} while (*line);
}

void text_wrap(const char *lines, int width, struct buf *to)
{
	size_t n = strlen(lines);

	if (!width) {
		buf_printf(to, "%s%s", lines, n && lines[n - 1] != '\n' ? "\n" : "");
		return;
	}
	scoped(freep) char *copy = mem_strdup(lines);
	for (char *at = copy, *line; at && *at && (line = strsep(&at, "\n"));)
		wrap_line(line, width, to);
}
