/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/fields.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "decide/quantity_parse.h"

int fields_complain(const struct fields *f, const struct yaml_node *at, const char *what, const char *cause)
{
	yaml_err(f->doc, at ? at : f->doc->root, f->e, -EINVAL, "%s", what);
	return err_cause(f->e, "%s", cause);
}

int fields_no_value(const struct fields *f, const struct yaml_node *at, const char *key, const char *cause)
{
	yaml_err(f->doc, at, f->e, -EINVAL, "%s: %.40s is no value for it", key,
		 at->kind == YAML_SCALAR ? at->text : at->kind == YAML_MAPPING ? "a mapping" : "a list");
	return err_cause(f->e, "%s", cause);
}

char *fields_where(const struct yaml_doc *doc, const struct yaml_node *at)
{
	return mem_printf("%s:%u:%u", doc->file, at->line, at->column);
}

const char *fields_peek(const struct yaml_node *in, const char *key)
{
	const struct yaml_node *n = yaml_get(in, key);

	return n && n->kind == YAML_SCALAR && *n->text ? n->text : NULL;
}

int fields_text(const struct fields *f, const struct yaml_node *in, const char *key, const struct yaml_node **ret)
{
	*ret = yaml_get(in, key);
	if (!*ret || ((*ret)->kind == YAML_SCALAR && *(*ret)->text))
		return 0;
	yaml_err(f->doc, *ret, f->e, -EINVAL, "%s has no value", key);
	return err_cause(f->e, "one word or text is expected here");
}

int fields_need_text(const struct fields *f, const struct yaml_node *in, const char *key,
		     const struct yaml_node **ret)
{
	int code = fields_text(f, in, key, ret);

	if (code < 0 || *ret)
		return code;
	yaml_err(f->doc, in, f->e, -EINVAL, "%s is missing", key);
	return err_cause(f->e, "nothing else could stand for it");
}

static int no_such_word(const struct fields *f, const struct yaml_node *at, const char *key,
			const char *const *words, size_t n)
{
	const char *near = at->kind == YAML_SCALAR ? err_nearest(at->text, words, n) : NULL;
	char all[256];
	size_t used = 0;

	for (size_t i = 0; i < n && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ",
					 words[i]);
	fields_no_value(f, at, key, "");
	err_cause(f->e, "it is %s", all);
	return near ? err_fix(f->e, "did you mean %s?", near) : -EINVAL;
}

int fields_word(const struct fields *f, const struct yaml_node *in, const char *key, const char *const *words,
		size_t n, const char **ret)
{
	const char *text = fields_peek(in, key);

	if (!yaml_get(in, key))
		return 0;
	for (size_t i = 0; text && i < n; i++)
		if (!strcmp(text, words[i])) {
			*ret = words[i];
			return 0;
		}
	return no_such_word(f, yaml_get(in, key), key, words, n);
}

int fields_mapping(const struct fields *f, const struct yaml_node *in, const char *key, const char *const *names,
		   size_t n, const struct yaml_node **ret)
{
	*ret = yaml_get(in, key);
	return *ret ? yaml_known(f->doc, *ret, names, n, f->e) : 0;
}

int fields_integer(const struct fields *f, const struct yaml_node *in, const char *key, uint64_t least,
		   uint64_t most, uint64_t *ret)
{
	const struct yaml_node *n;
	char *end;
	int code = fields_text(f, in, key, &n);
	unsigned long long value;

	if (code < 0 || !n)
		return code;
	errno = 0;
	value = strtoull(n->text, &end, 10);
	if (!isdigit((unsigned char)*n->text) || *end || errno || value < least || value > most) {
		fields_no_value(f, n, key, "");
		return err_cause(f->e, "it is a whole number from %llu to %llu", (unsigned long long)least,
				 (unsigned long long)most);
	}
	*ret = value;
	return 0;
}

int fields_seconds(const struct fields *f, const struct yaml_node *in, const char *key, uint64_t least_s,
		   uint64_t most_s, uint64_t *ret_ns)
{
	uint64_t s = *ret_ns / CLOCK_NS_PER_S;
	int code = fields_integer(f, in, key, least_s, most_s, &s);

	*ret_ns = s * CLOCK_NS_PER_S;
	return code;
}

int fields_amount(const struct fields *f, const struct yaml_node *in, const char *key, struct quantity *ret,
		  bool *ret_there)
{
	const struct yaml_node *n = yaml_get(in, key);
	struct quantity q;

	*ret_there = n != NULL;
	if (!n)
		return 0;
	if (n->kind != YAML_SCALAR || quantity_parse(n->text, strlen(n->text), &q) < 0 || quantity_sign(&q) < 0)
		return fields_no_value(f, n, key, "it is a quantity such as 250m, 0.5 or 64Mi");
	*ret = q;
	return 0;
}
