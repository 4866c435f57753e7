/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/hpa_json.h"
#include "aggregator/hpa_manifest.h"
#include "aggregator/manifest_read.h"
#include "aggregator/store/owner.h"
#include "base/clock.h"
#include "base/mem.h"
#include "decide/quantity_parse.h"

#define PREFIX "plimsoll.io/"

struct reader {
	const struct yaml_doc *doc;
	struct err *e;
};

static int complain(const struct reader *r, const struct yaml_node *at, const char *what, const char *cause)
{
	yaml_err(r->doc, at, r->e, -EINVAL, "%s", what);
	return err_cause(r->e, "%s", cause);
}

/* --- metadata ----------------------------------------------------------------------------------- */

static const char *text_of(const struct yaml_node *in, const char *key)
{
	const struct yaml_node *n = in && in->kind == YAML_MAPPING ? yaml_get(in, key) : NULL;

	return n && n->kind == YAML_SCALAR && *n->text ? n->text : NULL;
}

/* Its policy is called as it is; with the namespace before it, if the document names one. */
static int read_name(const struct reader *r, struct manifest *m, const char **ret_ns)
{
	const struct yaml_node *metadata = yaml_get(r->doc->root, "metadata"), *at;
	const char *name = text_of(metadata, "name"), *ns = text_of(metadata, "namespace");
	int n;

	if (!name)
		return complain(r, metadata ? metadata : r->doc->root, "metadata.name is missing",
				"a policy needs a name");
	at = yaml_get(metadata, "name");
	n = snprintf(m->policy.name, sizeof(m->policy.name), "%s%s%s", ns ? ns : "", ns ? "/" : "", name);
	if (n >= (int)sizeof(m->policy.name))
		return complain(r, at, "the name is too long", "63 bytes are the most, with its namespace");
	m->where = mem_printf("%s:%u:%u", r->doc->file, at->line, at->column);
	*ret_ns = ns ? ns : "default";
	return 0;
}

/* --- annotations -------------------------------------------------------------------------------- */

static int check_annotations(const struct reader *r, const struct yaml_node *annotations)
{
	static const char *const names[] = {PREFIX "mode",	     PREFIX "replicas", PREFIX "cpu-request",
					    PREFIX "memory-request", PREFIX "exec",	PREFIX "exec-timeout-seconds"};
	const struct yaml_node *n = annotations ? annotations->child : NULL;

	if (annotations && annotations->kind != YAML_MAPPING)
		return complain(r, annotations, "annotations are no fields", "each has a name and a text");
	for (; n; n = n->next) {
		struct yaml_node one = *n;
		const struct yaml_node alone = {.kind = YAML_MAPPING, .child = &one};

		one.next = NULL;
		if (strncmp(n->key, PREFIX, strlen(PREFIX)) != 0)
			continue; /* somebody else's */
		if (yaml_known(r->doc, &alone, names, sizeof(names) / sizeof(names[0]), r->e) < 0)
			return -ENOENT;
		if (n->kind != YAML_SCALAR || !*n->text)
			return complain(r, n, "the annotation has no text", "Kubernetes takes nothing else, either");
	}
	return 0;
}

static int read_mode(const struct reader *r, const struct yaml_node *annotations, struct manifest *m)
{
	const char *mode = text_of(annotations, PREFIX "mode");

	m->policy.enforce = mode && !strcmp(mode, "Enforce");
	if (!mode || m->policy.enforce || !strcmp(mode, "Observe"))
		return 0;
	return complain(r, yaml_get(annotations, PREFIX "mode"), "this mode is not known", "it is Enforce or Observe");
}

static int read_timeout(const struct reader *r, const struct yaml_node *annotations, struct manifest *m)
{
	const char *text = text_of(annotations, PREFIX "exec-timeout-seconds");
	char *end;
	unsigned long s = text ? strtoul(text, &end, 10) : MANIFEST_EXEC_TIMEOUT_S;

	m->timeout_ns = s * CLOCK_NS_PER_S;
	if (!text || (!*end && s >= 1 && s <= 600))
		return 0;
	return complain(r, yaml_get(annotations, PREFIX "exec-timeout-seconds"), "this is no time limit",
			"it is a whole number of seconds from 1 to 600");
}

/* A list of words inside one text: complaints name the annotation. */
static int read_exec(const struct reader *r, const struct yaml_node *annotations, struct manifest *m)
{
	const char *text = text_of(annotations, PREFIX "exec");
	scoped(yaml_freep) struct yaml_doc *list = NULL;
	const struct yaml_node *at = text ? yaml_get(annotations, PREFIX "exec") : NULL;
	int code = read_timeout(r, annotations, m);

	if (code < 0)
		return code;
	if (!text && m->policy.enforce)
		return complain(r, annotations, "the annotation " PREFIX "exec is missing",
				"mode Enforce needs a command: '[/path/to/hook, argument]', and no shell reads it");
	if (!text)
		return 0;
	if (yaml_parse("annotation", text, strlen(text), &list, NULL) < 0)
		return complain(r, at, "this is no list of words", "it is a YAML list such as '[/path/to/hook, argument]'");
	return manifest_read_words(r->doc, at, list->root, m, r->e);
}

