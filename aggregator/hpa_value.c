/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aggregator/fields.h"
#include "decide/quantity_parse.h"

int hpa_value_none(const struct hpa_reader *r, const struct yaml_node *at, const char *cause)
{
	return fields_no_value(&(struct fields){r->doc, r->e}, at, at->key ? at->key : "entry", cause);
}

bool hpa_value_is_null(const struct yaml_node *n)
{
	return n->kind == YAML_SCALAR && !n->quoted &&
	       (!*n->text || !strcmp(n->text, "~") || !strcasecmp(n->text, "null"));
}

/* What YAML takes for a number or a truth value is none. */
bool hpa_value_is_text(const struct yaml_node *n)
{
	char *end;

	if (n->kind != YAML_SCALAR || n->quoted)
		return n->kind == YAML_SCALAR;
	strtod(n->text, &end);
	return (*end || strpbrk(n->text, "0123456789") == NULL) && strcasecmp(n->text, "true") != 0 &&
	       strcasecmp(n->text, "false") != 0;
}

const struct yaml_node *hpa_value_get(const struct yaml_node *in, const char *key)
{
	const struct yaml_node *n = yaml_get(in, key);

	return n && !hpa_value_is_null(n) ? n : NULL;
}

int hpa_value_text(const struct hpa_reader *r, const struct yaml_node *in, const char *key, const char **ret)
{
	const struct yaml_node *n = hpa_value_get(in, key);

	if (n && !hpa_value_is_text(n))
		return hpa_value_none(r, n, "it is a text: put it in quotes if it looks like something else");
	if (n)
		*ret = n->text;
	return 0;
}

int hpa_value_int(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		   struct hpa_object_int *ret)
{
	const struct yaml_node *n = hpa_value_get(in, key);
	long long value = 0;
	char *end = "";

	if (!n)
		return 0;
	errno = 0;
	if (n->kind == YAML_SCALAR)
		value = strtoll(n->text, &end, 10);
	if (n->kind != YAML_SCALAR || n->quoted || *end || errno || !strpbrk(n->text, "0123456789") ||
	    value < INT32_MIN || value > INT32_MAX)
		return hpa_value_none(r, n, "it is a whole number from -2147483648 to 2147483647, without quotes");
	*ret = (struct hpa_object_int){true, (int32_t)value};
	return 0;
}

/* As Kubernetes' JSON has it: white space around it does not count. */
int hpa_value_quantity(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
			struct hpa_object_quantity *ret)
{
	const struct yaml_node *n = hpa_value_get(in, key);
	const char *start, *end;
	int code;

	if (!n)
		return 0;
	if (n->kind != YAML_SCALAR)
		return hpa_value_none(r, n, "it is a quantity");
	start = n->text + strspn(n->text, " \t\r\n");
	end = start + strlen(start);
	while (end > start && strchr(" \t\r\n", end[-1]))
		end--;
	code = quantity_parse(start, (size_t)(end - start), &ret->quantity);
	if (code < 0)
		return hpa_value_none(r, n, quantity_parse_error(code));
	ret->set = true;
	ret->text = start;
	if (*end) /* printed without what is behind it */
		ret->text = memcpy(hpa_read_block(r->to, 1, (size_t)(end - start)), start, (size_t)(end - start));
	return 0;
}

int hpa_value_mapping(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		       const char *const *names, size_t n, const struct yaml_node **ret)
{
	*ret = hpa_value_get(in, key);
	if (*ret && (*ret)->kind != YAML_MAPPING)
		return hpa_value_none(r, *ret, "fields are expected here");
	return *ret && r->strict ? yaml_known(r->doc, *ret, names, n, r->e) : 0;
}

int hpa_value_list(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		    const struct yaml_node **ret, size_t *ret_n)
{
	const struct yaml_node *list = hpa_value_get(in, key);

	*ret = list && list->kind == YAML_SEQUENCE ? list->child : NULL;
	*ret_n = 0;
	if (list && list->kind != YAML_SEQUENCE)
		return hpa_value_none(r, list, "a list is expected here");
	for (const struct yaml_node *n = *ret; n; n = n->next)
		++*ret_n;
	return 0;
}

int hpa_value_entry(const struct hpa_reader *r, const struct yaml_node *n, const char *const *names,
		       size_t n_names)
{
	if (n->kind != YAML_MAPPING)
		return hpa_value_is_null(n) ? 0 : hpa_value_none(r, n, "fields are expected here");
	return r->strict ? yaml_known(r->doc, n, names, n_names, r->e) : 0;
}
