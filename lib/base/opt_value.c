/* SPDX-License-Identifier: Apache-2.0 */
#include "base/opt_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/unicode.h"

struct unit {
	const char *name;
	uint64_t size;
};

/* Largest first: formatting takes the first that divides the value. */
static const struct unit durations[] = {
	{ "h", 3600000000000ull }, { "m", 60000000000ull }, { "s", 1000000000ull },
	{ "ms", 1000000ull },      { "us", 1000ull },       { "ns", 1ull },
};

/* Binary as Kubernetes writes them, and decimal ones. */
static const struct unit sizes[] = {
	{ "Ti", 1ull << 40 }, { "Gi", 1ull << 30 }, { "Mi", 1ull << 20 }, { "Ki", 1ull << 10 },
	{ "T", 1000000000000ull }, { "G", 1000000000ull }, { "M", 1000000ull }, { "k", 1000ull },
	{ "", 1ull },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct unit *unit_of(const struct unit *units, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(units[i].name, name) == 0)
			return &units[i];
	}
	return NULL;
}

/* Digits with at most 9 after a point, as whole and billionths. Returns what follows, or NULL. */
static const char *read_decimal(const char *text, uint64_t *ret_whole, uint64_t *ret_billionths)
{
	uint64_t whole = 0, part = 0, place = 1000000000;

	if (!isdigit((unsigned char)*text))
		return NULL;
	for (; isdigit((unsigned char)*text); text++) {
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*text - '0'), &whole))
			return NULL;
	}
	if (*text == '.') {
		if (!isdigit((unsigned char)*++text))
			return NULL;
		for (; isdigit((unsigned char)*text) && place > 1; text++) {
			place /= 10;
			part += (uint64_t)(*text - '0') * place;
		}
	}
	*ret_whole = whole;
	*ret_billionths = part;
	return text;
}

static int scale(uint64_t whole, uint64_t billionths, uint64_t unit, uint64_t *ret)
{
	uint64_t value;
	uint64_t part = (uint64_t)((unsigned __int128)billionths * unit / 1000000000u);

	if (__builtin_mul_overflow(whole, unit, &value) ||
	    __builtin_add_overflow(value, part, &value) || value > INT64_MAX)
		return -ERANGE; /* bounds are int64 */
	*ret = value;
	return 0;
}

int opt_duration(const char *text, uint64_t *ret_ns)
{
	uint64_t whole, part;
	const char *rest = read_decimal(text, &whole, &part);

	if (!rest)
		return -EINVAL;
	const struct unit *unit = unit_of(durations, COUNT(durations), rest);
	if (!unit && *rest == '\0' && !whole && !part)
		unit = &durations[0]; /* nothing is nothing in every unit */
	return unit ? scale(whole, part, unit->size, ret_ns) : -EINVAL;
}

int opt_bytes(const char *text, uint64_t *ret_bytes)
{
	uint64_t whole, part;
	const char *rest = read_decimal(text, &whole, &part);
	char name[4];

	if (!rest || strlen(rest) >= sizeof(name))
		return -EINVAL;
	strcpy(name, rest);
	size_t n = strlen(name);
	if (n && name[n - 1] == 'B')
		name[n - 1] = '\0';
	const struct unit *unit = unit_of(sizes, COUNT(sizes), name);
	return unit ? scale(whole, part, unit->size, ret_bytes) : -EINVAL;
}

static int parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*ret = i % 2;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_int(const char *text, int64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)*text) &&
	    !((*text == '-' || *text == '+') && isdigit((unsigned char)text[1])))
		return -EINVAL;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (*end)
		return -EINVAL;
	if (errno == ERANGE)
		return -ERANGE;
	*ret = n;
	return 0;
}

static bool is_choice(const char *choices, const char *text)
{
	size_t n = strlen(text);

	if (!n || strchr(text, '|'))
		return false;
	for (const char *at = choices; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, text, n) == 0 && (at[n] == '|' || at[n] == '\0'))
			return true;
	}
	return false;
}

