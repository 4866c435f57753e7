/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/vpa_document.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/fields.h"
#include "aggregator/store/owner.h"
#include "base/mem.h"

/* --- who ---------------------------------------------------------------------------------------- */

static int read_target(const struct fields *f, const struct yaml_node *spec, const char *ns, struct vpa_manifest *m)
{
	const struct yaml_node *ref, *annotations = yaml_get(yaml_get(f->doc->root, "metadata"), "annotations");
	const char *glob = fields_peek(annotations, "plimsoll.io/replicas"), *kind, *name;
	int code = fields_mapping(f, spec, "targetRef", YAML_NAMES("apiVersion", "kind", "name"), &ref);

	if (code < 0)
		return code;
	kind = fields_peek(ref, "kind");
	name = fields_peek(ref, "name");
	if (!kind || !name)
		return fields_complain(f, ref ? ref : spec, "targetRef has no kind or no name", "it says whose containers are sized");
	if (!glob && !owner_is_kind(kind))
		return fields_complain(f, yaml_get(ref, "kind"), "replicas of a target of this kind cannot be told",
				"the annotation plimsoll.io/replicas says which they are");
	m->target = mem_printf("%s %s/%s", kind, ns, name);
	m->target_name = mem_strdup(name);
	m->cgroup = glob ? mem_strdup(glob) : mem_printf(OWNER_PREFIX "%s/%s/%s", kind, ns, name);
	return 0;
}

static int read_name(const struct fields *f, struct vpa_manifest *m, const char **ret_ns)
{
	const struct yaml_node *metadata = yaml_get(f->doc->root, "metadata"), *at = yaml_get(metadata, "name");
	const char *name = fields_peek(metadata, "name"), *ns = fields_peek(metadata, "namespace");

	if (!name)
		return fields_complain(f, metadata, "metadata.name is missing", "recommendations are told by it");
	m->name = mem_printf("%s%s%s", ns ? ns : "", ns ? "/" : "", name);
	m->where = fields_where(f->doc, at);
	*ret_ns = ns ? ns : "default";
	return 0;
}

/* --- how ---------------------------------------------------------------------------------------- */

static int read_amounts(const struct fields *f, const struct yaml_node *in, const char *key, int64_t *ret)
{
	static const char *const names[VPA_RESOURCES] = {[VPA_CPU] = "cpu", [VPA_MEMORY] = "memory"};
	const struct yaml_node *amounts;
	int code = fields_mapping(f, in, key, names, VPA_RESOURCES, &amounts);
	struct quantity q;
	bool there;

	for (int i = 0; i < VPA_RESOURCES && code == 0; i++) {
		code = fields_amount(f, amounts, names[i], &q, &there);
		if (code == 0 && there)
			ret[i] = i == VPA_CPU ? quantity_milli(&q) : quantity_value(&q);
	}
	return code;
}

static int read_controlled(const struct fields *f, const struct yaml_node *in, struct vpa_policy *p)
{
	const struct yaml_node *list = yaml_get(in, "controlledResources");

	if (!list)
		return 0;
	if (list->kind != YAML_SEQUENCE)
		return fields_complain(f, list, "controlledResources is no list", "it is one of cpu and memory");
	p->controlled[VPA_CPU] = p->controlled[VPA_MEMORY] = false;
	for (const struct yaml_node *n = list->child; n; n = n->next) {
		bool is_cpu = n->kind == YAML_SCALAR && !strcmp(n->text, "cpu");

		if (!is_cpu && (n->kind != YAML_SCALAR || strcmp(n->text, "memory") != 0))
			return fields_complain(f, n, "this resource is not known", "controlledResources are cpu and memory");
		p->controlled[is_cpu ? VPA_CPU : VPA_MEMORY] = true;
	}
	return 0;
}

