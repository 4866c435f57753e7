/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/obj.h"

#define FILE_SHOWN 120 /* of a longer path the end is shown: the position must fit the error */

struct reader {
	yaml_parser_t parser;
	struct yaml_doc *doc; /* the one being read */
	unsigned nodes;       /* of all documents */
	unsigned line;        /* of the file before this text */
	struct err *e;
};

static int read_node(struct reader *r, yaml_event_t *event, unsigned depth,
		     struct yaml_node **ret_node);

static int __attribute__((format(printf, 6, 0)))
vset(const char *file, unsigned line, unsigned column, struct err *e, int code,
     const char *format, va_list args)
{
	size_t n = strlen(file);
	bool cut = n > FILE_SHOWN;
	char text[256], place[32] = "";

	vsnprintf(text, sizeof(text), format, args);
	if (line)
		snprintf(place, sizeof(place), "%u:%u: ", line, column);
	return err_set(e, code, "%s%s:%s%s%s", cut ? "..." : "", cut ? file + n - FILE_SHOWN : file,
		       line ? "" : " ", place, text);
}

int yaml_err(const struct yaml_doc *d, const struct yaml_node *at, struct err *e, int code,
	     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vset(d->file, at ? at->line : 0, at ? at->column : 0, e, code, format, args);
	va_end(args);
	return code;
}

/* The same at a place where there is no node yet. */
static int __attribute__((format(printf, 4, 5)))
fail_at(struct reader *r, const yaml_mark_t *at, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vset(r->doc->file, r->line + (unsigned)at->line + 1, (unsigned)at->column + 1, r->e, code, format, args);
	va_end(args);
	return code;
}

static int fail_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	bool marked = p->error == YAML_SCANNER_ERROR || p->error == YAML_PARSER_ERROR;

	if (p->error == YAML_MEMORY_ERROR)
		return fail_at(r, &p->mark, -ENOMEM, "out of memory");
	fail_at(r, marked ? &p->problem_mark : &p->mark, -EBADMSG, "this is no YAML");
	err_cause(r->e, "%s%s%s", p->context ? p->context : "", p->context ? ", " : "",
		  p->problem ? p->problem : "the text cannot be read");
	err_fix(r->e, p->error == YAML_READER_ERROR ?
			      "write the file in UTF-8, without control characters" :
			      "indent with blanks, put \"key: value\" on each line, close what is open");
	return -EBADMSG;
}

static int next(struct reader *r, yaml_event_t *ret_event)
{
	if (yaml_parser_parse(&r->parser, ret_event))
		return 0;
	return fail_syntax(r);
}

static int refuse(struct reader *r, const yaml_mark_t *at, const char *what)
{
	fail_at(r, at, -EINVAL, "%s", what);
	err_cause(r->e, "configuration has no use for it, and it can hide what a file says");
	err_fix(r->e, "write the value out in full");
	return -EINVAL;
}

static int over(struct reader *r, const yaml_mark_t *at, const char *what, unsigned limit)
{
	fail_at(r, at, -EFBIG, "too much of a file");
	err_cause(r->e, "more than %u %s", limit, what);
	err_fix(r->e, "split it into several files");
	return -EFBIG;
}

static void free_tree(struct yaml_node *n)
{
	while (n) {
		struct yaml_node *next = n->next;

		free_tree(n->child); /* at most YAML_MAX_DEPTH deep */
		free(n->text);
		free(n->key);
		free(n);
		n = next;
	}
}
scope_define(struct yaml_node, free_tree)

struct yaml_doc *yaml_release(struct yaml_doc *d)
{
	while (d) {
		struct yaml_doc *next = d->next;

		free_tree(d->root);
		free(d->file);
		free(d);
		d = next;
	}
	return NULL;
}

static struct yaml_node *new_node(const struct reader *r, const yaml_event_t *event, enum yaml_kind kind)
{
	struct yaml_node *n = mem_new(struct yaml_node);

	n->kind = kind;
	n->line = r->line + (unsigned)event->start_mark.line + 1;
	n->column = (unsigned)event->start_mark.column + 1;
	return n;
}