static int parse_number(const struct opt_desc *d, const char *text, int64_t *ret)
{
	uint64_t n;
	int r;

	if (d->type == OPT_INT)
		return parse_int(text, ret);
	r = d->type == OPT_DURATION ? opt_duration(text, &n) : opt_bytes(text, &n);
	if (!r)
		*ret = (int64_t)n;
	return r;
}

static int check_number(const struct opt_desc *d, const char *text, struct buf *ret_why)
{
	int64_t n;
	int r = parse_number(d, text, &n);

	if (r == -EINVAL) {
		buf_printf(ret_why, "\"%.80s\" is no %s", text,
			   d->type == OPT_INT ? "whole number" :
			   d->type == OPT_DURATION ? "duration" : "size");
	} else if (r || ((d->min || d->max) && (n < d->min || n > d->max))) {
		r = -ERANGE;
		buf_printf(ret_why, "\"%.80s\" is out of bounds", text);
	}
	return r;
}

int opt_value_check(const struct opt_desc *d, const char *text, struct buf *ret_why)
{
	bool b;

	switch (d->type) {
	case OPT_STRING:
	case OPT_LIST:
		return 0;
	case OPT_BOOL:
		if (!parse_bool(text, &b))
			return 0;
		buf_printf(ret_why, "\"%.80s\" is neither true nor false", text);
		return -EINVAL;
	case OPT_CHOICE:
		if (is_choice(d->unit, text))
			return 0;
		buf_printf(ret_why, "\"%.80s\" is none of the words allowed", text);
		return -EINVAL;
	case OPT_INT:
	case OPT_DURATION:
	case OPT_BYTES:
		return check_number(d, text, ret_why);
	}
	return -EINVAL;
}

static bool is_bounded(const struct opt_desc *d)
{
	return d->min || d->max;
}

/* Bounds are examples that are not refused. */
const char *opt_value_shape(const struct opt_desc *d)
{
	switch (d->type) {
	case OPT_BOOL:
		return "write true or false";
	case OPT_INT:
		return "write a whole number";
	case OPT_DURATION:
		return is_bounded(d) ? "write a number and a unit" : "write a number and a unit, such as 250ms, 1s, 5m or 2h";
	case OPT_BYTES:
		return is_bounded(d) ? "write a number and a unit" : "write a number and a unit, such as 64Ki, 16Mi or 1Gi";
	default:
		return "write a text";
	}
}

static void list_free(struct opt_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct opt_list){ 0 };
}

/* "a, b" gives two items; blanks around them and empty ones are dropped. */
static void list_add(struct opt_list *list, const char *text)
{
	while (*text) {
		text += strspn(text, " \t,");
		size_t n = strcspn(text, ",");
		const char *after = text + n;

		while (n && isblank((unsigned char)text[n - 1]))
			n--;
		if (n) {
			list->items = mem_array(list->items, list->n + 1, sizeof(*list->items));
			list->items[list->n++] = mem_printf("%.*s", (int)n, text);
		}
		text = after;
	}
}

void opt_value_store(const struct opt_desc *d, void *target, const char *text, bool append)
{
	void *member = (char *)target + d->offset;
	int64_t n = 0;

	if (!append || d->type != OPT_LIST)
		opt_value_free(d, target);
	switch (d->type) {
	case OPT_STRING:
	case OPT_CHOICE:
		*(char **)member = mem_strdup(text);
		break;
	case OPT_LIST:
		list_add(member, text);
		break;
	case OPT_BOOL:
		parse_bool(text, member);
		break;
	case OPT_INT:
		parse_number(d, text, member);
		break;
	case OPT_DURATION:
	case OPT_BYTES:
		parse_number(d, text, &n);
		*(uint64_t *)member = (uint64_t)n;
		break;
	}
}

