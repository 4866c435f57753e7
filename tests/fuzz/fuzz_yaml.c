/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options from YAML, through a table with every type. What is accepted must come out of opt_show() as
 * YAML that gives the same options; what is refused must have a text.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/obj.h"
#include "base/scope.h"
#include "conf/conf.h"

struct options {
	char *text, *choice;
	bool flag;
	int64_t count;
	uint64_t interval, room;
	struct opt_list list;
};

#define ROW(type, field, fallback, min, max, unit) \
	{ type, #field, 0, offsetof(struct options, field), fallback, min, max, unit, "" }
static const struct opt_desc rows[] = {
	ROW(OPT_STRING, text, "", 0, 0, ""),
	ROW(OPT_CHOICE, choice, "json", 0, 0, "text|json"),
	ROW(OPT_BOOL, flag, "false", 0, 0, ""),
	ROW(OPT_INT, count, "7", -10, 1000, ""),
	ROW(OPT_DURATION, interval, "1s", 0, 0, ""),
	ROW(OPT_BYTES, room, "64Ki", 0, 0, ""),
	ROW(OPT_LIST, list, "", 0, 0, ""),
};
static const struct opt_table table = {
	"fuzz", "", "", rows, sizeof(rows) / sizeof(rows[0]), 1,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The options of a text as opt_show() writes them, in *ret_shown. */
static int options_of(const char *text, size_t size, struct buf *ret_shown, struct err *e)
{
	scoped(yaml_freep) struct yaml_doc *doc = NULL;
	struct opt_origins origins;
	struct options o;
	int error = yaml_parse("fuzz.yaml", text, size, &doc, e);

	if (error)
		return error;
	must(opt_init(&table, &o, &origins) == 0);
	error = conf_apply(&table, &o, &origins, doc, e);
	memset(origins.where, 0, sizeof(origins.where)); /* the places will differ */
	if (!error)
		opt_show(&table, &o, &origins, ret_shown);
	opt_done(&table, &o);
	return error;
}

static size_t with_something(const struct yaml_doc *d)
{
	size_t n = 0;

	for (; d; d = d->next)
		n += d->root != NULL;
	return n;
}

/* One after the other they are those of the whole, if that is good. */
static void read_apart(const char *text, size_t size)
{
	scoped(yaml_freep) struct yaml_doc *whole = NULL;
	bool is_good = yaml_parse("fuzz.yaml", text, size, &whole, NULL) == 0;
	struct yaml_stream s;
	struct yaml_doc *d;
	struct err e;
	unsigned line;
	size_t n = 0;

	yaml_begin(&s, "fuzz.yaml", text, size);
	while (yaml_next(&s, &d, &line, &e)) {
		must(d || (!is_good && e.cause[0]));
		n += with_something(d);
		yaml_free(d);
	}
	must(!is_good || n == with_something(whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped(buf_done) struct buf once = { 0 }, twice = { 0 };
	struct err e = { 0 };

	read_apart((const char *)data, size);
	if (options_of((const char *)data, size, &once, &e)) {
		must(e.code < 0 && strncmp(e.what, "fuzz.yaml", 9) == 0 && e.cause[0] && e.fix[0]);
		return 0;
	}
	must(options_of(buf_text(&once), once.size, &twice, &e) == 0);
	must(strcmp(buf_text(&once), buf_text(&twice)) == 0);
	return 0;
}
