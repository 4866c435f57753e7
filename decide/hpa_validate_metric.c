/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_validate_metric.h"

#include <stdio.h>
#include <string.h>

static const char *const types[] = {"Resource", "ContainerResource", "Pods", "Object", "External"};
static const char *const keys[] = {"resource", "containerResource", "pods", "object", "external"};

void hpa_validate_metric_fault(const struct hpa_validate *v, enum hpa_fault f, const char *field,
			       const char *child, const char *detail)
{
	char path[HPA_VALIDATE_FIELD];

	snprintf(path, sizeof(path), "%.150s%s%.40s", field, *child ? "." : "", child);
	v->report(v->context, f, path, detail);
}

static void fault(const struct hpa_validate *v, enum hpa_fault f, const char *field, const char *child,
		  const char *detail)
{
	hpa_validate_metric_fault(v, f, field, child, detail);
}

/* --- names -------------------------------------------------------------------------------------- */

/* A name that stands in a path of the API; api/validate/content, IsPathSegmentName. */
static void path_segment(const struct hpa_validate *v, const char *field, const char *child,
			 const char *name, const char *when_missing)
{
	if (!*name)
		fault(v, HPA_FAULT_REQUIRED, field, child, when_missing);
	else if (!strcmp(name, "."))
		fault(v, HPA_FAULT_INVALID, field, child, "may not be '.'");
	else if (!strcmp(name, ".."))
		fault(v, HPA_FAULT_INVALID, field, child, "may not be '..'");
	if (strchr(name, '/'))
		fault(v, HPA_FAULT_INVALID, field, child, "may not contain '/'");
	if (strchr(name, '%'))
		fault(v, HPA_FAULT_INVALID, field, child, "may not contain '%'");
}

static bool is_alnum(char c, bool lower)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (!lower && c >= 'A' && c <= 'Z');
}

/* Letters and digits, within them also the marks; 1 … most bytes. */
static bool is_name(const char *s, size_t n, const char *marks, bool lower, size_t most)
{
	if (!n || n > most || !is_alnum(s[0], lower) || !is_alnum(s[n - 1], lower))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i], lower) && !strchr(marks, s[i]))
			return false;
	return true;
}

/* "name" or "domain/name"; util/validation, IsQualifiedName. */
static bool is_qualified(const char *s)
{
	const char *slash = strchr(s, '/'), *name = slash ? slash + 1 : s;

	if (slash && !is_name(s, (size_t)(slash - s), "-.", true, 253))
		return false;
	return is_name(name, strlen(name), "-_.", false, 63);
}

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(s, list[i]))
			return true;
	return false;
}

/* core/v1/validation, ValidateContainerResourceName. */
static void container_resource(const struct hpa_validate *v, const char *field, const char *name)
{
	static const char *const standard[] = {
		"cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory",
		"requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage", "pods",
		"resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps",
		"persistentvolumeclaims", "storage", "requests.storage", "services.nodeports",
		"services.loadbalancers"};
	bool pages = !strncmp(name, "hugepages-", strlen("hugepages-"));

	if (!*name) {
		fault(v, HPA_FAULT_REQUIRED, field, "name", "must specify a resource name");
		return;
	}
	if (!is_qualified(name))
		fault(v, HPA_FAULT_INVALID, field, "name", "must be a qualified name");
	else if (!strchr(name, '/') && !pages && !is_one_of(name, standard, sizeof(standard) / sizeof(*standard)))
		fault(v, HPA_FAULT_INVALID, field, "name", "must be a standard resource type or fully qualified");
	if (!strchr(name, '/') && !pages && !is_one_of(name, standard, 3))
		fault(v, HPA_FAULT_INVALID, field, "name", "must be a standard resource for containers");
	else if (!strncmp(name, "requests.", strlen("requests.")) && strchr(name, '/'))
		fault(v, HPA_FAULT_INVALID, field, "name", "doesn't follow extended resource name standard");
}

/* "v1", "apps/v1"; runtime/schema, ParseGroupVersion. */
static void api_version(const struct hpa_validate *v, const char *field, const char *version, bool needs_group)
{
	const char *slash = strchr(version, '/');
	char detail[128];

	if (slash && strchr(slash + 1, '/')) {
		snprintf(detail, sizeof(detail), "unexpected GroupVersion string: %s", version);
		fault(v, HPA_FAULT_INVALID, field, "apiVersion", detail);
	} else if (needs_group && (!slash || slash == version)) {
		fault(v, HPA_FAULT_INVALID, field, "apiVersion", "apiVersion must specify API group");
	}
}

void hpa_validate_metric_reference(const struct hpa_validate *v, const char *field,
				   const struct hpa_object_reference *r, bool needs_group)
{
	path_segment(v, field, "kind", r->kind, "");
	path_segment(v, field, "name", r->name, "");
	api_version(v, field, r->api_version, needs_group);
}

/* --- sources ------------------------------------------------------------------------------------ */

static void positive(const struct hpa_validate *v, const char *field, const char *child,
		     const struct hpa_object_quantity *q)
{
	if (q->set && quantity_sign(&q->quantity) != 1)
		fault(v, HPA_FAULT_INVALID, field, child, "must be positive");
}

