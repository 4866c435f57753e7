/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/takes.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define STREAM "watch:"
#define LIST   "once:"

struct word { /* "watch:sort=name|cpu", into the list */
	bool stream, once;
	const char *values; /* NULL: any */
	size_t n_values;
};

static bool skip(const char **at, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*at, prefix, n) != 0)
		return false;
	*at += n;
	return true;
}

static bool find(const char *list, const char *key, struct word *ret)
{
	size_t n = strlen(key);

	while (*(list += strspn(list, " "))) {
		const char *end = list + strcspn(list, " ");
		struct word w = {.stream = skip(&list, STREAM), .once = skip(&list, LIST)};
		size_t name = strcspn(list, " =");

		if (list[name] == '=') {
			w.values = list + name + 1;
			w.n_values = (size_t)(end - w.values);
		}
		if (name == n && strncmp(list, key, n) == 0) {
			*ret = w;
			return true;
		}
		list = end;
	}
	return false;
}

bool takes_has(const char *list, const char *key)
{
	struct word w;

	return find(list, key, &w);
}

static bool has_value(const struct word *w, const char *value)
{
	const char *at = w->values, *end = w->values + w->n_values;
	size_t n = strlen(value);

	for (; at < end; at += strcspn(at, "| ") + 1)
		if (strcspn(at, "| ") == n && strncmp(at, value, n) == 0)
			return true;
	return false;
}

static int wrong_value(const struct word *w, const struct takes_flag *f, struct err *e)
{
	err_set(e, -EINVAL, "--%s %.40s: not for \"plimsoll %s\"", f->key, f->value, f->command);
	err_cause(e, "it knows %.*s", (int)w->n_values, w->values);
	return err_fix(e, "use one of these");
}

static int only_in_a_stream(const struct takes_flag *f, struct err *e)
{
	err_set(e, -EINVAL, "--%s: nothing without --watch", f->key);
	err_cause(e, "\"plimsoll %s\" answers once", f->command);
	return err_fix(e, "add --watch, or leave it out");
}

static int never_in_a_stream(const struct takes_flag *f, struct err *e)
{
	err_set(e, -EINVAL, "--%s: nothing in a stream", f->key);
	err_cause(e, "a stream begins with what comes next");
	return err_fix(e, "leave it out, or ask once, without watch");
}

int takes_check(const char *list, const struct takes_flag *f, struct err *e)
{
	struct word w;

	if (!find(list, f->key, &w))
		return 0;
	if (w.values && f->value && !has_value(&w, f->value))
		return wrong_value(&w, f, e);
	if (w.stream && !f->stream)
		return only_in_a_stream(f, e);
	return w.once && f->stream ? never_in_a_stream(f, e) : 0;
}
