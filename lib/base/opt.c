/* SPDX-License-Identifier: Apache-2.0 */
#include "base/opt.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/opt_value.h"
#include "base/scope.h"

#define VALUE_SHOWN 80 /* bytes of a bad value that an error repeats */

int opt_init(const struct opt_table *t, void *target, struct opt_origins *origins)
{
	must(t->n <= OPT_MAX);
	memset(origins, 0, sizeof(*origins));
	for (size_t i = 0; i < t->n; i++) {
		const struct opt_desc *d = &t->rows[i];
		const char *fallback = d->fallback ? d->fallback : "";
		scoped(buf_done) struct buf why = { 0 };

		memcpy(origins->where[i], "default", sizeof("default"));
		memset((char *)target + d->offset, 0,
		       d->type == OPT_LIST ? sizeof(struct opt_list) :
		       d->type == OPT_BOOL ? sizeof(bool) : sizeof(uint64_t));
		if (!*fallback && d->type != OPT_STRING)
			continue; /* no default: zero, NULL or an empty list */
		if (opt_value_check(d, fallback, &why)) {
			opt_done(t, target);
			return -EINVAL;
		}
		opt_value_store(d, target, fallback, false);
	}
	return 0;
}

void opt_done(const struct opt_table *t, void *target)
{
	for (size_t i = 0; i < t->n; i++)
		opt_value_free(&t->rows[i], target);
}

static int row_of(const struct opt_table *t, const char *key)
{
	char name[OPT_KEY_SIZE];

	for (size_t i = 0; i < t->n; i++) {
		opt_key(&t->rows[i], name, sizeof(name));
		if (strcmp(name, key) == 0)
			return (int)i;
	}
	return -ENOENT;
}

const struct opt_desc *opt_find(const struct opt_table *t, const char *key)
{
	int row = row_of(t, key);
	return row < 0 ? NULL : &t->rows[row];
}

/* How the user wrote it, so that the error is found again in the command line or the file. */
static void subject(enum opt_origin origin, const char *where, const char *key, struct buf *to)
{
	if (origin == OPT_FLAG)
		buf_printf(to, "--%s", key);
	else if (origin == OPT_ENVIRONMENT)
		buf_printf(to, "%s", where);
	else
		buf_printf(to, "%s: %s", where, key);
}

static int unknown(const struct opt_table *t, enum opt_origin origin, const char *where,
		   const char *key, struct err *e)
{
	char keys[OPT_MAX][OPT_KEY_SIZE];
	const char *names[OPT_MAX];
	scoped(buf_done) struct buf what = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		opt_key(&t->rows[i], keys[i], sizeof(keys[i]));
		names[i] = keys[i];
	}
	subject(origin, where, key, &what);
	err_set(e, -ENOENT, "%.200s: unknown option", buf_text(&what));
	err_cause(e, "%s has no option \"%.*s\"", t->program, VALUE_SHOWN, key);
	const char *near = err_nearest(key, names, t->n);
	if (near)
		err_fix(e, "did you mean %s%s?", origin == OPT_FLAG ? "--" : "", near);
	else
		err_fix(e, "%s --help lists all options", t->program);
	return -ENOENT;
}

static void fix_value(const struct opt_desc *d, struct err *e)
{
	scoped(buf_done) struct buf from = { 0 }, to = { 0 };

	opt_value_number(d, d->min, &from);
	opt_value_number(d, d->max, &to);
	if (d->type == OPT_CHOICE)
		err_fix(e, "use one of: %s", d->unit);
	else if (d->type != OPT_BOOL && (d->min || d->max))
		err_fix(e, "%s, from %s to %s", opt_value_shape(d), buf_text(&from), buf_text(&to));
	else
		err_fix(e, "%s", opt_value_shape(d));
}

static int bad_value(const struct opt_desc *d, int code, const char *why, enum opt_origin origin,
		     const char *where, const char *key, struct err *e)
{
	scoped(buf_done) struct buf what = { 0 };

	subject(origin, where, key, &what);
	err_set(e, code, "%.200s: bad value", buf_text(&what));
	err_cause(e, "%s", why);
	fix_value(d, e);
	return code;
}

/* Of a long path the end matters: it has the line and column. */
static void remember(struct opt_origins *origins, int row, enum opt_origin origin, const char *where)
{
	size_t n = strlen(where), room = sizeof(origins->where[row]) - 1;

	origins->of[row] = origin;
	snprintf(origins->where[row], room + 1, "%s", n > room ? where + n - room : where);
}

