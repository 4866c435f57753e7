/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/fields.h"
#include "aggregator/hpa_json.h"
#include "aggregator/hpa_manifest.h"
#include "aggregator/manifest_exec.h"
#include "aggregator/store/owner.h"
#include "base/clock.h"
#include "base/mem.h"

#define PREFIX "plimsoll.io/"

/* --- metadata ----------------------------------------------------------------------------------- */

/* Its policy is called as it is; with the namespace before it, if the document names one. */
static int read_name(const struct fields *f, struct manifest *m, const char **ret_ns)
{
	const struct yaml_node *metadata = yaml_get(f->doc->root, "metadata"), *at;
	const char *name = fields_peek(metadata, "name"), *ns = fields_peek(metadata, "namespace");
	int n;

	if (!name)
		return fields_complain(f, metadata ? metadata : f->doc->root, "metadata.name is missing",
				"a policy needs a name");
	at = yaml_get(metadata, "name");
	n = snprintf(m->policy.name, sizeof(m->policy.name), "%s%s%s", ns ? ns : "", ns ? "/" : "", name);
	if (n >= (int)sizeof(m->policy.name))
		return fields_complain(f, at, "the name is too long", "63 bytes are the most, with its namespace");
	m->where = fields_where(f->doc, at);
	*ret_ns = ns ? ns : "default";
	return 0;
}

/* --- annotations -------------------------------------------------------------------------------- */

static int check_annotations(const struct fields *f, const struct yaml_node *annotations)
{
	static const char *const names[] = {PREFIX "mode",	     PREFIX "replicas", PREFIX "cpu-request",
					    PREFIX "memory-request", PREFIX "exec",	PREFIX "exec-timeout-seconds"};
	const struct yaml_node *n = annotations ? annotations->child : NULL;

	if (annotations && annotations->kind != YAML_MAPPING)
		return fields_complain(f, annotations, "annotations are no fields", "each has a name and a text");
	for (; n; n = n->next) {
		struct yaml_node one = *n;
		const struct yaml_node alone = {.kind = YAML_MAPPING, .child = &one};

		one.next = NULL;
		if (strncmp(n->key, PREFIX, strlen(PREFIX)) != 0)
			continue; /* somebody else's */
		if (yaml_known(f->doc, &alone, names, sizeof(names) / sizeof(names[0]), f->e) < 0)
			return -ENOENT;
		if (n->kind != YAML_SCALAR || !*n->text)
			return fields_complain(f, n, "the annotation has no text", "Kubernetes takes nothing else, either");
	}
	return 0;
}

static int read_mode(const struct fields *f, const struct yaml_node *annotations, struct manifest *m)
{
	const char *mode = "Observe";
	int code = fields_word(f, annotations, PREFIX "mode", YAML_NAMES("Enforce", "Observe"), &mode);

	m->policy.enforce = !strcmp(mode, "Enforce");
	return code;
}

static int read_timeout(const struct fields *f, const struct yaml_node *annotations, struct manifest *m)
{
	m->timeout_ns = MANIFEST_EXEC_TIMEOUT_S * CLOCK_NS_PER_S;
	return fields_seconds(f, annotations, PREFIX "exec-timeout-seconds", 1, 600, &m->timeout_ns);
}

/* A list of words inside one text: complaints name the annotation. */
static int read_exec(const struct fields *f, const struct yaml_node *annotations, struct manifest *m)
{
	const char *text = fields_peek(annotations, PREFIX "exec");
	scoped(yaml_freep) struct yaml_doc *list = NULL;
	const struct yaml_node *at = text ? yaml_get(annotations, PREFIX "exec") : NULL;
	int code = read_timeout(f, annotations, m);

	if (code < 0)
		return code;
	if (!text && m->policy.enforce)
		return fields_complain(f, annotations, "the annotation " PREFIX "exec is missing",
				"mode Enforce needs a command: '[/path/to/hook, argument]', and no shell reads it");
	if (!text)
		return 0;
	if (yaml_parse("annotation", text, strlen(text), &list, NULL) < 0)
		return fields_complain(f, at, "this is no list of words", "it is a YAML list such as '[/path/to/hook, argument]'");
	return manifest_exec_words(f, at, list->root, m);
}

static int read_request(const struct fields *f, const struct yaml_node *annotations, const char *key,
			int64_t *ret_milli)
{
	const struct yaml_node *at = yaml_get(annotations, key);
	struct quantity q;
	bool there;
	int code = fields_amount(f, annotations, key, &q, &there);

	*ret_milli = -1;
	if (code < 0 || !there)
		return code;
	*ret_milli = quantity_milli(&q);
	if (quantity_sign(&q) <= 0)
		return fields_no_value(f, at, key, "a share of nothing is no share: it is above 0");
	if (!quantity_milli_fits(&q) || quantity_excess_nano(&q))
		return fields_no_value(f, at, key, "it is counted in thousandths: no finer than 1m, at most 9223372036854775807m");
	return 0;
}

static int read_requests(const struct fields *f, const struct yaml_node *annotations, struct manifest *m)
{
	int64_t cpu, memory;
	int code = read_request(f, annotations, PREFIX "cpu-request", &cpu);

	if (code == 0)
		code = read_request(f, annotations, PREFIX "memory-request", &memory);
	if (code < 0 || (cpu < 0 && memory < 0))
		return code;
	return hpa_manifest_request(m->hpa, "", cpu, memory);
}

