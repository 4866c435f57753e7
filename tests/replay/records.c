/* SPDX-License-Identifier: Apache-2.0 */
/* records FOLDER: decides again on every record in it (plimsoll explain ID -o json, its "record") and
 * wants the same verdict in every field. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/record.h"
#include "base/mem.h"

#define RECORD_BYTES (1u << 20) /* of a record in the folder */

static int is_record(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && !strcmp(dot, ".json");
}

static char *read_file(const char *path)
{
	scoped(fclosep) FILE *f = fopen(path, "re");
	char *text = mem_zero(RECORD_BYTES);

	if (!f || fread(text, 1, RECORD_BYTES - 1, f) == 0 || !feof(f))
		fprintf(stderr, "%s: cannot be read whole\n", path);
	return text;
}

static bool replays(const char *path)
{
	scoped(freep) char *text = read_file(path);
	scoped(record_freep) struct record *r = NULL;
	struct verdict again;
	struct err e;

	if (record_parse(text, &r, &e) < 0) {
		err_print(&e, path, stderr);
		return false;
	}
	if (record_replay(r, &again))
		return true;
	fprintf(stderr, "%s: was %u -> %u (%s), is now %u -> %u (%s)\n", path, r->verdict.from,
		r->verdict.to, verdict_word(r->verdict.reason), again.from, again.to,
		verdict_word(again.reason));
	return false;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	struct dirent **entry;
	int n = argc == 2 ? scandir(argv[1], &entry, is_record, alphasort) : -1;

	for (int i = 0; i < n; i++) {
		scoped(freep) char *path = mem_printf("%s/%s", argv[1], entry[i]->d_name);

		*(replays(path) ? &passed : &failed) += 1;
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	printf("%u passed, %u failed\n", passed, failed);
	return passed && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
