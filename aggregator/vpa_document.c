/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/vpa_document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/owner.h"
#include "base/mem.h"
#include "decide/quantity_parse.h"

#define NAMES(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

struct reader {
	const struct yaml_doc *doc;
	struct err *e;
};

static int complain(const struct reader *r, const struct yaml_node *at, const char *what, const char *cause)
{
	yaml_err(r->doc, at ? at : r->doc->root, r->e, -EINVAL, "%s", what);
	return err_cause(r->e, "%s", cause);
}

static const char *text_of(const struct yaml_node *in, const char *key)
{
	const struct yaml_node *n = yaml_get(in, key);

	return n && n->kind == YAML_SCALAR && *n->text ? n->text : NULL;
}

/* The mapping `key` of `in` with none but these keys; *ret NULL when it is absent. */
static int mapping(const struct reader *r, const struct yaml_node *in, const char *key, const char *const *names,
		   size_t n, const struct yaml_node **ret)
{
	*ret = yaml_get(in, key);
	return *ret ? yaml_known(r->doc, *ret, names, n, r->e) : 0;
}

/* One of the words; *ret stays when it is absent. */
static int word(const struct reader *r, const struct yaml_node *in, const char *key, const char *const *words,
		size_t n, const char **ret)
{
	const char *text = text_of(in, key), *near;

	if (!yaml_get(in, key))
		return 0;
	for (size_t i = 0; text && i < n; i++)
		if (!strcmp(text, words[i])) {
			*ret = words[i];
			return 0;
		}
	near = text ? err_nearest(text, words, n) : NULL;
	yaml_err(r->doc, yaml_get(in, key), r->e, -EINVAL, "%s: %.40s is no value for it", key, text ? text : "this");
	err_cause(r->e, "the VerticalPodAutoscaler does not know it");
	return near ? err_fix(r->e, "did you mean %s?", near) : -EINVAL;
}

/* --- who ---------------------------------------------------------------------------------------- */

static int read_target(const struct reader *r, const struct yaml_node *spec, const char *ns, struct vpa_manifest *m)
{
	const struct yaml_node *ref, *annotations = yaml_get(yaml_get(r->doc->root, "metadata"), "annotations");
	const char *glob = text_of(annotations, "plimsoll.io/replicas"), *kind, *name;
	int code = mapping(r, spec, "targetRef", NAMES("apiVersion", "kind", "name"), &ref);

	if (code < 0)
		return code;
	kind = text_of(ref, "kind");
	name = text_of(ref, "name");
	if (!kind || !name)
		return complain(r, ref ? ref : spec, "targetRef has no kind or no name", "it says whose containers are sized");
	if (!glob && !owner_is_kind(kind))
		return complain(r, yaml_get(ref, "kind"), "replicas of a target of this kind cannot be told",
				"the annotation plimsoll.io/replicas says which they are");
	m->target = mem_printf("%s %s/%s", kind, ns, name);
	m->target_name = mem_strdup(name);
	m->cgroup = glob ? mem_strdup(glob) : mem_printf(OWNER_PREFIX "%s/%s/%s", kind, ns, name);
	return 0;
}

static int read_name(const struct reader *r, struct vpa_manifest *m, const char **ret_ns)
{
	const struct yaml_node *metadata = yaml_get(r->doc->root, "metadata"), *at = yaml_get(metadata, "name");
	const char *name = text_of(metadata, "name"), *ns = text_of(metadata, "namespace");

	if (!name)
		return complain(r, metadata, "metadata.name is missing", "recommendations are told by it");
	m->name = mem_printf("%s%s%s", ns ? ns : "", ns ? "/" : "", name);
	m->where = mem_printf("%s:%u:%u", r->doc->file, at->line, at->column);
	*ret_ns = ns ? ns : "default";
	return 0;
}

/* --- how ---------------------------------------------------------------------------------------- */

static int read_amounts(const struct reader *r, const struct yaml_node *in, const char *key, int64_t *ret)
{
	static const char *const names[VPA_RESOURCES] = {[VPA_CPU] = "cpu", [VPA_MEMORY] = "memory"};
	const struct yaml_node *amounts;
	int code = mapping(r, in, key, names, VPA_RESOURCES, &amounts);
	struct quantity q;

	for (int i = 0; i < VPA_RESOURCES && code == 0; i++) {
		const struct yaml_node *n = yaml_get(amounts, names[i]);

		if (!n)
			continue;
		if (n->kind != YAML_SCALAR || quantity_parse(n->text, strlen(n->text), &q) < 0 || quantity_sign(&q) < 0)
			return complain(r, n, "this is no amount", "it is a quantity such as 250m or 64Mi");
		ret[i] = i == VPA_CPU ? quantity_milli(&q) : quantity_value(&q);
	}
	return code;
}