static int check_plain(struct reader *r, const yaml_event_t *at, const void *anchor, const void *tag)
{
	if (anchor)
		return refuse(r, &at->start_mark, "an anchor (&name)");
	return tag ? refuse(r, &at->start_mark, "a tag (!name)") : 0;
}

static int read_scalar(struct reader *r, const yaml_event_t *event, struct yaml_node **ret_node)
{
	const char *text = (const char *)event->data.scalar.value;
	int error = check_plain(r, event, event->data.scalar.anchor, event->data.scalar.tag);

	if (error)
		return error;
	if (strlen(text) != event->data.scalar.length)
		return refuse(r, &event->start_mark, "a NUL byte in a text");
	struct yaml_node *n = new_node(r, event, YAML_SCALAR);
	n->text = mem_strdup(text);
	n->quoted = event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
		    event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	*ret_node = n;
	return 0;
}

static int read_sequence(struct reader *r, const yaml_event_t *start, unsigned depth,
			 struct yaml_node **ret_node)
{
	scoped(free_treep) struct yaml_node *self = new_node(r, start, YAML_SEQUENCE);
	struct yaml_node **tail = &self->child;
	int error;

	error = check_plain(r, start, start->data.sequence_start.anchor, start->data.sequence_start.tag);
	if (error)
		return error;
	for (;;) {
		scoped(yaml_event_delete) yaml_event_t event = { 0 };

		error = next(r, &event);
		if (error)
			return error;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			break;
		error = read_node(r, &event, depth + 1, tail);
		if (error)
			return error;
		tail = &(*tail)->next;
	}
	*ret_node = take(self);
	return 0;
}

static int duplicate(struct reader *r, const yaml_event_t *at, const struct yaml_node *first)
{
	fail_at(r, &at->start_mark, -EINVAL, "the key \"%.80s\" stands here again", first->key);
	err_cause(r->e, "it already stands in line %u, and only one of them could count",
		  first->key_line);
	err_fix(r->e, "remove one of the two");
	return -EINVAL;
}

/* A key and its value; `seen` maps keys to their nodes. */
static int read_pair(struct reader *r, const yaml_event_t *key, unsigned depth, struct strmap *seen,
		     struct yaml_node **ret_node)
{
	scoped(yaml_event_delete) yaml_event_t event = { 0 };
	scoped(free_treep) struct yaml_node *name = NULL;
	int error;

	if (key->type != YAML_SCALAR_EVENT)
		return refuse(r, &key->start_mark,
			      key->type == YAML_ALIAS_EVENT ? "an alias (*name)" :
							      "a key that is no plain text");
	error = read_scalar(r, key, &name);
	if (error)
		return error;
	const struct yaml_node *first = strmap_get(seen, name->text);
	if (first)
		return duplicate(r, key, first);
	error = next(r, &event);
	if (!error)
		error = read_node(r, &event, depth + 1, ret_node);
	if (error)
		return error;
	(*ret_node)->key = take(name->text);
	(*ret_node)->key_line = name->line;
	(*ret_node)->key_column = name->column;
	strmap_put(seen, (*ret_node)->key, *ret_node);
	return 0;
}

static int read_mapping(struct reader *r, const yaml_event_t *start, unsigned depth,
			struct yaml_node **ret_node)
{
	scoped(free_treep) struct yaml_node *self = new_node(r, start, YAML_MAPPING);
	scoped(strmap_freep) struct strmap *seen = strmap_new();
	struct yaml_node **tail = &self->child;
	int error;

	error = check_plain(r, start, start->data.mapping_start.anchor, start->data.mapping_start.tag);
	if (error)
		return error;
	for (;;) {
		scoped(yaml_event_delete) yaml_event_t event = { 0 };

		error = next(r, &event);
		if (error)
			return error;
		if (event.type == YAML_MAPPING_END_EVENT)
			break;
		error = read_pair(r, &event, depth, seen, tail);
		if (error)
			return error;
		tail = &(*tail)->next;
	}
	*ret_node = take(self);
	return 0;
}

