/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_workload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/fields.h"
#include "base/mem.h"

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
	free(w->where);
	free(w->name);
	free(w->kind);
	free(w->ns);
}

void manifest_workload_copy(const struct manifest_workload *w, struct manifest_workload *ret)
{
	*ret = (struct manifest_workload){.ns = mem_strdup(w->ns),
					  .kind = mem_strdup(w->kind),
					  .name = mem_strdup(w->name),
					  .where = mem_strdup(w->where),
					  .n = w->n,
					  .request = mem_array(NULL, w->n + 1, sizeof(*w->request))};
	for (size_t i = 0; i < w->n; i++) {
		ret->request[i] = w->request[i];
		ret->request[i].container = mem_strdup(w->request[i].container);
	}
}

static const char *text_or(const struct yaml_node *in, const char *key, const char *otherwise)
{
	const char *text = fields_peek(in, key);

	return text ? text : otherwise;
}

/* As Kubernetes' defaults: without a request the limit is one. */
static int read_amount(const struct fields *f, const struct yaml_node *container, const char *resource,
		       int64_t *ret_milli)
{
	const struct yaml_node *resources = yaml_get(container, "resources"), *requests = yaml_get(resources, "requests");
	const struct yaml_node *in = yaml_get(requests, resource) ? requests : yaml_get(resources, "limits");
	struct quantity q;
	bool there;
	int code = fields_amount(f, in, resource, &q, &there);

	*ret_milli = code == 0 && there ? quantity_milli(&q) : -1;
	if (code == 0 && there && !quantity_milli_fits(&q))
		return fields_no_value(f, yaml_get(in, resource), resource,
				       "it is counted in thousandths: 9223372036854775807m is the most, and no node has as much");
	return code;
}

static int read_container(const struct fields *f, const struct yaml_node *n, struct manifest_workload *w)
{
	struct manifest_request *r;

	w->request = mem_array(w->request, w->n + 1, sizeof(*r));
	r = &w->request[w->n++];
	*r = (struct manifest_request){.container = mem_strdup(text_or(n, "name", ""))};
	if (read_amount(f, n, "cpu", &r->cpu_milli) < 0)
		return -EINVAL;
	return read_amount(f, n, "memory", &r->memory_milli);
}

static bool is_sidecar(const struct yaml_node *n)
{
	return !strcmp(text_or(n, "restartPolicy", ""), "Always");
}

static int read_containers(const struct fields *f, const struct yaml_node *pod, const char *key,
			   struct manifest_workload *w)
{
	const struct yaml_node *list = yaml_get(pod, key);
	bool are_init = !strcmp(key, "initContainers");
	int code = 0;

	if (!list || list->kind != YAML_SEQUENCE)
		return 0;
	for (const struct yaml_node *n = list->child; n && code == 0; n = n->next)
		if (!are_init || is_sidecar(n))
			code = read_container(f, n, w);
	return code;
}

int manifest_workload_read(const struct yaml_doc *doc, struct manifest_workload *ret, struct err *e)
{
	const struct fields *f = &(struct fields){doc, e};
	const struct yaml_node *metadata = yaml_get(doc->root, "metadata");
	const struct yaml_node *template = yaml_get(yaml_get(doc->root, "spec"), "template");
	const struct yaml_node *pod = yaml_get(template, "spec");
	int code;

	ret->kind = mem_strdup(text_or(doc->root, "kind", ""));
	ret->name = mem_strdup(text_or(metadata, "name", ""));
	ret->ns = mem_strdup(text_or(metadata, "namespace", "default"));
	ret->where = fields_where(doc, doc->root);
	code = read_containers(f, pod, "containers", ret);
	return code < 0 ? code : read_containers(f, pod, "initContainers", ret);
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
