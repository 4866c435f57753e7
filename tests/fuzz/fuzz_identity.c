/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup paths: any bytes. The row a path belongs to must be a directory of it and call itself so;
 * what goes on the wire must be UTF-8 without controls, and tell every byte of the path. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/identity.h"
#include "base/obj.h"
#include "base/unicode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void row_agrees(char *path, const struct identity *id)
{
	struct identity own;

	must(id->row_length <= strlen(path));
	must(path[id->row_length] == '\0' || path[id->row_length] == '/');
	path[id->row_length] = '\0';
	identity_parse(path, &own);
	must(own.kind == id->kind && own.row_length == id->row_length);
	must(strcmp(own.name, id->name) == 0 && strcmp(own.pod_uid, id->pod_uid) == 0);
}

static void is_text(const char *text)
{
	uint32_t code;

	for (size_t n; *text; text += n) {
		n = unicode_next(text, &code);
		must(n > 0 && code >= 0x20 && code != 0x7f);
	}
}

/* As a reader would turn "\377" back into a byte. */
static void read_back(const char *text, char *bytes)
{
	unsigned byte;

	for (; *text; bytes++) {
		bool escaped = text[0] == '\\' && strspn(text + 1, "01234567") >= 3 && text[1] <= '3';

		if (escaped) {
			(void)sscanf(text + 1, "%3o", &byte);
			text += 3;
		}
		*bytes = escaped ? (char)byte : *text;
		text++;
	}
	*bytes = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = malloc(size + 1), *text, *again;
	struct identity id;

	memcpy(path, data, size);
	path[size] = '\0';
	text = identity_text(path);
	again = malloc(strlen(text) + 1);
	is_text(text);
	read_back(text, again);
	must(strcmp(path, again) == 0);
	identity_parse(path, &id);
	row_agrees(path, &id);
	free(again);
	free(text);
	free(path);
	return 0;
}