static int read_request(const struct reader *r, const struct yaml_node *annotations, const char *key,
			int64_t *ret_milli)
{
	const char *text = text_of(annotations, key);
	struct quantity q;

	*ret_milli = -1;
	if (!text)
		return 0;
	if (quantity_parse(text, strlen(text), &q) < 0 || quantity_sign(&q) <= 0)
		return complain(r, yaml_get(annotations, key), "this is no request",
				"it is a quantity above 0, such as 250m or 64Mi");
	*ret_milli = quantity_milli(&q);
	return 0;
}

static int read_requests(const struct reader *r, const struct yaml_node *annotations, struct manifest *m)
{
	int64_t cpu, memory;
	int code = read_request(r, annotations, PREFIX "cpu-request", &cpu);

	if (code == 0)
		code = read_request(r, annotations, PREFIX "memory-request", &memory);
	if (code < 0 || (cpu < 0 && memory < 0))
		return code;
	return hpa_manifest_request(m->hpa, "", cpu, memory);
}

/* --- spec --------------------------------------------------------------------------------------- */

static int read_strictly(const struct reader *r, const struct yaml_node *spec, bool is_v1)
{
	static const char *const v1[] = {"scaleTargetRef", "minReplicas", "maxReplicas",
					 "targetCPUUtilizationPercentage"};
	struct hpa_read read = {0};
	char field[128], detail[128];
	int code = is_v1 ? yaml_known(r->doc, spec, v1, 4, r->e) : hpa_read_spec(r->doc, spec, true, &read, r->e);

	if (code == 0 && !is_v1 && !hpa_manifest_judge(&read.object, field, detail, sizeof(field))) {
		code = yaml_err(r->doc, hpa_json_field(r->doc->root, field), r->e, -EINVAL, "%s: %s", field, detail);
		err_cause(r->e, "Kubernetes would refuse this HorizontalPodAutoscaler");
	}
	hpa_read_done(&read);
	return code;
}

static int read_spec(const struct reader *r, const char *ns, bool is_v1, struct manifest *m)
{
	const struct yaml_node *spec = yaml_get(r->doc->root, "spec");
	scoped(freep) char *json = NULL;
	char why[256];
	int code;

	if (!spec || spec->kind != YAML_MAPPING)
		return complain(r, spec ? spec : r->doc->root, "spec is missing or has no fields",
				"it is the autoscaler itself");
	code = read_strictly(r, spec, is_v1);
	if (code < 0)
		return code;
	json = is_v1 ? hpa_json_of_v1(spec) : hpa_json_of(spec);
	if (!json)
		return complain(r, spec, "spec has a text that is no UTF-8", "Kubernetes takes nothing else, either");
	code = hpa_manifest_new(ns, json, &m->hpa, r->e);
	if (code == 0 || !r->e)
		return code;
	snprintf(why, sizeof(why), "%.250s", r->e->what); /* v1, and what only shows in JSON */
	return complain(r, spec, why, "Kubernetes would refuse this HorizontalPodAutoscaler");
}

/* --- target ------------------------------------------------------------------------------------- */

static int read_target(const struct reader *r, const struct yaml_node *annotations, struct manifest *m)
{
	const struct hpa_spec *spec = m->hpa->spec;
	const char *glob = text_of(annotations, PREFIX "replicas");
	const struct yaml_node *at = hpa_json_field(r->doc->root, "spec.scaleTargetRef.kind");

	if (glob)
		m->cgroup = mem_strdup(glob);
	else if (owner_is_kind(spec->target_kind))
		m->cgroup = mem_printf(OWNER_PREFIX "%s/%s/%s", spec->target_kind, m->hpa->ns, spec->target_name);
	else if (!strcmp(spec->target_kind, "Unit"))
		m->cgroup = mem_strdup(spec->target_name);
	else
		return complain(r, at, "replicas of a target of this kind cannot be told",
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

static int read_version(const struct reader *r, bool *ret_is_v1)
{
	const char *version = text_of(r->doc->root, "apiVersion");

	*ret_is_v1 = version && !strcmp(version, "autoscaling/v1");
	if (*ret_is_v1 || (version && !strcmp(version, "autoscaling/v2")))
		return 0;
	return complain(r, yaml_get(r->doc->root, "apiVersion"), "this version of " HPA_DOCUMENT_KIND " is not read",
			"autoscaling/v2 and autoscaling/v1 are; Kubernetes dropped the betas in 1.26");
}

int hpa_document_read(const struct yaml_doc *doc, struct manifest *m, struct err *e)
{
	static const char *const names[] = {"apiVersion", "kind", "metadata", "spec", "status"};
	const struct reader *r = &(struct reader){doc, e};
	const struct yaml_node *metadata = yaml_get(doc->root, "metadata"), *annotations = NULL;
	const char *ns = NULL;
	bool is_v1 = false;
	int code = read_version(r, &is_v1);

	if (code == 0)
		code = yaml_known(doc, doc->root, names, sizeof(names) / sizeof(names[0]), e);
	if (code == 0)
		code = read_name(r, m, &ns);
	if (code == 0) {
		annotations = yaml_get(metadata, "annotations");
		code = check_annotations(r, annotations);
	}
	if (code == 0)
		code = read_mode(r, annotations, m);
	if (code == 0)
		code = read_spec(r, ns, is_v1, m);
	if (code == 0)
		code = read_target(r, annotations, m);
	if (code == 0)
		code = read_requests(r, annotations, m);
	if (code < 0)
		return code;
	fill_policy(m);
	return read_exec(r, annotations, m);
}
