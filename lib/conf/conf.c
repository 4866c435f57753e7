/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

struct setter {
	const struct opt_table *table;
	void *target;
	struct opt_origins *origins;
	const struct yaml_doc *doc;
	struct err *e;
};

static int set(struct setter *s, const char *key, const char *value, unsigned line, unsigned column)
{
	scoped(buf_done) struct buf where = { 0 };

	buf_printf(&where, "%s:%u:%u", s->doc->file, line, column);
	return opt_set(s->table, s->target, s->origins, key, value, OPT_FILE, buf_text(&where), s->e);
}

static int wrong_kind(struct setter *s, const struct yaml_node *n, const char *key, const char *cause,
		      const char *fix)
{
	yaml_err(s->doc, n, s->e, -EINVAL, "%.80s: bad value", key);
	err_cause(s->e, "%s", cause);
	err_fix(s->e, "%s", fix);
	return -EINVAL;
}

static int set_list(struct setter *s, const struct yaml_node *n)
{
	if (!n->child)
		return set(s, n->key, "", n->line, n->column); /* "[]" is a value: no items */
	for (const struct yaml_node *item = n->child; item; item = item->next) {
		if (item->kind != YAML_SCALAR)
			return wrong_kind(s, item, n->key, "an item of a list is a single value",
					  "write a text here");
		int error = set(s, n->key, item->text, item->line, item->column);
		if (error)
			return error;
	}
	return 0;
}

static int set_value(struct setter *s, const struct yaml_node *n)
{
	const struct opt_desc *d = opt_find(s->table, n->key);

	if (!d) /* opt_set() knows the neighbours; the place is the key's */
		return set(s, n->key, "", n->key_line, n->key_column);
	if (n->kind == YAML_SCALAR)
		return set(s, n->key, n->text, n->line, n->column);
	if (n->kind == YAML_SEQUENCE && d->type == OPT_LIST)
		return set_list(s, n);
	return wrong_kind(s, n, n->key,
			  n->kind == YAML_SEQUENCE ? "it takes one value, not a sequence" :
						     "it takes a value, not a mapping",
			  d->type == OPT_LIST ? "write a sequence: [first, second]" :
						"write \"key: value\" on one line");
}

int conf_apply(const struct opt_table *t, void *target, struct opt_origins *origins,
	       const struct yaml_doc *doc, struct err *e)
{
	struct setter s = { t, target, origins, doc, e };
	const struct yaml_node *root = doc->root;

	if (doc->next && doc->next->root) {
		yaml_err(doc, doc->next->root, e, -EINVAL, "a second document");
		err_cause(e, "the options of a program are one document");
		err_fix(e, "remove the line \"---\" before it");
		return -EINVAL;
	}
	if (!root)
		return 0;
	if (root->kind != YAML_MAPPING) {
		yaml_err(doc, root, e, -EINVAL, "no options");
		err_cause(e, "the file is a %s", root->kind == YAML_SEQUENCE ? "sequence" : "single value");
		err_fix(e, "write lines of \"key: value\"; %s --help lists the keys", t->program);
		return -EINVAL;
	}
	for (const struct yaml_node *n = root->child; n; n = n->next) {
		int error = set_value(&s, n);

		if (error)
			return error;
	}
	return 0;
}

int conf_load(const struct opt_table *t, void *target, struct opt_origins *origins,
	      const char *path, bool must_exist, struct err *e)
{
	scoped(yaml_freep) struct yaml_doc *doc = NULL;

	if (!must_exist && access(path, F_OK) && errno == ENOENT)
		return -ENOENT;
	int error = yaml_load(path, &doc, e);
	return error ? error : conf_apply(t, target, origins, doc, e);
}

static bool is_set(const struct opt_table *t, const void *target, const char *key)
{
	const struct opt_desc *d = opt_find(t, key);
	return d && d->type == OPT_BOOL && *(const bool *)((const char *)target + d->offset);
}

/* The file that the row "config" names, if the table has one. */
static int load_named(const struct opt_table *t, void *target, struct opt_origins *origins,
		      struct err *e)
{
	const struct opt_desc *d = opt_find(t, "config");

	if (!d || d->type != OPT_STRING)
		return 0;
	const char *path = *(char *const *)((const char *)target + d->offset);
	bool asked = origins->of[d - t->rows] != OPT_DEFAULT;
	if (!path || !*path)
		return 0;
	/* A copy: "config" inside the file may replace the text while it is in use. */
	scoped(buf_done) struct buf name = { 0 };
	buf_printf(&name, "%s", path);
	int error = conf_load(t, target, origins, buf_text(&name), asked, e);
	return error == -ENOENT && !asked && access(buf_text(&name), F_OK) ? 0 : error;
}

int conf_resolve(const struct opt_table *t, void *target, struct opt_origins *origins, int argc,
		 char **argv, char **ret_words, int *ret_n, struct err *e)
{
	int error = opt_init(t, target, origins);

	if (error)
		return err_set(e, error, "%s: a default of its options is wrong", t->program);
	error = opt_flags(t, target, origins, argc, argv, ret_words, ret_n, e);
	if (!error && (is_set(t, target, "help") || is_set(t, target, "version")))
		return 0;
	if (!error)
		error = opt_environment(t, target, origins, environ, e);
	if (!error)
		error = load_named(t, target, origins, e);
	if (error)
		opt_done(t, target);
	return error;
}
