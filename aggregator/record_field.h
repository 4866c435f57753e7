/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as JSON by tables: one integer or boolean of a struct a line; its size tells which. The same table
 * writes, reads and compares. A later one is not in the records of earlier versions, which decided as with 0.
 * Integers stand in the unit of their name; null stands for "never" (UINT64_MAX). Pure.
 */
#ifndef AGGREGATOR_RECORD_FIELD_H
#define AGGREGATOR_RECORD_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct record_field {
	const char *key;
	size_t offset, size;
	bool later;
};

#define RECORD_FIELD(type, member, key) {key, offsetof(type, member), sizeof(((type *)0)->member), false}
#define RECORD_LATER(type, member, key) {key, offsetof(type, member), sizeof(((type *)0)->member), true}
#define RECORD_COUNT(table) (sizeof(table) / sizeof((table)[0]))

json_t *record_field_all_json(const struct record_field *f, size_t n, const void *of);
/* A "?" for each byte that is no UTF-8. */
json_t *record_field_text_json(const char *s);

/* A record of that kind; *ret is the caller's also when it is of another one. -EBADMSG: no JSON, -EINVAL: another kind. */
int record_field_load(const char *json, const char *kind, json_t **ret, struct err *e);
/* -EINVAL: the value of a key is none. */
int record_field_wrong(struct err *e, const char *key, const char *why);
/* Into the struct that the table is about; absent later ones stay as they are. */
int record_field_read(const struct record_field *f, size_t n, const json_t *o, void *to, struct err *e);
int record_field_text(const json_t *o, const char *key, char *to, size_t size, struct err *e);
/* The array `key` of `o`, of at most `most` entries; NULL: it is not. */
const json_t *record_field_array(const json_t *o, const char *key, size_t most, struct err *e);
bool record_field_same(const struct record_field *f, size_t n, const void *a, const void *b);

#endif
