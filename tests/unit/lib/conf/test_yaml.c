/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "conf/yaml.h"

static struct err e;

static struct yaml_doc *parse(const char *text)
{
	struct yaml_doc *d = NULL;

	e = (struct err){ 0 };
	assert_int_equal(yaml_parse("t.yaml", text, strlen(text), &d, &e), 0);
	return d;
}

/* The text is refused with `code`, nothing is returned, and all three parts of the error are there. */
static void refused(const char *text, size_t size, int code, const char *what)
{
	struct yaml_doc *d = NULL;

	e = (struct err){ 0 };
	assert_int_equal(yaml_parse("t.yaml", text, size, &d, &e), code);
	assert_null(d);
	assert_string_equal(e.what, what);
	assert_true(e.cause[0] && e.fix[0]);
}
#define REFUSED(text, code, what) refused(text, sizeof(text) - 1, code, what)

static void tree_with_positions(void **state)
{
	(void)state;
	scoped(yaml_freep) struct yaml_doc *d = parse("# head\nspec:\n  max: 6\n  names: [a, \"b\"]\n");
	const struct yaml_node *spec = yaml_get(d->root, "spec");
	const struct yaml_node *max = yaml_get(spec, "max"), *names = yaml_get(spec, "names");

	assert_int_equal(d->root->kind, YAML_MAPPING);
	assert_int_equal(spec->key_line, 2);
	assert_string_equal(max->text, "6");
	assert_int_equal(max->line, 3);
	assert_int_equal(max->column, 8);
	assert_int_equal(max->key_column, 3);
	assert_false(max->quoted);
	assert_int_equal(names->kind, YAML_SEQUENCE);
	assert_string_equal(names->child->text, "a");
	assert_true(names->child->next->quoted);
	assert_null(names->child->next->next);
	assert_null(yaml_get(spec, "none"));
	assert_null(yaml_get(names, "a"));
	assert_null(yaml_get(NULL, "a"));
}

static void documents(void **state)
{
	(void)state;
	scoped(yaml_freep) struct yaml_doc *none = parse(""), *comment = parse("# nothing\n");
	scoped(yaml_freep) struct yaml_doc *two = parse("a: 1\n---\nb: 2\n"), *hollow = parse("---\n");

	assert_null(none->root);
	assert_null(comment->root);
	assert_null(hollow->root);
	assert_string_equal(two->next->root->child->key, "b");
	assert_string_equal(two->next->file, "t.yaml");
	assert_null(two->next->next);
	assert_null(yaml_free(NULL));
}

/* "KEY@LINE " of each document, "!LINE " where one failed, "- " where there is nothing. */
static void apart(const char *text, const char *as)
{
	scoped(buf_done) struct buf all = { 0 };
	struct yaml_stream s;
	struct yaml_doc *d;
	unsigned line;

	yaml_begin(&s, "t.yaml", text, strlen(text));
	while (yaml_next(&s, &d, &line, &e)) {
		if (!d)
			buf_printf(&all, "!%u ", line);
		for (const struct yaml_doc *one = d; one; one = one->next)
			if (one->root)
				buf_printf(&all, "%s@%u ", one->root->child->key, one->root->child->key_line);
			else
				buf_printf(&all, "- ");
		yaml_free(d);
	}
	assert_string_equal(buf_text(&all), as);
}

static void documents_stand_for_themselves(void **state)
{
	(void)state;
	apart("", "");
	apart("# nothing\n", "- ");
	apart("a: 1\n---\nb: 2\n--- # more\nc: 3", "a@1 b@3 c@5 ");
	apart("---\na: 1\n---\n---\nb: 2\n", "a@2 - b@5 ");
	apart("---\r\na: 1\r\n---\r\nb: 2\r\n", "a@2 b@4 ");
	apart("a: 1\n---\nb: [\n---\nc: 3\n", "a@1 !2 c@5 ");
	assert_string_equal(e.what, "t.yaml:4:1: this is no YAML");
	apart("a: \"open\n---\nb: 2\n", "!1 b@3 ");
	apart("%YAML 1.1\n# comment\n---\na: 1\n...\n%YAML 1.1\n---\nb: 2\n", "a@4 b@8 ");
	apart("a: |\n  ---\n  text\n---x: 1\n", "a@1 "); /* not at the beginning of a line, or no marker */
	apart("a: 1\n...\nb: 2\n", "a@1 b@3 ");
	apart("a: 1\n...\n \n...\n# more\n---\nb: 2\n...", "a@1 b@7 ");
	apart("a: &x 1\n---\nb: *x\n---\nc: 3\n", "!1 !2 c@5 ");
	apart("a: 1\n---\nb: 1\nb: 2\n", "a@1 !2 ");
	assert_string_equal(e.what, "t.yaml:4:1: the key \"b\" stands here again");
	assert_string_equal(e.cause, "it already stands in line 3, and only one of them could count");
}

