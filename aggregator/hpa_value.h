/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values of a HorizontalPodAutoscaler manifest, with the types that the Kubernetes API server asks
 * for: what YAML takes for a number is no text, null is the same as absent. Each reads the key of a mapping
 * (NULL: as if it was empty) and leaves *ret alone when it is absent. 0, or negative errno with the position
 * in the error.
 */
#ifndef AGGREGATOR_HPA_VALUE_H
#define AGGREGATOR_HPA_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "aggregator/hpa_read.h"

struct hpa_reader {
	const struct yaml_doc *doc;
	bool strict; /* an unknown key is an error */
	struct hpa_read *to;
	struct err *e;
};

/* NULL: absent, or null. */
const struct yaml_node *hpa_value_get(const struct yaml_node *in, const char *key);
bool hpa_value_is_null(const struct yaml_node *n);
bool hpa_value_is_text(const struct yaml_node *n);
int hpa_value_text(const struct hpa_reader *r, const struct yaml_node *in, const char *key, const char **ret);
int hpa_value_int(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		  struct hpa_object_int *ret);
int hpa_value_quantity(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		       struct hpa_object_quantity *ret);
int hpa_value_mapping(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		      const char *const *names, size_t n, const struct yaml_node **ret); /* NULL: absent */
/* The entries of a list; *ret_n 0 when it is absent. */
int hpa_value_list(const struct hpa_reader *r, const struct yaml_node *in, const char *key,
		   const struct yaml_node **ret, size_t *ret_n);
/* Whether a list's entry is a mapping of these keys, or null. */
int hpa_value_entry(const struct hpa_reader *r, const struct yaml_node *n, const char *const *names,
		    size_t n_names);
/* The complaint that `at` is not what is expected; -EINVAL. */
int hpa_value_none(const struct hpa_reader *r, const struct yaml_node *at, const char *cause);

#endif
