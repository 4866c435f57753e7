/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aggregator/hpa_value.h"

#define PERCENTAGE "targetCPUUtilizationPercentage"

static json_t *scalar(const struct yaml_node *n)
{
	char *end;
	long long value;

	if (hpa_value_is_null(n))
		return json_null();
	errno = 0;
	value = strtoll(n->text, &end, 10);
	if (!n->quoted && !*end && !errno)
		return json_integer(value);
	if (!n->quoted && (!strcasecmp(n->text, "true") || !strcasecmp(n->text, "false")))
		return json_boolean(!strcasecmp(n->text, "true"));
	return json_string(n->text);
}

/* No deeper than YAML_MAX_DEPTH. NULL: a part of it cannot be told. */
static json_t *node(const struct yaml_node *n)
{
	json_t *all = n->kind == YAML_MAPPING ? json_object() : json_array();
	int r = 0;

	if (n->kind == YAML_SCALAR) {
		json_decref(all);
		return scalar(n);
	}
	for (const struct yaml_node *c = n->child; c && r == 0; c = c->next)
		r = n->kind == YAML_MAPPING ? json_object_set_new(all, c->key, node(c))
					    : json_array_append_new(all, node(c));
	if (r == 0)
		return all;
	json_decref(all);
	return NULL;
}

static char *dumped(json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

char *hpa_json_of(const struct yaml_node *spec)
{
	return dumped(node(spec));
}

char *hpa_json_of_v1(const struct yaml_node *spec)
{
	const struct yaml_node *percent = yaml_get(spec, PERCENTAGE);
	json_t *o = node(spec), *value = percent ? node(percent) : NULL;

	json_object_del(o, PERCENTAGE);
	if (value && !json_is_null(value))
		json_object_set_new(o, "metrics",
				    json_pack("[{s:s, s:{s:s, s:{s:s, s:O}}}]", "type", "Resource", "resource", "name",
					      "cpu", "target", "type", "Utilization", "averageUtilization", value));
	json_decref(value);
	return dumped(o);
}

static const struct yaml_node *nth(const struct yaml_node *list, unsigned long n)
{
	const struct yaml_node *c = list->kind == YAML_SEQUENCE ? list->child : NULL;

	while (c && n--)
		c = c->next;
	return c;
}

static const struct yaml_node *child(const struct yaml_node *in, const char *name, size_t n)
{
	const struct yaml_node *c = in->kind == YAML_MAPPING ? in->child : NULL;

	while (c && (strlen(c->key) != n || strncmp(c->key, name, n) != 0))
		c = c->next;
	return c;
}

const struct yaml_node *hpa_json_field(const struct yaml_node *root, const char *field)
{
	const struct yaml_node *at = root, *next;

	while (*field) {
		size_t n = strcspn(field, ".[");
		char *end = (char *)(uintptr_t)field + n;

		next = *field == '[' ? nth(at, strtoul(field + 1, &end, 10)) : child(at, field, n);
		if (!next)
			return at;
		at = next;
		field = end + (*end == ']' || *end == '.');
		field += *field == '.';
	}
	return at;
}