static void what_is_refused(void **state)
{
	(void)state;
	REFUSED("a: &x 1\n", -EINVAL, "t.yaml:1:4: an anchor (&name)");
	REFUSED("a: &x [1]\n", -EINVAL, "t.yaml:1:4: an anchor (&name)");
	REFUSED("a: &x {}\n", -EINVAL, "t.yaml:1:4: an anchor (&name)");
	REFUSED("a: *x\n", -EINVAL, "t.yaml:1:4: an alias (*name)");
	REFUSED("*x : 1\n", -EINVAL, "t.yaml:1:1: an alias (*name)");
	REFUSED("a: !!str 1\n", -EINVAL, "t.yaml:1:4: a tag (!name)");
	REFUSED("!t\na: 1\n", -EINVAL, "t.yaml:1:1: a tag (!name)");
	REFUSED("a: \"\\0\"\n", -EINVAL, "t.yaml:1:4: a NUL byte in a text");
	REFUSED("? [a]\n: 1\n", -EINVAL, "t.yaml:1:3: a key that is no plain text");
	REFUSED("b:\n  a: 1\n  c: 2\n  a: 3\n", -EINVAL, "t.yaml:4:3: the key \"a\" stands here again");
	assert_string_equal(e.cause, "it already stands in line 2, and only one of them could count");
}

static void what_is_no_yaml(void **state)
{
	(void)state;
	REFUSED("a: [1, 2\n", -EBADMSG, "t.yaml:2:1: this is no YAML");
	REFUSED("a: 1\n b: 2\n", -EBADMSG, "t.yaml:2:3: this is no YAML");
	REFUSED("a:\n\t- 1\n", -EBADMSG, "t.yaml:2:1: this is no YAML");
	REFUSED("a: \"open\n", -EBADMSG, "t.yaml:2:1: this is no YAML");
	REFUSED("a: \xff\n", -EBADMSG, "t.yaml:1:1: this is no YAML");
}

static void fill(struct buf *b, const char *piece, size_t times)
{
	while (times--)
		buf_printf(b, "%s", piece);
}

static void limits(void **state)
{
	(void)state;
	scoped(buf_done) struct buf deep = { 0 }, many = { 0 }, large = { 0 }, fits = { 0 };
	struct yaml_doc *d = NULL;

	fill(&fits, "[", YAML_MAX_DEPTH);
	fill(&fits, "]", YAML_MAX_DEPTH);
	assert_int_equal(yaml_parse("t.yaml", fits.data, fits.size, &d, &e), 0);
	yaml_free(d);
	fill(&deep, "[", 10000); /* not even closed: the depth stops it first */
	refused(deep.data, deep.size, -EFBIG, "t.yaml:1:33: too much of a file");
	fill(&many, "- 1\n", YAML_MAX_NODES);
	refused(many.data, many.size, -EFBIG, "t.yaml:65535:3: too much of a file");
	buf_clear(&many);
	fill(&many, "---\n", YAML_MAX_NODES + 1);
	refused(many.data, many.size, -EFBIG, "t.yaml:65537:1: too much of a file");
	fill(&large, "# comment\n", YAML_MAX_BYTES / 10 + 1);
	refused(large.data, large.size, -EFBIG, "t.yaml: too large");
}

static void files(void **state)
{
	(void)state;
	char path[] = "/tmp/plimsoll-yaml-XXXXXX", text[] = "a: b\n";
	struct yaml_doc *d = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, text, sizeof(text) - 1) == sizeof(text) - 1);
	close(fd);
	int error = yaml_load(path, &d, &e);
	unlink(path);
	assert_int_equal(error, 0);
	assert_string_equal(d->root->child->text, "b");
	assert_string_equal(d->file, path);
	yaml_free(d);
	d = NULL;
	assert_int_equal(yaml_load(path, &d, &e), -ENOENT);
	assert_string_equal(e.cause, "No such file or directory");
	assert_int_equal(yaml_load("/tmp", &d, &e), -EISDIR);
	assert_int_equal(yaml_load("/dev/zero", &d, &e), -EFBIG); /* endless, yet it ends */
	assert_null(d);
}

static void long_names_keep_the_position(void **state)
{
	(void)state;
	char name[1000];
	struct yaml_doc *d = NULL;

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(yaml_parse(name, "a: *x\n", 6, &d, &e), -EINVAL);
	assert_non_null(strstr(e.what, "dd:1:4: an alias"));
}

static void known_keys(void **state)
{
	(void)state;
	static const char *const names[] = { "metadata", "spec" };
	scoped(yaml_freep) struct yaml_doc *d = parse("metadata: 1\nspce: 2\n");
	scoped(yaml_freep) struct yaml_doc *far = parse("zebra: 1\n"), *list = parse("- a\n");

	assert_int_equal(yaml_known(d, d->root, names, 2, &e), -ENOENT);
	assert_string_equal(e.what, "t.yaml:2:1: unknown key \"spce\"");
	assert_string_equal(e.fix, "did you mean \"spec\"?");
	assert_int_equal(yaml_known(far, far->root, names, 2, &e), -ENOENT);
	assert_string_equal(e.fix, "use one of: metadata, spec");
	assert_int_equal(yaml_known(list, list->root, names, 2, &e), -EINVAL);
	assert_string_equal(e.cause, "this is a sequence");
	assert_int_equal(yaml_err(d, NULL, &e, -EINVAL, "empty"), -EINVAL);
	assert_string_equal(e.what, "t.yaml: empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_with_positions),
		cmocka_unit_test(documents),
		cmocka_unit_test(documents_stand_for_themselves),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(what_is_no_yaml),
		cmocka_unit_test(limits),
		cmocka_unit_test(files),
		cmocka_unit_test(long_names_keep_the_position),
		cmocka_unit_test(known_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
