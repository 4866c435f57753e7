/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "aggregator/fields.h"
#include "aggregator/hpa_document.h"
#include "aggregator/hpa_manifest.h"
#include "aggregator/manifest_read.h"
#include "aggregator/manifest_workload.h"
#include "aggregator/vpa_document.h"
#include "base/mem.h"

static void manifest_done(struct manifest *m)
{
	for (char **word = m->command; word && *word; word++)
		free(*word);
	free(m->command);
	hpa_manifest_free(m->hpa);
	free(m->cgroup);
	free(m->where);
}

const char *manifest_kind(const struct manifest *m)
{
	return m->hpa ? HPA_DOCUMENT_KIND : "ScalingPolicy";
}

static void cut(struct manifests *m, size_t n)
{
	while (m->n > n)
		manifest_done(&m->item[--m->n]);
}

static void forget_workloads(struct manifests *m)
{
	for (size_t i = 0; i < m->n_workloads; i++)
		manifest_workload_done(&m->workload[i]);
	free(m->workload);
	m->workload = NULL;
	m->n_workloads = 0;
}

static void drop_vpas(struct manifests *m, size_t n)
{
	while (m->n_vpas > n)
		vpa_document_done(&m->vpa[--m->n_vpas]);
}

void manifests_done(struct manifests *m)
{
	cut(m, 0);
	drop_vpas(m, 0);
	free(m->vpa);
	forget_workloads(m);
	free(m->item);
	*m = (struct manifests){0};
}

/* --- one document ------------------------------------------------------------------------------- */

static int check_new(const struct manifests *all, const struct manifest *m, struct err *e)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct manifest *old = &all->item[i];
		bool same_name = !strcmp(old->policy.name, m->policy.name);

		if (!same_name && strcmp(old->cgroup, m->cgroup) != 0)
			continue;
		if (same_name)
			err_set(e, -EEXIST, "%s: the policy %s is there already", m->where, m->policy.name);
		else
			err_set(e, -EEXIST, "%s: the policy %s is for the replicas of %s", m->where, m->policy.name,
				old->policy.name);
		err_cause(e, same_name ? "it is also at %s" : "two policies would pull at them; the other is at %s",
			  old->where);
		return err_fix(e, "rename or remove one of them");
	}
	if (all->n < MANIFEST_MAX)
		return 0;
	err_set(e, -E2BIG, "%s: too many policies", m->where);
	return err_cause(e, "%d are the most one aggregator takes", MANIFEST_MAX);
}

static int add_policy(const struct yaml_doc *doc, bool is_hpa, struct manifests *to, struct err *e)
{
	struct manifest m = {0};
	int code = is_hpa ? hpa_document_read(doc, &m, e) : manifest_read(doc, &m, e);

	if (code == 0)
		code = check_new(to, &m, e);
	if (code < 0) {
		manifest_done(&m);
		return code;
	}
	to->item = mem_array(to->item, to->n + 1, sizeof(m));
	to->item[to->n++] = m;
	return 0;
}

static int check_new_vpa(const struct yaml_doc *doc, const struct manifests *all, const struct vpa_manifest *v,
			 struct err *e)
{
	for (size_t i = 0; i < all->n_vpas; i++) {
		const struct vpa_manifest *old = &all->vpa[i];

		if (strcmp(old->name, v->name) != 0 && strcmp(old->cgroup, v->cgroup) != 0)
			continue;
		err_set(e, -EEXIST, "%s: there is a " VPA_DOCUMENT_KIND " of that name or for these replicas already",
			v->where);
		err_cause(e, "it is at %s", old->where);
		return err_fix(e, "rename or remove one of them");
	}
	return all->n_vpas < MANIFEST_MAX ? 0
					  : yaml_err(doc, doc->root, e, -E2BIG, "more than %d of this kind", MANIFEST_MAX);
}

static int add_vpa(const struct yaml_doc *doc, struct manifests *to, struct err *e)
{
	struct vpa_manifest v = {0};
	int code = vpa_document_read(doc, &v, e);

	if (code == 0)
		code = check_new_vpa(doc, to, &v, e);
	if (code < 0) {
		vpa_document_done(&v);
		return code;
	}
	to->vpa = mem_array(to->vpa, to->n_vpas + 1, sizeof(v));
	to->vpa[to->n_vpas++] = v;
	return 0;
}

static int add_workload(const struct yaml_doc *doc, struct manifests *to, struct err *e)
{
	struct manifest_workload w = {0};
	int code = to->n_workloads < MANIFEST_WORKLOADS_MAX
			   ? manifest_workload_read(doc, &w, e)
			   : yaml_err(doc, doc->root, e, -E2BIG, "more than %d Deployments and the like",
				      MANIFEST_WORKLOADS_MAX);

	if (code < 0) {
		manifest_workload_done(&w);
		return code;
	}
	to->workload = mem_array(to->workload, to->n_workloads + 1, sizeof(w));
	to->workload[to->n_workloads++] = w;
	return 0;
}