int opt_set(const struct opt_table *t, void *target, struct opt_origins *origins, const char *key,
	    const char *value, enum opt_origin origin, const char *where, struct err *e)
{
	scoped(buf_done) struct buf why = { 0 };
	int row = row_of(t, key);

	if (row < 0)
		return unknown(t, origin, where, key, e);
	int r = opt_value_check(&t->rows[row], value, &why);
	if (r)
		return bad_value(&t->rows[row], r, buf_text(&why), origin, where, key, e);
	if (origin < origins->of[row])
		return 0;
	opt_value_store(&t->rows[row], target, value, origin == origins->of[row]);
	remember(origins, row, origin, where);
	return 0;
}

int opt_environment(const struct opt_table *t, void *target, struct opt_origins *origins,
		    char **environ_, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		char key[OPT_KEY_SIZE], name[OPT_KEY_SIZE + 16];

		opt_key(&t->rows[i], key, sizeof(key));
		opt_variable(&t->rows[i], name, sizeof(name));
		size_t n = strlen(name);
		for (char **v = environ_; v && *v; v++) {
			if (strncmp(*v, name, n) || (*v)[n] != '=' || !(*v)[n + 1])
				continue; /* an empty variable is an unset one */
			int r = opt_set(t, target, origins, key, *v + n + 1, OPT_ENVIRONMENT, name, e);
			if (r)
				return r;
			break;
		}
	}
	return 0;
}

/* Where opt_flags() stands in argv. */
struct reader {
	const struct opt_table *table;
	void *target;
	struct opt_origins *origins;
	char **argv;
	int argc, at;
	struct err *e;
};

static int set_flag(struct reader *r, const char *key, const char *value)
{
	return opt_set(r->table, r->target, r->origins, key, value, OPT_FLAG, "flag", r->e);
}

/* The next word as the value of `key`; another flag there means the value was forgotten. */
static int set_next(struct reader *r, const char *key)
{
	const char *value = r->at + 1 < r->argc ? r->argv[r->at + 1] : NULL;

	if (!value || strncmp(value, "--", 2) == 0) {
		err_set(r->e, -EINVAL, "--%s: no value", key);
		err_cause(r->e, "%.80s follows, where a value should", value ? value : "nothing");
		err_fix(r->e, "write --%s VALUE, or --%s=VALUE", key, key);
		return -EINVAL;
	}
	r->at++;
	return set_flag(r, key, value);
}

static int long_flag(struct reader *r, const char *word)
{
	const char *equals = strchr(word, '=');
	char key[OPT_KEY_SIZE];

	snprintf(key, sizeof(key), "%.*s", equals ? (int)(equals - word) : (int)sizeof(key) - 1,
		 word);
	int row = row_of(r->table, key);
	if (row < 0 && !equals && strncmp(key, "no-", 3) == 0) {
		int positive = row_of(r->table, key + 3);

		if (positive >= 0 && r->table->rows[positive].type == OPT_BOOL)
			return set_flag(r, key + 3, "false");
	}
	if (equals || row < 0)
		return set_flag(r, key, equals ? equals + 1 : "");
	if (r->table->rows[row].type == OPT_BOOL)
		return set_flag(r, key, "true");
	return set_next(r, key);
}

static const struct opt_desc *row_of_letter(const struct opt_table *t, char letter)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->rows[i].letter == letter)
			return &t->rows[i];
	}
	return NULL;
}

static int unknown_letter(struct reader *r, const char *letters)
{
	err_set(r->e, -ENOENT, "-%c: unknown option", *letters);
	err_cause(r->e, "%s has no such letter, in \"%.80s\"", r->table->program, r->argv[r->at]);
	err_fix(r->e, "%s --help lists all options; after \"--\" words are no flags",
		r->table->program);
	return -ENOENT;
}

/* "-hv", "-c FILE" and "-cFILE". */
static int short_flags(struct reader *r, const char *letters)
{
	for (; *letters; letters++) {
		const struct opt_desc *d = row_of_letter(r->table, *letters);
		char key[OPT_KEY_SIZE];

		if (!d)
			return unknown_letter(r, letters);
		opt_key(d, key, sizeof(key));
		if (d->type != OPT_BOOL)
			return letters[1] ? set_flag(r, key, letters + 1) : set_next(r, key);
		int error = set_flag(r, key, "true");
		if (error)
			return error;
	}
	return 0;
}

int opt_flags(const struct opt_table *t, void *target, struct opt_origins *origins, int argc,
	      char **argv, char **ret_words, int *ret_n, struct err *e)
{
	struct reader r = { t, target, origins, argv, argc, 1, e };
	bool flags = true;
	int n = 0, error = 0;

	for (; r.at < argc && !error; r.at++) {
		char *word = argv[r.at];

		if (!flags || word[0] != '-' || !word[1])
			ret_words[n++] = word;
		else if (strcmp(word, "--") == 0)
			flags = false;
		else if (word[1] == '-')
			error = long_flag(&r, word + 2);
		else
			error = short_flags(&r, word + 1);
	}
	if (!error)
		*ret_n = n;
	return error;
}
