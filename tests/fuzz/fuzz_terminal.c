/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from a terminal and what goes to one: keys are taken out of any bytes to the last one;
 * any name becomes printable, stays so, and fits where it is put. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/obj.h"
#include "ctl/key.h"
#include "ctl/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_all_keys(const char *bytes, size_t n)
{
	struct key k;

	for (size_t at = 0; at < n;) {
		size_t early = key_parse(bytes + at, n - at, 0, &k);
		size_t taken = key_parse(bytes + at, n - at, 1, &k);

		must(early <= n - at && taken > 0 && taken <= n - at);
		must(early == 0 || early == taken);
		must(k.name != KEY_TEXT || strlen(k.text) == taken);
		at += taken;
	}
}

static void must_be_printable(const char *text)
{
	for (; *text; text++)
		must((unsigned char)*text >= 0x20 && *text != 0x7f);
}

/* But for blanks and the ends of lines. */
static void must_say_the_same(const char *a, const char *b)
{
	for (;; a++, b++) {
		a += strspn(a, " ");
		b += strspn(b, " \n");
		must(*a == *b);
		if (!*a)
			return;
	}
}

static void show(const char *text)
{
	struct buf once = {0}, twice = {0}, fit = {0}, wrapped = {0};

	text_safe(text, &once);
	text_safe(buf_text(&once), &twice);
	must_be_printable(buf_text(&once));
	must(strcmp(buf_text(&once), buf_text(&twice)) == 0);
	text_fit(buf_text(&once), 10, TEXT_END, &fit);
	must(text_width(buf_text(&fit)) == 10);
	text_fit(buf_text(&once), 10, TEXT_MIDDLE | TEXT_ASCII, &fit);
	must(text_width(buf_text(&fit)) == 20);
	text_wrap(buf_text(&once), 10, &wrapped);
	must_say_the_same(buf_text(&once), buf_text(&wrapped));
	buf_done(&once);
	buf_done(&twice);
	buf_done(&fit);
	buf_done(&wrapped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	take_all_keys(text, size);
	show(text);
	free(text);
	return 0;
}
