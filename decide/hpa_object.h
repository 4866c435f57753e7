/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec of a HorizontalPodAutoscaler as a person wrote it: the fields of autoscaling/v2, in their words,
 * absent where they left them out. hpa_defaults() fills in, hpa_validate() judges. Texts and lists are
 * borrowed; a text that is absent is "".
 */
#ifndef DECIDE_HPA_OBJECT_H
#define DECIDE_HPA_OBJECT_H

#include "decide/hpa_replicas.h"
#include "decide/quantity.h"

#define HPA_SOURCES (HPA_EXTERNAL + 1)

struct hpa_object_int {
	bool set;
	int32_t value;
};

struct hpa_object_quantity {
	bool set;
	const char *text; /* as it was written, when quantity.verbatim */
	struct quantity quantity;
};

struct hpa_object_reference {
	const char *kind, *name, *api_version;
};

struct hpa_object_label {
	const char *key, *value;
};

struct hpa_object_expression {
	const char *key, *operator_word;
	size_t n;
	const char *const *value;
};

struct hpa_object_selector { /* both empty is not the same as absent */
	bool set;
	size_t n_labels;
	const struct hpa_object_label *label;
	size_t n_expressions;
	const struct hpa_object_expression *expression;
};

struct hpa_object_target {
	const char *type;
	struct hpa_object_quantity value, average_value;
	struct hpa_object_int utilization;
};

struct hpa_object_source { /* of the five kinds; each uses some of it */
	bool set;
	const char *name, *container;         /* Resource, ContainerResource */
	struct hpa_object_reference described; /* Object */
	const char *metric;                   /* Pods, Object, External */
	struct hpa_object_selector selector;
	struct hpa_object_target target;
};

struct hpa_object_metric {
	const char *type;
	struct hpa_object_source source[HPA_SOURCES]; /* by enum hpa_source; one of them should be set */
};

struct hpa_object_policy {
	const char *type;
	int32_t value, period_s;
};

struct hpa_object_rules {
	bool set;
	struct hpa_object_int window_s;
	const char *select; /* NULL: absent */
	bool policies_set;  /* also to none */
	size_t n;
	const struct hpa_object_policy *policy;
	struct hpa_object_quantity tolerance;
};

struct hpa_object {
	struct hpa_object_reference target;
	struct hpa_object_int min;
	int32_t max;
	size_t n;
	const struct hpa_object_metric *metric;
	bool behavior_set;
	struct hpa_object_rules up, down;
};

#endif