static int read_controlled(const struct reader *r, const struct yaml_node *in, struct vpa_policy *p)
{
	const struct yaml_node *list = yaml_get(in, "controlledResources");

	if (!list)
		return 0;
	if (list->kind != YAML_SEQUENCE)
		return complain(r, list, "controlledResources is no list", "it is one of cpu and memory");
	p->controlled[VPA_CPU] = p->controlled[VPA_MEMORY] = false;
	for (const struct yaml_node *n = list->child; n; n = n->next) {
		bool is_cpu = n->kind == YAML_SCALAR && !strcmp(n->text, "cpu");

		if (!is_cpu && (n->kind != YAML_SCALAR || strcmp(n->text, "memory") != 0))
			return complain(r, n, "this resource is not known", "controlledResources are cpu and memory");
		p->controlled[is_cpu ? VPA_CPU : VPA_MEMORY] = true;
	}
	return 0;
}

static int read_policy(const struct reader *r, const struct yaml_node *n, struct vpa_policy *p)
{
	const char *container = text_of(n, "containerName"), *mode = "Auto";
	int code = yaml_known(r->doc, n,
			      NAMES("containerName", "mode", "minAllowed", "maxAllowed", "controlledResources",
				    "controlledValues"),
			      r->e);

	if (code < 0)
		return code;
	*p = vpa_policy_default;
	container = container ? container : "*";
	if (strlen(container) >= sizeof(p->container))
		return complain(r, n, "containerName is too long", "63 letters are the most");
	memcpy(p->container, container, strlen(container) + 1);
	code = word(r, n, "mode", NAMES("Auto", "Off"), &mode);
	p->off = !strcmp(mode, "Off");
	if (code == 0)
		code = read_amounts(r, n, "minAllowed", p->min_allowed);
	if (code == 0)
		code = read_amounts(r, n, "maxAllowed", p->max_allowed);
	for (int i = 0; i < VPA_RESOURCES && code == 0; i++)
		if (p->min_allowed[i] != VPA_UNSET && p->max_allowed[i] > 0 && p->min_allowed[i] > p->max_allowed[i])
			code = complain(r, yaml_get(n, "minAllowed"), "minAllowed is above maxAllowed",
					"no amount satisfies both");
	return code < 0 ? code : read_controlled(r, n, p);
}

static int read_policies(const struct reader *r, const struct yaml_node *spec, struct vpa_manifest *m)
{
	const struct yaml_node *policy, *list;
	int code = mapping(r, spec, "resourcePolicy", NAMES("containerPolicies"), &policy);

	list = policy ? yaml_get(policy, "containerPolicies") : NULL;
	if (code == 0 && list && list->kind != YAML_SEQUENCE)
		return complain(r, list, "containerPolicies is no list", "each entry is about one container");
	for (const struct yaml_node *n = list ? list->child : NULL; n && code == 0; n = n->next) {
		if (m->n == VPA_DOCUMENT_POLICIES)
			return complain(r, n, "too many containerPolicies", "64 are the most");
		code = read_policy(r, n, &m->policy[m->n++]);
	}
	return code;
}

static int read_mode(const struct reader *r, const struct yaml_node *spec, struct vpa_manifest *m)
{
	const struct yaml_node *update;
	const char *mode = "Auto";
	int code = mapping(r, spec, "updatePolicy", NAMES("updateMode", "minReplicas", "evictionRequirements"), &update);

	if (code == 0 && update)
		code = word(r, update, "updateMode", NAMES("Off", "Initial", "Recreate", "InPlaceOrRecreate", "Auto"), &mode);
	if (code == 0)
		m->mode = mem_strdup(mode);
	return code;
}

int vpa_document_read(const struct yaml_doc *doc, struct vpa_manifest *m, struct err *e)
{
	const struct reader *r = &(struct reader){doc, e};
	const char *ns = "", *version = text_of(doc->root, "apiVersion");
	const struct yaml_node *spec = NULL;
	int code = yaml_known(doc, doc->root, NAMES("apiVersion", "kind", "metadata", "spec", "status"), e);

	if (code < 0)
		return code;
	if (!version || strcmp(version, "autoscaling.k8s.io/v1") != 0)
		return complain(r, yaml_get(doc->root, "apiVersion"), "this version of " VPA_DOCUMENT_KIND " is not read",
				"autoscaling.k8s.io/v1 is");
	code = read_name(r, m, &ns);
	if (code == 0)
		code = mapping(r, doc->root, "spec", NAMES("targetRef", "updatePolicy", "resourcePolicy", "recommenders"), &spec);
	if (code == 0 && !spec)
		return complain(r, doc->root, "spec is missing", "it is the autoscaler itself");
	if (code == 0)
		code = read_target(r, spec, ns, m);
	if (code == 0)
		code = read_mode(r, spec, m);
	return code < 0 ? code : read_policies(r, spec, m);
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
