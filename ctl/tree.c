/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/tree.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"
#include "base/unicode.h"

#define SMALLEST_GRAIN 1e15 /* what is below is rounding of the machine's */
#define DIGITS	   15 /* of a number: what a double holds for sure */
#define ALL_DIGITS 17 /* what tells each of them from all others */

/* As few as are read back as the same. */
static int digits_of(double value)
{
	char text[32];
	int digits = DIGITS - 1;

	do
		snprintf(text, sizeof(text), "%.*g", ++digits, value);
	while (digits < ALL_DIGITS && strtod(text, NULL) != value);
	return digits;
}

json_t *tree_string(const char *s)
{
	scoped(buf_done) struct buf valid = {0};

	while (s && *s) {
		uint32_t code;
		size_t n = unicode_next(s, &code);

		buf_add(&valid, n ? s : "\xef\xbf\xbd", n ? n : 3);
		s += n ? n : 1;
	}
	return json_string(buf_text(&valid));
}

json_t *tree_text(const char *s)
{
	return *s ? tree_string(s) : json_null();
}

/* Six places after the point, and of what is small as many as show six digits. */
static double grain_of(double value)
{
	double grain = 1e6;

	for (value = fabs(value); value > 0 && value < 0.1 && grain < SMALLEST_GRAIN; value *= 10)
		grain *= 10;
	return grain;
}

json_t *tree_number(bool known, double value)
{
	double grain;

	if (!known || !isfinite(value))
		return json_null();
	grain = grain_of(value);
	value = round(value * grain) / grain;
	if (value == floor(value) && fabs(value) < 9e15)
		return json_integer((json_int_t)value);
	return json_real(value);
}

json_t *tree_seconds(bool known, uint64_t ns)
{
	return tree_number(known && ns != UINT64_MAX, clock_seconds(ns));
}

json_t *tree_time(uint64_t unix_ns)
{
	char text[32];

	if (!unix_ns)
		return json_null();
	clock_format((clock_wall_t){unix_ns}, text, sizeof(text));
	return json_string(text);
}

json_t *tree_object(const char *kind)
{
	json_t *o = json_pack("{s:s, s:s}", "apiVersion", TREE_API, "kind", kind);

	must(o);
	return o;
}

json_t *tree_list(const char *kind, json_t *items)
{
	json_t *list = tree_object(kind);

	json_object_set_new(list, "items", items);
	return list;
}

void tree_freep(json_t **t)
{
	json_decref(*t);
}

/* YAML: block style, strings plain where no reader could take them for something else. */

static bool is_word_of_yaml(const char *s)
{
	static const char *const words[] = {"true", "false", "null", "yes", "no",
					    "on",   "off",   "y",    "n"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i], s) == 0)
			return true;
	return false;
}

static bool is_plain(const char *s)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
	bool start = isalpha((unsigned char)s[0]) || s[0] == '/';

	return start && s[strspn(s, allowed)] == '\0' && !is_word_of_yaml(s);
}

/* Printable for sure: neither controls nor what turns or breaks lines. */
static bool is_printable(uint32_t code)
{
	return code >= 0x20 && code != 0x7f && !(code >= 0x80 && code < 0xa0) &&
	       !(code >= 0x2000 && code < 0x2070) && code < 0xe000;
}

static void yaml_string(const char *s, FILE *to)
{
	uint32_t code;

	if (is_plain(s)) {
		fputs(s, to);
		return;
	}
	fputc('"', to);
	for (size_t n; (n = unicode_next(s, &code)); s += n) {
		if (code == '"' || code == '\\')
			fprintf(to, "\\%c", (char)code);
		else if (code == '\n')
			fputs("\\n", to);
		else if (is_printable(code))
			fprintf(to, "%.*s", (int)n, s);
		else
			fprintf(to, "\\U%08X", code);
	}
	fputc('"', to);
}

static void yaml_scalar(const json_t *v, FILE *to)
{
	if (json_is_string(v))
		yaml_string(json_string_value(v), to);
	else if (json_is_real(v))
		fprintf(to, "%.*g", digits_of(json_real_value(v)), json_real_value(v));
	else if (json_is_integer(v))
		fprintf(to, "%lld", (long long)json_integer_value(v));
	else if (json_is_object(v))
		fputs("{}", to);
	else if (json_is_array(v))
		fputs("[]", to);
	else
		fputs(json_is_true(v) ? "true" : json_is_false(v) ? "false" : "null", to);
	fputc('\n', to);
}

static bool has_children(const json_t *v)
{
	return json_object_size(v) > 0 || json_array_size(v) > 0;
}

static void yaml_node(const json_t *v, int indent, bool indented, FILE *to);

static void yaml_child(const json_t *v, int indent, FILE *to)
{
	if (has_children(v)) {
		fputc('\n', to);
		yaml_node(v, indent, false, to);
	} else {
		fputc(' ', to);
		yaml_scalar(v, to);
	}
}

static void yaml_mapping(const json_t *v, int indent, bool indented, FILE *to)
{
	const char *key;
	json_t *child;

	json_object_foreach((json_t *)(uintptr_t)v, key, child)
	{
		fprintf(to, "%*s", indented ? 0 : indent, "");
		yaml_string(key, to);
		fputc(':', to);
		yaml_child(child, indent + (json_is_array(child) ? 0 : 2), to);
		indented = false;
	}
}

static void yaml_sequence(const json_t *v, int indent, bool indented, FILE *to)
{
	json_t *child;
	size_t i;

	json_array_foreach(v, i, child)
	{
		fprintf(to, "%*s- ", indented ? 0 : indent, "");
		yaml_node(child, indent + 2, true, to);
		indented = false;
	}
}

/* `indented`: the cursor already stands where the first line begins. */
static void yaml_node(const json_t *v, int indent, bool indented, FILE *to)
{
	if (json_object_size(v))
		yaml_mapping(v, indent, indented, to);
	else if (json_array_size(v))
		yaml_sequence(v, indent, indented, to);
	else
		yaml_scalar(v, to);
}

static void json_print(const json_t *tree, size_t layout, int digits, FILE *to)
{
	json_dumpf(tree, to, layout | JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION((size_t)digits));
	fputc('\n', to);
}

void tree_print(const json_t *tree, bool yaml, bool stream, FILE *to)
{
	size_t layout = stream ? JSON_COMPACT : JSON_INDENT(2);

	if (yaml) {
		fputs(stream ? "---\n" : "", to);
		yaml_node(tree, 0, true, to);
		return;
	}
	json_print(tree, layout, DIGITS, to);
}

/* The JSON library takes one number of digits for all. */
static void need_digits(json_t *v, int *most)
{
	int digits = json_is_real(v) ? digits_of(json_real_value(v)) : 0;
	const char *key;
	size_t i;
	json_t *child;

	if (digits > *most)
		*most = digits;
	json_object_foreach (v, key, child)
		need_digits(child, most);
	json_array_foreach (v, i, child)
		need_digits(child, most);
}

void tree_print_exact(json_t *tree, FILE *to)
{
	int digits = DIGITS;

	need_digits(tree, &digits);
	json_print(tree, JSON_INDENT(2), digits, to);
}
