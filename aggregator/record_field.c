/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/record_field.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/scope.h"
#include "base/unicode.h"

static json_t *field_json(const struct record_field *f, const void *of)
{
	const void *at = (const char *)of + f->offset;
	uint64_t value;

	if (f->size == sizeof(bool))
		return json_boolean(*(const bool *)at);
	value = f->size == sizeof(uint32_t) ? *(const uint32_t *)at : *(const uint64_t *)at;
	return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

json_t *record_field_all_json(const struct record_field *f, size_t n, const void *of)
{
	json_t *o = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(o, f[i].key, field_json(&f[i], of));
	return o;
}

json_t *record_field_text_json(const char *s)
{
	scoped(freep) char *copy = mem_strdup(s);
	uint32_t code;

	for (char *c = copy; *c;) {
		size_t n = unicode_next(c, &code);

		if (!n)
			*c = '?';
		c += n ? n : 1;
	}
	return json_string(copy);
}

int record_field_load(const char *json, const char *kind, json_t **ret, struct err *e)
{
	json_error_t why;
	const char *its;

	*ret = json_loads(json, JSON_REJECT_DUPLICATES, &why);
	if (!*ret) {
		err_set(e, -EBADMSG, "this is no JSON");
		err_cause(e, "line %d, column %d: %s", why.line, why.column, why.text);
		return -EBADMSG;
	}
	its = json_string_value(json_object_get(*ret, "kind"));
	if (its && !strcmp(its, kind))
		return 0;
	record_field_wrong(e, "kind", "");
	err_cause(e, "\"kind\" is not %s", kind);
	return -EINVAL;
}

int record_field_wrong(struct err *e, const char *key, const char *why)
{
	err_set(e, -EINVAL, "this is no record of a decision");
	return err_cause(e, "\"%s\" %s", key, why);
}

static int read_number(const struct record_field *f, const json_t *j, void *to, struct err *e)
{
	uint64_t value = json_is_null(j) ? UINT64_MAX : (uint64_t)json_integer_value(j);

	if (!json_is_integer(j) && !(json_is_null(j) && f->size == sizeof(uint64_t)))
		return record_field_wrong(e, f->key, "is missing or no integer");
	if (json_is_integer(j) && json_integer_value(j) < 0)
		return record_field_wrong(e, f->key, "is negative");
	if (f->size == sizeof(uint32_t) && value > UINT32_MAX)
		return record_field_wrong(e, f->key, "is too large");
	if (f->size == sizeof(uint32_t))
		*(uint32_t *)to = (uint32_t)value;
	else
		*(uint64_t *)to = value;
	return 0;
}

int record_field_read(const struct record_field *f, size_t n, const json_t *o, void *to, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *j = json_object_get(o, f[i].key);
		void *at = (char *)to + f[i].offset;
		int r = 0;

		if (!j && f[i].later)
			continue;
		if (f[i].size != sizeof(bool))
			r = read_number(&f[i], j, at, e);
		else if (json_is_boolean(j))
			*(bool *)at = json_is_true(j);
		else
			r = record_field_wrong(e, f[i].key, "is missing or neither true nor false");
		if (r < 0)
			return r;
	}
	return 0;
}

int record_field_text(const json_t *o, const char *key, char *to, size_t size, struct err *e)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (!text || strlen(text) >= size)
		return record_field_wrong(e, key, "is missing, no text or too long");
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

const json_t *record_field_array(const json_t *o, const char *key, size_t most, struct err *e)
{
	const json_t *a = json_object_get(o, key);

	if (json_is_array(a) && json_array_size(a) <= most)
		return a;
	(void)record_field_wrong(e, key, "is missing, no list or too long");
	return NULL;
}

bool record_field_same(const struct record_field *f, size_t n, const void *a, const void *b)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp((const char *)a + f[i].offset, (const char *)b + f[i].offset, f[i].size))
			return false;
	return true;
}