static int read_node(struct reader *r, yaml_event_t *event, unsigned depth,
		     struct yaml_node **ret_node)
{
	if (++r->nodes > YAML_MAX_NODES)
		return over(r, &event->start_mark, "values", YAML_MAX_NODES);
	if (depth > YAML_MAX_DEPTH)
		return over(r, &event->start_mark, "levels", YAML_MAX_DEPTH);
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, event, ret_node);
	case YAML_SEQUENCE_START_EVENT:
		return read_sequence(r, event, depth, ret_node);
	case YAML_MAPPING_START_EVENT:
		return read_mapping(r, event, depth, ret_node);
	default:
		return refuse(r, &event->start_mark, "an alias (*name)");
	}
}

/* "---" with nothing after it is an empty scalar to libyaml and an empty document to us. */
static bool is_nothing(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT && event->data.scalar.length == 0 &&
	       event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !event->data.scalar.tag &&
	       !event->data.scalar.anchor;
}

static int read_document(struct reader *r)
{
	scoped(yaml_event_delete) yaml_event_t root = { 0 };
	scoped(yaml_event_delete) yaml_event_t end = { 0 };
	int error = next(r, &root);

	if (!error && !is_nothing(&root))
		error = read_node(r, &root, 1, &r->doc->root);
	return error ? error : next(r, &end);
}

static struct yaml_doc *new_doc(const char *name)
{
	struct yaml_doc *d = mem_new(struct yaml_doc);

	d->file = mem_strdup(name);
	return d;
}

/* Appends to `first`, which is empty itself until the first document comes. */
static int read_stream(struct reader *r, struct yaml_doc *first)
{
	for (bool begun = false;;) {
		scoped(yaml_event_delete) yaml_event_t event = { 0 };
		int error = next(r, &event);

		if (error || event.type == YAML_STREAM_END_EVENT)
			return error;
		if (event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (++r->nodes > YAML_MAX_NODES)
			return over(r, &event.start_mark, "values", YAML_MAX_NODES);
		if (begun)
			r->doc = r->doc->next = new_doc(first->file);
		begun = true;
		error = read_document(r);
		if (error)
			return error;
	}
}

static int too_large(const char *name, struct err *e)
{
	err_set(e, -EFBIG, "%.200s: too large", name);
	err_cause(e, "a configuration file has at most %u bytes", YAML_MAX_BYTES);
	return err_fix(e, "check that this is the right file, or split it"), -EFBIG;
}

static int parse_from(const char *name, unsigned line, const char *bytes, size_t size, struct yaml_doc **ret_doc,
		      struct err *e)
{
	scoped(yaml_freep) struct yaml_doc *first = new_doc(name);
	struct reader r = { .doc = first, .line = line, .e = e };

	if (size > YAML_MAX_BYTES)
		return too_large(name, e);
	if (!yaml_parser_initialize(&r.parser))
		return err_set(e, -ENOMEM, "%.200s: out of memory", name);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)bytes, size);
	int error = read_stream(&r, first);
	yaml_parser_delete(&r.parser);
	if (!error)
		*ret_doc = take(first);
	return error;
}

int yaml_parse(const char *name, const char *bytes, size_t size, struct yaml_doc **ret_doc,
	       struct err *e)
{
	return parse_from(name, 0, bytes, size, ret_doc, e);
}