void opt_value_free(const struct opt_desc *d, void *target)
{
	void *member = (char *)target + d->offset;

	if (d->type == OPT_LIST) {
		list_free(member);
	} else if (d->type == OPT_STRING || d->type == OPT_CHOICE) {
		free(*(char **)member);
		*(char **)member = NULL;
	}
}

/* One character beyond ASCII as an escape: some of them YAML forbids, others it folds. A byte that is
 * no UTF-8 is shown as the character of its number. Returns the bytes taken. */
static size_t add_wide(const char *c, struct buf *to)
{
	uint32_t code;
	size_t n = unicode_next(c, &code);

	if (!n)
		buf_printf(to, "\\x%02x", (unsigned char)*c);
	else
		buf_printf(to, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
	return n ? n : 1;
}

/* Plain where YAML reads it back as the same text, else in double quotes. */
static void add_text(const char *text, struct buf *to)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_./-";

	if (*text && *text != '-' && text[strspn(text, safe)] == '\0') {
		buf_printf(to, "%s", text);
		return;
	}
	buf_add(to, "\"", 1);
	while (*text) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x80) {
			text += add_wide(text, to);
			continue;
		}
		if (c < 0x20 || c == 0x7f)
			buf_printf(to, "\\x%02x", c);
		else
			buf_printf(to, c == '"' || c == '\\' ? "\\%c" : "%c", c);
		text++;
	}
	buf_add(to, "\"", 1);
}

static void add_list(const struct opt_list *list, struct buf *to)
{
	buf_add(to, "[", 1);
	for (size_t i = 0; i < list->n; i++) {
		buf_printf(to, "%s", i ? ", " : "");
		add_text(list->items[i], to);
	}
	buf_add(to, "]", 1);
}

/* The largest unit that says it exactly: 90s stays 90s, 120s becomes 2m. */
static void add_scaled(const struct unit *units, size_t n, uint64_t value, struct buf *to)
{
	for (size_t i = 0; i < n; i++) {
		if (value && value % units[i].size == 0) {
			buf_printf(to, "%" PRIu64 "%s", value / units[i].size, units[i].name);
			return;
		}
	}
	buf_printf(to, "0");
}

void opt_value_number(const struct opt_desc *d, int64_t n, struct buf *to)
{
	if (d->type == OPT_DURATION)
		add_scaled(durations, COUNT(durations), (uint64_t)n, to);
	else if (d->type == OPT_BYTES)
		add_scaled(sizes, COUNT(sizes), (uint64_t)n, to);
	else
		buf_printf(to, "%" PRId64, n);
}

void opt_value_format(const struct opt_desc *d, const void *target, struct buf *to)
{
	const void *member = (const char *)target + d->offset;
	const char *text;

	switch (d->type) {
	case OPT_STRING:
	case OPT_CHOICE:
		text = *(char *const *)member;
		add_text(text ? text : "", to);
		break;
	case OPT_LIST:
		add_list(member, to);
		break;
	case OPT_BOOL:
		buf_printf(to, "%s", *(const bool *)member ? "true" : "false");
		break;
	case OPT_INT:
	case OPT_DURATION:
	case OPT_BYTES:
		opt_value_number(d, *(const int64_t *)member, to);
		break;
	}
}

void opt_key(const struct opt_desc *d, char *ret_key, size_t size)
{
	size_t i = 0;

	for (; d->field[i] && i + 1 < size; i++) {
		ret_key[i] = d->field[i];
		if (ret_key[i] == '_')
			ret_key[i] = '-';
	}
	ret_key[i] = '\0';
}

void opt_variable(const struct opt_desc *d, char *ret_name, size_t size)
{
	int n = snprintf(ret_name, size, "PLIMSOLL_%s", d->field);

	for (int i = 0; i < n && (size_t)i < size; i++)
		ret_name[i] = (char)toupper((unsigned char)ret_name[i]);
}