static const char *word(const struct yaml_doc *doc, const char *key)
{
	const char *text = fields_peek(doc->root, key);

	return text ? text : "";
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static int add_document(const struct yaml_doc *doc, struct manifests *to, struct err *e);

/* What `kubectl get -o yaml` makes of several. */
static int add_list(const struct yaml_doc *doc, struct manifests *to, struct err *e)
{
	const struct yaml_node *items = yaml_get(doc->root, "items");
	int code = 0;

	for (const struct yaml_node *n = items ? items->child : NULL; n && code == 0; n = n->next) {
		struct yaml_doc one = {.file = doc->file, .root = (struct yaml_node *)(uintptr_t)n};

		code = add_document(&one, to, e);
	}
	return code;
}

/* A kind of ours under a wrong group is an error, not a document of somebody else. */
static int add_document(const struct yaml_doc *doc, struct manifests *to, struct err *e)
{
	const char *group = word(doc, "apiVersion"), *kind = word(doc, "kind");

	if (!strcmp(kind, HPA_DOCUMENT_KIND))
		return add_policy(doc, true, to, e);
	if (!strcmp(kind, VPA_DOCUMENT_KIND))
		return add_vpa(doc, to, e);
	if (!*group || !*kind || begins(group, "plimsoll.io/") || !strcmp(kind, "ScalingPolicy"))
		return add_policy(doc, false, to, e);
	if (!strcmp(group, "v1") && !strcmp(kind, "List"))
		return add_list(doc, to, e);
	if (manifest_workload_is(group, kind))
		return add_workload(doc, to, e);
	to->left_alone++;
	return 0;
}

/* --- all of them -------------------------------------------------------------------------------- */

static void drop_workloads(struct manifests *m, size_t n)
{
	while (m->n_workloads > n)
		manifest_workload_done(&m->workload[--m->n_workloads]);
}

static int add_documents(const struct yaml_doc *first, struct manifests *to, struct err *e)
{
	size_t before = to->n, workloads = to->n_workloads, vpas = to->n_vpas, left_alone = to->left_alone;

	for (const struct yaml_doc *d = first; d; d = d->next) {
		int code = d->root ? add_document(d, to, e) : 0; /* empty between two "---" */

		if (code < 0) {
			cut(to, before);
			drop_workloads(to, workloads);
			drop_vpas(to, vpas);
			to->left_alone = left_alone;
			return code;
		}
	}
	return 0;
}

/* A Deployment may stand behind its HPA, and in another file. */
static void join(struct manifests *m)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; m->item[i].hpa && k < m->n_workloads; k++)
			manifest_workload_tell(&m->workload[k], m->item[i].hpa);
}

int manifests_parse(const char *name, const char *bytes, size_t size, struct manifests *to,
		    struct err *e)
{
	scoped(yaml_freep) struct yaml_doc *doc = NULL;
	int code = yaml_parse(name, bytes, size, &doc, e);

	if (code == 0)
		code = add_documents(doc, to, e);
	if (code == 0)
		join(to);
	return code;
}

static int load_file(const char *path, struct manifests *to, struct err *e)
{
	scoped(yaml_freep) struct yaml_doc *doc = NULL;
	int code = yaml_load(path, &doc, e);

	return code < 0 ? code : add_documents(doc, to, e);
}

static int is_manifest(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return *d->d_name != '.' && dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

static int load_folder(const char *path, struct manifests *to, struct err *e)
{
	struct dirent **entry;
	int code = 0, n = scandir(path, &entry, is_manifest, alphasort);

	if (n < 0)
		return err_set(e, -errno, "cannot read the folder %s", path);
	for (int i = 0; i < n; i++) {
		scoped(freep) char *file = mem_printf("%s/%s", path, entry[i]->d_name);

		if (code == 0)
			code = load_file(file, to, e);
		free(entry[i]);
	}
	free(entry);
	return code;
}

int manifests_load(const struct opt_list *paths, struct manifests *ret, struct err *e)
{
	struct manifests all = {0};
	struct stat s;
	int code = 0;

	for (size_t i = 0; i < paths->n && code == 0; i++) {
		const char *path = paths->items[i];

		code = stat(path, &s) == 0 && S_ISDIR(s.st_mode) ? load_folder(path, &all, e)
								 : load_file(path, &all, e);
	}
	if (code < 0)
		manifests_done(&all);
	join(&all);
	forget_workloads(&all);
	*ret = all;
	return code;
}