static int read_policy(const struct fields *f, const struct yaml_node *n, struct vpa_policy *p)
{
	const char *container = fields_peek(n, "containerName"), *mode = "Auto";
	int code = yaml_known(f->doc, n,
			      YAML_NAMES("containerName", "mode", "minAllowed", "maxAllowed", "controlledResources",
				    "controlledValues"),
			      f->e);

	if (code < 0)
		return code;
	*p = vpa_policy_default;
	container = container ? container : "*";
	if (strlen(container) >= sizeof(p->container))
		return fields_complain(f, n, "containerName is too long", "63 letters are the most");
	memcpy(p->container, container, strlen(container) + 1);
	code = fields_word(f, n, "mode", YAML_NAMES("Auto", "Off"), &mode);
	p->off = !strcmp(mode, "Off");
	if (code == 0)
		code = read_amounts(f, n, "minAllowed", p->min_allowed);
	if (code == 0)
		code = read_amounts(f, n, "maxAllowed", p->max_allowed);
	for (int i = 0; i < VPA_RESOURCES && code == 0; i++)
		if (p->min_allowed[i] != VPA_UNSET && p->max_allowed[i] > 0 && p->min_allowed[i] > p->max_allowed[i])
			code = fields_complain(f, yaml_get(n, "minAllowed"), "minAllowed is above maxAllowed",
					"no amount satisfies both");
	return code < 0 ? code : read_controlled(f, n, p);
}

static int read_policies(const struct fields *f, const struct yaml_node *spec, struct vpa_manifest *m)
{
	const struct yaml_node *policy, *list;
	int code = fields_mapping(f, spec, "resourcePolicy", YAML_NAMES("containerPolicies"), &policy);

	list = policy ? yaml_get(policy, "containerPolicies") : NULL;
	if (code == 0 && list && list->kind != YAML_SEQUENCE)
		return fields_complain(f, list, "containerPolicies is no list", "each entry is about one container");
	for (const struct yaml_node *n = list ? list->child : NULL; n && code == 0; n = n->next) {
		if (m->n == VPA_DOCUMENT_POLICIES)
			return fields_complain(f, n, "too many containerPolicies", "64 are the most");
		code = read_policy(f, n, &m->policy[m->n++]);
	}
	return code;
}

static int read_mode(const struct fields *f, const struct yaml_node *spec, struct vpa_manifest *m)
{
	const struct yaml_node *update;
	const char *mode = "Auto";
	int code = fields_mapping(f, spec, "updatePolicy", YAML_NAMES("updateMode", "minReplicas", "evictionRequirements"), &update);

	if (code == 0 && update)
		code = fields_word(f, update, "updateMode", YAML_NAMES("Off", "Initial", "Recreate", "InPlaceOrRecreate", "Auto"), &mode);
	if (code == 0)
		m->mode = mem_strdup(mode);
	return code;
}

int vpa_document_read(const struct yaml_doc *doc, struct vpa_manifest *m, struct err *e)
{
	const struct fields *f = &(struct fields){doc, e};
	const char *ns = "", *version = fields_peek(doc->root, "apiVersion");
	const struct yaml_node *spec = NULL;
	int code = yaml_known(doc, doc->root, YAML_NAMES("apiVersion", "kind", "metadata", "spec", "status"), e);

	if (code < 0)
		return code;
	if (!version || strcmp(version, "autoscaling.k8s.io/v1") != 0)
		return fields_complain(f, yaml_get(doc->root, "apiVersion"), "this version of " VPA_DOCUMENT_KIND " is not read",
				"autoscaling.k8s.io/v1 is");
	code = read_name(f, m, &ns);
	if (code == 0)
		code = fields_mapping(f, doc->root, "spec", YAML_NAMES("targetRef", "updatePolicy", "resourcePolicy", "recommenders"), &spec);
	if (code == 0 && !spec)
		return fields_complain(f, doc->root, "spec is missing", "it is the autoscaler itself");
	if (code == 0)
		code = read_target(f, spec, ns, m);
	if (code == 0)
		code = read_mode(f, spec, m);
	return code < 0 ? code : read_policies(f, spec, m);
}

void vpa_document_copy(const struct vpa_manifest *m, struct vpa_manifest *ret)
{
	*ret = *m;
	ret->name = mem_strdup(m->name);
	ret->target = mem_strdup(m->target);
	ret->target_name = mem_strdup(m->target_name);
	ret->cgroup = mem_strdup(m->cgroup);
	ret->mode = mem_strdup(m->mode);
	ret->where = mem_strdup(m->where);
}

void vpa_document_done(struct vpa_manifest *m)
{
	free(m->name);
	free(m->target);
	free(m->target_name);
	free(m->cgroup);
	free(m->mode);
	free(m->where);
	*m = (struct vpa_manifest){0};
}