/* --- spec --------------------------------------------------------------------------------------- */

static int read_strictly(const struct fields *f, const struct yaml_node *spec, bool is_v1)
{
	static const char *const v1[] = {"scaleTargetRef", "minReplicas", "maxReplicas",
					 "targetCPUUtilizationPercentage"};
	struct hpa_read read = {0};
	char field[128], detail[128];
	int code = is_v1 ? yaml_known(f->doc, spec, v1, 4, f->e) : hpa_read_spec(f->doc, spec, true, &read, f->e);

	if (code == 0 && !is_v1 && !hpa_manifest_judge(&read.object, field, detail, sizeof(field))) {
		code = yaml_err(f->doc, hpa_json_field(f->doc->root, field), f->e, -EINVAL, "%s: %s", field, detail);
		err_cause(f->e, "Kubernetes would refuse this HorizontalPodAutoscaler");
	}
	hpa_read_done(&read);
	return code;
}

static int read_spec(const struct fields *f, const char *ns, bool is_v1, struct manifest *m)
{
	const struct yaml_node *spec = yaml_get(f->doc->root, "spec");
	scoped(freep) char *json = NULL;
	char why[256];
	int code;

	if (!spec || spec->kind != YAML_MAPPING)
		return fields_complain(f, spec ? spec : f->doc->root, "spec is missing or has no fields",
				"it is the autoscaler itself");
	code = read_strictly(f, spec, is_v1);
	if (code < 0)
		return code;
	json = is_v1 ? hpa_json_of_v1(spec) : hpa_json_of(spec);
	if (!json)
		return fields_complain(f, spec, "spec has a text that is no UTF-8", "Kubernetes takes nothing else, either");
	code = hpa_manifest_new(ns, json, &m->hpa, f->e);
	if (code == 0 || !f->e)
		return code;
	snprintf(why, sizeof(why), "%.250s", f->e->what); /* v1, and what only shows in JSON */
	return fields_complain(f, spec, why, "Kubernetes would refuse this HorizontalPodAutoscaler");
}

/* --- target ------------------------------------------------------------------------------------- */

static int read_target(const struct fields *f, const struct yaml_node *annotations, struct manifest *m)
{
	const struct hpa_spec *spec = m->hpa->spec;
	const char *glob = fields_peek(annotations, PREFIX "replicas");
	const struct yaml_node *at = hpa_json_field(f->doc->root, "spec.scaleTargetRef.kind");

	if (glob)
		m->cgroup = mem_strdup(glob);
	else if (owner_is_kind(spec->target_kind))
		m->cgroup = mem_printf(OWNER_PREFIX "%s/%s/%s", spec->target_kind, m->hpa->ns, spec->target_name);
	else if (!strcmp(spec->target_kind, "Unit"))
		m->cgroup = mem_strdup(spec->target_name);
	else
		return fields_complain(f, at, "replicas of a target of this kind cannot be told",
				"Deployment, StatefulSet, ReplicaSet, ReplicationController and Unit (of systemd) can; else the "
				"annotation " PREFIX "replicas says which they are");
	return 0;
}

static void fill_policy(struct manifest *m)
{
	struct policy *p = &m->policy;

	p->min_replicas = (uint32_t)m->hpa->spec->min;
	p->max_replicas = (uint32_t)m->hpa->spec->max;
	p->window_ns = HPA_DOCUMENT_WINDOW_S * CLOCK_NS_PER_S;
	p->fresh_ns = MANIFEST_FRESH_NS;
	p->min_coverage_permille = MANIFEST_COVERAGE_PERMILLE;
}

static int read_version(const struct fields *f, bool *ret_is_v1)
{
	const char *version = fields_peek(f->doc->root, "apiVersion");

	*ret_is_v1 = version && !strcmp(version, "autoscaling/v1");
	if (*ret_is_v1 || (version && !strcmp(version, "autoscaling/v2")))
		return 0;
	return fields_complain(f, yaml_get(f->doc->root, "apiVersion"), "this version of " HPA_DOCUMENT_KIND " is not read",
			"autoscaling/v2 and autoscaling/v1 are; Kubernetes dropped the betas in 1.26");
}

int hpa_document_read(const struct yaml_doc *doc, struct manifest *m, struct err *e)
{
	static const char *const names[] = {"apiVersion", "kind", "metadata", "spec", "status"};
	const struct fields *f = &(struct fields){doc, e};
	const struct yaml_node *metadata = yaml_get(doc->root, "metadata"), *annotations = NULL;
	const char *ns = NULL;
	bool is_v1 = false;
	int code = read_version(f, &is_v1);

	if (code == 0)
		code = yaml_known(doc, doc->root, names, sizeof(names) / sizeof(names[0]), e);
	if (code == 0)
		code = read_name(f, m, &ns);
	if (code == 0) {
		annotations = yaml_get(metadata, "annotations");
		code = check_annotations(f, annotations);
	}
	if (code == 0)
		code = read_mode(f, annotations, m);
	if (code == 0)
		code = read_spec(f, ns, is_v1, m);
	if (code == 0)
		code = read_target(f, annotations, m);
	if (code == 0)
		code = read_requests(f, annotations, m);
	if (code < 0)
		return code;
	fill_policy(m);
	return read_exec(f, annotations, m);
}
