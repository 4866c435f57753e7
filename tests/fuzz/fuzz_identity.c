/* SPDX-License-Identifier: Apache-2.0 */
/* Cgroup paths: any bytes. The row a path belongs to must be a directory of it and call itself so;
 * what goes on the wire must be valid UTF-8, so that cleaning it twice changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/identity.h"
#include "base/obj.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = malloc(size + 1), *text, *again;
	struct identity id;

	memcpy(path, data, size);
	path[size] = '\0';
	text = identity_text(path);
	again = identity_text(text);
	must(strcmp(text, again) == 0);
	identity_parse(path, &id);
	row_agrees(path, &id);
	free(again);
	free(text);
	free(path);
	return 0;
}
