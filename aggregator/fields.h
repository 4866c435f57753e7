/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of one document of a policy file, each with its type: what stands there, or a complaint that names
 * file, line, column and field. What reads a kind of document (aggregator/manifest_read.h and its like) says what
 * may stand there. Each function takes the key of a mapping (NULL: as if it was empty), and leaves *ret alone when
 * the key is absent unless it says otherwise. 0, or negative errno with *e filled. Any thread, no I/O.
 */
#ifndef AGGREGATOR_FIELDS_H
#define AGGREGATOR_FIELDS_H

#include <stdint.h>

#include "base/err.h"
#include "conf/yaml.h"
#include "decide/quantity.h"

struct fields {
	const struct yaml_doc *doc;
	struct err *e;
};

/* -EINVAL, with what is wrong at `at` (NULL: the document) and why. */
int fields_complain(const struct fields *f, const struct yaml_node *at, const char *what, const char *cause);
int fields_no_value(const struct fields *f, const struct yaml_node *at, const char *key, const char *cause);

/* "FILE:LINE:COLUMN", the caller's. */
char *fields_where(const struct yaml_doc *doc, const struct yaml_node *at);
/* The text of a key; NULL: it is absent, empty or no text. */
const char *fields_peek(const struct yaml_node *in, const char *key);
/* A text that is not empty; *ret NULL when it is absent. */
int fields_text(const struct fields *f, const struct yaml_node *in, const char *key, const struct yaml_node **ret);
int fields_need_text(const struct fields *f, const struct yaml_node *in, const char *key,
		     const struct yaml_node **ret);
/* One of the words. */
int fields_word(const struct fields *f, const struct yaml_node *in, const char *key, const char *const *words,
		size_t n, const char **ret);
/* A mapping with none but these keys; *ret NULL when it is absent. */
int fields_mapping(const struct fields *f, const struct yaml_node *in, const char *key, const char *const *names,
		   size_t n, const struct yaml_node **ret);
int fields_integer(const struct fields *f, const struct yaml_node *in, const char *key, uint64_t least,
		   uint64_t most, uint64_t *ret);
int fields_seconds(const struct fields *f, const struct yaml_node *in, const char *key, uint64_t least_s,
		   uint64_t most_s, uint64_t *ret_ns);
/* A Kubernetes quantity that is not negative; *ret_there: whether there is one. */
int fields_amount(const struct fields *f, const struct yaml_node *in, const char *key, struct quantity *ret,
		  bool *ret_there);

#endif
