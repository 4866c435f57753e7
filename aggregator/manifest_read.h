/* SPDX-License-Identifier: Apache-2.0 */
/* One document of a manifest file into a struct manifest. For aggregator/manifest.c. */
#ifndef AGGREGATOR_MANIFEST_READ_H
#define AGGREGATOR_MANIFEST_READ_H

#include "aggregator/manifest.h"
#include "conf/yaml.h"

/* Fills the zeroed *ret, also in part when it fails: what it owns is the caller's either way. */
int manifest_read(const struct yaml_doc *doc, struct manifest *ret, struct err *e);
/* The words of an exec command into m->command; `at` is where they stand in `doc`, `list` itself or the text
 * that holds it. */
int manifest_read_words(const struct yaml_doc *doc, const struct yaml_node *at, const struct yaml_node *list,
			struct manifest *m, struct err *e);

#endif