void yaml_begin(struct yaml_stream *s, const char *name, const char *bytes, size_t size)
{
	*s = (struct yaml_stream){ name, bytes, size, 0 };
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_marker(const char *line, size_t size, const char *marker)
{
	return size >= 3 && memcmp(line, marker, 3) == 0 && (size == 3 || is_space(line[3]));
}

static bool is_blank(const char *line, size_t size)
{
	while (size && is_space(*line)) {
		line++;
		size--;
	}
	return !size || *line == '#';
}

/* Bytes and lines of the first document of a text. */
static size_t first_document(const char *text, size_t size, unsigned *ret_lines)
{
	bool begun = false, over = false; /* directives stand before the "---" of their own document */
	size_t at = 0;

	for (*ret_lines = 0; at < size; ++*ret_lines) {
		const char *line = text + at, *end = memchr(line, '\n', size - at);
		size_t length = end ? (size_t)(end - line) : size - at;
		bool is_end = is_marker(line, length, "...");

		if ((begun && is_marker(line, length, "---")) || (over && !is_end && !is_blank(line, length)))
			break;
		over = over || is_end;
		begun = begun || !(is_blank(line, length) || *line == '%');
		at += length + (end != NULL);
	}
	return at;
}

/* UTF-16, which libyaml tells by its first two bytes: no line ends where one of bytes does. */
static bool is_wide(const struct yaml_stream *s)
{
	return s->left >= 2 && (memcmp(s->rest, "\xff\xfe", 2) == 0 || memcmp(s->rest, "\xfe\xff", 2) == 0);
}

bool yaml_next(struct yaml_stream *s, struct yaml_doc **ret_doc, unsigned *ret_line, struct err *e)
{
	unsigned lines = 0;
	size_t size = is_wide(s) ? s->left : first_document(s->rest, s->left, &lines);

	*ret_doc = NULL;
	*ret_line = s->line + 1;
	if (!s->left)
		return false;
	(void)parse_from(s->name, s->line, s->rest, size, ret_doc, e);
	s->rest += size;
	s->left -= size;
	s->line += lines;
	return true;
}

static int unreadable(const char *path, int code, struct err *e)
{
	err_set(e, code, "%.200s: cannot be read", path);
	err_cause(e, "%s", strerror(-code));
	err_fix(e, code == -ENOENT ? "check the path" :
		   code == -EISDIR ? "name a file, not a directory" :
				     "check who may read it: ls -l");
	return code;
}

int yaml_read(const char *path, char **ret_bytes, size_t *ret_size, struct err *e)
{
	scoped(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped(buf_done) struct buf text = { 0 };
	int r = fd < 0 ? -errno : buf_read(&text, fd, YAML_MAX_BYTES);

	if (r < 0)
		return r == -E2BIG ? too_large(path, e) : unreadable(path, r, e);
	*ret_size = text.size;
	*ret_bytes = text.size ? buf_take(&text) : mem_strdup("");
	return 0;
}

int yaml_load(const char *path, struct yaml_doc **ret_doc, struct err *e)
{
	scoped(freep) char *text = NULL;
	size_t size = 0;
	int error = yaml_read(path, &text, &size, e);

	return error ? error : yaml_parse(path, text, size, ret_doc, e);
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *n = mapping->child; n; n = n->next) {
		if (strcmp(n->key, key) == 0)
			return n;
	}
	return NULL;
}

static int unknown_key(const struct yaml_doc *d, const struct yaml_node *n,
		       const char *const *names, size_t count, struct err *e)
{
	const struct yaml_node at = { .line = n->key_line, .column = n->key_column };
	const char *near = err_nearest(n->key, names, count);
	scoped(buf_done) struct buf all = { 0 };

	yaml_err(d, &at, e, -ENOENT, "unknown key \"%.80s\"", n->key);
	err_cause(e, "there is no such key here");
	for (size_t i = 0; i < count; i++)
		buf_printf(&all, "%s%s", i ? ", " : "", names[i]);
	if (near)
		err_fix(e, "did you mean \"%s\"?", near);
	else
		err_fix(e, "use one of: %s", buf_text(&all));
	return -ENOENT;
}

int yaml_known(const struct yaml_doc *d, const struct yaml_node *mapping,
	       const char *const *names, size_t n, struct err *e)
{
	if (mapping->kind != YAML_MAPPING) {
		yaml_err(d, mapping, e, -EINVAL, "a mapping must stand here");
		err_cause(e, "this is a %s", mapping->kind == YAML_SEQUENCE ? "sequence" : "single value");
		err_fix(e, "write lines of \"key: value\"");
		return -EINVAL;
	}
	for (const struct yaml_node *c = mapping->child; c; c = c->next) {
		bool known = false;

		for (size_t i = 0; i < n && !known; i++)
			known = strcmp(c->key, names[i]) == 0;
		if (!known)
			return unknown_key(d, c, names, n, e);
	}
	return 0;
}