static void target(const struct hpa_validate *v, const char *field, const struct hpa_object_target *t)
{
	static const char *const targets[] = {"Utilization", "Value", "AverageValue"};

	if (!*t->type)
		fault(v, HPA_FAULT_REQUIRED, field, "type", "must specify a metric target type");
	if (!is_one_of(t->type, targets, 3))
		fault(v, HPA_FAULT_INVALID, field, "type", "must be either Utilization, Value, or AverageValue");
	positive(v, field, "value", &t->value);
	positive(v, field, "averageValue", &t->average_value);
	if (t->utilization.set && t->utilization.value < 1)
		fault(v, HPA_FAULT_INVALID, field, "averageUtilization", "must be greater than 0");
}

static void of_resource(const struct hpa_validate *v, const char *field, const struct hpa_object_source *s,
			bool of_container)
{
	const struct hpa_object_target *t = &s->target;

	if (of_container)
		container_resource(v, field, s->name);
	else if (!*s->name)
		fault(v, HPA_FAULT_REQUIRED, field, "name", "must specify a resource name");
	if (of_container && !*s->container)
		fault(v, HPA_FAULT_REQUIRED, field, "container", "must specify a container");
	else if (of_container && !is_name(s->container, strlen(s->container), "-", true, 63))
		fault(v, HPA_FAULT_INVALID, field, "container", "must be a lowercase RFC 1123 label");
	if (!t->utilization.set && !t->average_value.set)
		fault(v, HPA_FAULT_REQUIRED, field, "target.averageUtilization",
		      "must set either a target raw value or a target utilization");
	if (t->utilization.set && t->average_value.set)
		fault(v, HPA_FAULT_FORBIDDEN, field, "target.averageValue",
		      "may not set both a target raw value and a target utilization");
}

static void of_metric(const struct hpa_validate *v, const char *field, const struct hpa_object_source *s,
		      enum hpa_source kind)
{
	const struct hpa_object_target *t = &s->target;
	bool value = kind != HPA_PODS && t->value.set;
	const char *missing = kind == HPA_PODS	 ? "must specify a positive target averageValue"
			      : kind == HPA_OBJECT ? "must set either a target value or averageValue"
						   : "must set either a target value for metric or a per-pod target";

	path_segment(v, field, "metric.name", s->metric, "must specify a metric name");
	if (!value && !t->average_value.set)
		fault(v, HPA_FAULT_REQUIRED, field, "target.averageValue", missing);
	if (kind == HPA_EXTERNAL && value && t->average_value.set)
		fault(v, HPA_FAULT_FORBIDDEN, field, "target.value",
		      "may not set both a target value for metric and a per-pod target");
}

static void source(const struct hpa_validate *v, const char *field, const struct hpa_object_source *s,
		   enum hpa_source kind)
{
	char path[HPA_VALIDATE_FIELD], child[HPA_VALIDATE_FIELD];

	snprintf(path, sizeof(path), "%.100s.%s", field, keys[kind]);
	snprintf(child, sizeof(child), "%.120s.describedObject", path);
	if (kind == HPA_OBJECT)
		hpa_validate_metric_reference(v, child, &s->described, false);
	if (kind == HPA_RESOURCE || kind == HPA_CONTAINER_RESOURCE)
		of_resource(v, path, s, kind == HPA_CONTAINER_RESOURCE);
	else
		of_metric(v, path, s, kind);
	snprintf(child, sizeof(child), "%.120s.target", path);
	target(v, child, &s->target);
}

/* Only the first source that is set is looked at, in this order. */
void hpa_validate_metric(const struct hpa_validate *v, const char *field, const struct hpa_object_metric *m)
{
	static const enum hpa_source order[] = {HPA_OBJECT, HPA_EXTERNAL, HPA_PODS, HPA_RESOURCE,
						HPA_CONTAINER_RESOURCE};
	static const char supported[] =
		"supported values: \"ContainerResource\", \"External\", \"Object\", \"Pods\", \"Resource\"";
	size_t present = 0, type = 0;

	while (type < HPA_SOURCES && strcmp(m->type, types[type]) != 0)
		type++;
	if (!*m->type)
		fault(v, HPA_FAULT_REQUIRED, field, "type", "must specify a metric source type");
	for (size_t i = 0; i < (type == HPA_SOURCES ? 2 : 0); i++) /* Kubernetes says it twice */
		fault(v, HPA_FAULT_NOT_SUPPORTED, field, "type", supported);
	for (size_t i = 0; i < HPA_SOURCES; i++)
		if (m->source[order[i]].set && !present++)
			source(v, field, &m->source[order[i]], order[i]);
	if (type < HPA_SOURCES && !m->source[type].set)
		fault(v, HPA_FAULT_REQUIRED, field, keys[type],
		      "must populate information for the given metric source");
	for (size_t i = 0; i < HPA_SOURCES; i++)
		if (present > 1 && i != type && m->source[i].set)
			fault(v, HPA_FAULT_FORBIDDEN, field, keys[i], "must populate the given metric source only");
}
