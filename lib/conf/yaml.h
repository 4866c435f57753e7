/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML files as a tree that remembers where everything stood, so that every complaint can name file,
 * line and column. Anchors, tags and aliases are refused: configuration has no use for them and
 * aliases can blow up. Duplicate keys, keys that are no scalars and NUL bytes are refused, too; depth,
 * nodes and size are bounded. Blocks on the file only; any thread, no shared state.
 */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/scope.h"

#define YAML_MAX_BYTES (1u << 20) /* larger files are no configuration */
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 65536

enum yaml_kind { YAML_SCALAR, YAML_MAPPING, YAML_SEQUENCE };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line, column; /* from 1 */
	char *text;            /* scalar: its value */
	bool quoted;           /* scalar: was written in quotes */
	char *key;             /* inside a mapping: the key of this node */
	unsigned key_line, key_column;
	struct yaml_node *child, *next; /* children in order */
};

struct yaml_doc {
	char *file; /* name used in messages */
	struct yaml_node *root; /* NULL: empty document */
	struct yaml_doc *next;  /* further documents of the file, after "---" */
};

/* All documents of a file, or of memory; *ret_doc is the caller's, untouched on failure. Errors name
 * file:line:column. -EBADMSG: no YAML, -EINVAL: YAML that is refused, -EFBIG: beyond a limit, else why
 * the file could not be read. An empty file is one empty document. */
int yaml_load(const char *path, struct yaml_doc **ret_doc, struct err *e);
int yaml_parse(const char *name, const char *bytes, size_t size, struct yaml_doc **ret_doc,
	       struct err *e);
/* The same one document after the other, so that one that is no YAML does not take the others with it: "---" at the
 * beginning of a line begins the next one, whatever stands before it. */
struct yaml_stream {
	const char *name, *rest; /* borrowed */
	size_t left;
	unsigned line; /* lines before `rest` */
};
int yaml_read(const char *path, char **ret_bytes, size_t *ret_size, struct err *e); /* a file, for free() */
void yaml_begin(struct yaml_stream *s, const char *name, const char *bytes, size_t size);
/* False: there is none any more. *ret_doc as yaml_parse() has it; NULL: it failed, and *e says why. *ret_line: where
 * it begins. */
bool yaml_next(struct yaml_stream *s, struct yaml_doc **ret_doc, unsigned *ret_line, struct err *e);
struct yaml_doc *yaml_release(struct yaml_doc *d);

/* NULL is fine; returns NULL. Inline, because libyaml exports a yaml_free of its own: one of ours in
 * the executable would take its place inside that library. */
static inline struct yaml_doc *yaml_free(struct yaml_doc *d)
{
	return yaml_release(d);
}
scope_define(struct yaml_doc, yaml_free)

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key); /* or NULL */
/* err_set with "file:line:column: " before the text; `at` may be NULL: the file as a whole. */
int yaml_err(const struct yaml_doc *d, const struct yaml_node *at, struct err *e, int code,
	     const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The known keys of a mapping and how many, as two arguments. */
#define YAML_NAMES(...) \
	(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
/* Every key of `mapping` must be one of `names`; else -ENOENT with the nearest one in fix. -EINVAL
 * when `mapping` is none. */
int yaml_known(const struct yaml_doc *d, const struct yaml_node *mapping,
	       const char *const *names, size_t n, struct err *e);

#endif
