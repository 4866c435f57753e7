/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_workload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide/quantity_parse.h"

bool manifest_workload_is(const char *api_version, const char *kind)
{
	static const char *const kinds[] = {"Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"};

	if (!strcmp(api_version, "v1"))
		return !strcmp(kind, "ReplicationController");
	for (size_t i = 0; !strcmp(api_version, "apps/v1") && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

void manifest_workload_done(struct manifest_workload *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->request[i].container);
	free(w->request);
	free(w->name);
	free(w->kind);
	free(w->ns);
}

static const char *text_of(const struct yaml_node *in, const char *key, const char *otherwise)
{
	const struct yaml_node *n = yaml_get(in, key);

	return n && n->kind == YAML_SCALAR && *n->text ? n->text : otherwise;
}

/* As Kubernetes' defaults: without a request the limit is one. */
static int read_amount(const struct yaml_doc *doc, const struct yaml_node *container, const char *resource,
		       int64_t *ret_milli, struct err *e)
{
	const struct yaml_node *resources = yaml_get(container, "resources");
	const struct yaml_node *at = yaml_get(yaml_get(resources, "requests"), resource);
	struct quantity q;

	if (!at)
		at = yaml_get(yaml_get(resources, "limits"), resource);
	*ret_milli = -1;
	if (!at)
		return 0;
	if (at->kind != YAML_SCALAR || quantity_parse(at->text, strlen(at->text), &q) < 0 || quantity_sign(&q) < 0) {
		yaml_err(doc, at, e, -EINVAL, "%s: this is no quantity", resource);
		return err_cause(e, "it is one such as 250m, 0.5 or 64Mi");
	}
	*ret_milli = quantity_milli(&q);
	return 0;
}

static int read_container(const struct yaml_doc *doc, const struct yaml_node *n, struct manifest_workload *w,
			  struct err *e)
{
	struct manifest_request *r;

	w->request = mem_array(w->request, w->n + 1, sizeof(*r));
	r = &w->request[w->n++];
	*r = (struct manifest_request){.container = mem_strdup(text_of(n, "name", ""))};
	if (read_amount(doc, n, "cpu", &r->cpu_milli, e) < 0)
		return -EINVAL;
	return read_amount(doc, n, "memory", &r->memory_milli, e);
}

static bool is_sidecar(const struct yaml_node *n)
{
	return !strcmp(text_of(n, "restartPolicy", ""), "Always");
}

static int read_containers(const struct yaml_doc *doc, const struct yaml_node *pod, const char *key,
			   struct manifest_workload *w, struct err *e)
{
	const struct yaml_node *list = yaml_get(pod, key);
	bool are_init = !strcmp(key, "initContainers");
	int code = 0;

	if (!list || list->kind != YAML_SEQUENCE)
		return 0;
	for (const struct yaml_node *n = list->child; n && code == 0; n = n->next)
		if (!are_init || is_sidecar(n))
			code = read_container(doc, n, w, e);
	return code;
}

int manifest_workload_read(const struct yaml_doc *doc, struct manifest_workload *ret, struct err *e)
{
	const struct yaml_node *metadata = yaml_get(doc->root, "metadata");
	const struct yaml_node *template = yaml_get(yaml_get(doc->root, "spec"), "template");
	const struct yaml_node *pod = yaml_get(template, "spec");
	int code;

	ret->kind = mem_strdup(text_of(doc->root, "kind", ""));
	ret->name = mem_strdup(text_of(metadata, "name", ""));
	ret->ns = mem_strdup(text_of(metadata, "namespace", "default"));
	code = read_containers(doc, pod, "containers", ret, e);
	return code < 0 ? code : read_containers(doc, pod, "initContainers", ret, e);
}

void manifest_workload_tell(const struct manifest_workload *w, struct hpa_manifest *m)
{
	if (strcmp(w->kind, m->spec->target_kind) != 0 || strcmp(w->name, m->spec->target_name) != 0 ||
	    strcmp(w->ns, m->ns) != 0)
		return;
	for (size_t i = 0; i < w->n; i++)
		if (*w->request[i].container)
			(void)hpa_manifest_request(m, w->request[i].container, w->request[i].cpu_milli,
						   w->request[i].memory_milli);
}
