/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aggregator/hpa_document.h"
#include "aggregator/hpa_manifest.h"
#include "aggregator/manifest_document.h"
#include "aggregator/manifest_set.h"
#include "base/mem.h"

/* --- one policy --------------------------------------------------------------------------------- */

const char *manifest_kind(const struct manifest *m)
{
	return m->hpa ? HPA_DOCUMENT_KIND : "ScalingPolicy";
}

static char **copy_words(char **words)
{
	char **copy;

	if (!words)
		return NULL;
	copy = mem_zero((MANIFEST_COMMAND_WORDS + 1) * sizeof(*copy));
	for (size_t i = 0; words[i]; i++)
		copy[i] = mem_strdup(words[i]);
	return copy;
}

void manifest_copy(const struct manifest *m, struct manifest *ret)
{
	*ret = (struct manifest){.policy = m->policy,
				 .hpa = hpa_manifest_copy(m->hpa),
				 .cgroup = mem_strdup(m->cgroup),
				 .command = copy_words(m->command),
				 .timeout_ns = m->timeout_ns,
				 .where = mem_strdup(m->where)};
}

void manifest_done(struct manifest *m)
{
	for (char **word = m->command; word && *word; word++)
		free(*word);
	free(m->command);
	hpa_manifest_free(m->hpa);
	free(m->cgroup);
	free(m->where);
}

/* --- a set of them ------------------------------------------------------------------------------ */

static void fault_done(struct manifest_fault *f)
{
	free(f->kind);
	free(f->name);
	free(f->where);
}

const char *manifests_vpa(const struct manifests *m, size_t i, const char **ret_where)
{
	*ret_where = m->vpa[i].where;
	return m->vpa[i].name;
}

void manifests_done(struct manifests *m)
{
	while (m->n > 0)
		manifest_done(&m->item[--m->n]);
	while (m->n_vpas > 0)
		vpa_document_done(&m->vpa[--m->n_vpas]);
	while (m->n_workloads > 0)
		manifest_workload_done(&m->workload[--m->n_workloads]);
	while (m->n_faults > 0)
		fault_done(&m->fault[--m->n_faults]);
	free(m->item);
	free(m->vpa);
	free(m->workload);
	free(m->fault);
	*m = (struct manifests){0};
}

void manifests_read(const struct opt_list *paths, const struct manifests_before *before, struct manifests *ret)
{
	struct manifest_documents all = {0};

	for (size_t i = 0; i < paths->n; i++)
		manifest_documents_read(&all, paths->items[i]);
	manifest_set_make(&all, before, ret);
	manifest_documents_done(&all);
}

static int need_good(struct manifests *m, struct err *e)
{
	int code;

	if (!m->n_faults)
		return 0;
	code = m->fault[0].why.code;
	if (e)
		*e = m->fault[0].why;
	manifests_done(m);
	return code;
}

int manifests_load(const struct opt_list *paths, struct manifests *ret, struct err *e)
{
	manifests_read(paths, NULL, ret);
	return need_good(ret, e);
}

int manifests_parse(const char *name, const char *bytes, size_t size, struct manifests *ret, struct err *e)
{
	struct manifest_documents all = {0};

	manifest_documents_parse(&all, name, bytes, size);
	manifest_set_make(&all, NULL, ret);
	manifest_documents_done(&all);
	return need_good(ret, e);
}

int manifests_there(const struct opt_list *paths, struct err *e)
{
	for (size_t i = 0; i < paths->n; i++) {
		const char *path = paths->items[i];

		if (access(path, R_OK) == 0)
			continue;
		err_set(e, -errno, "%.200s: cannot be read", path);
		err_cause(e, "%s", strerror(errno));
		return err_fix(e, "check --policy, and who may read it: ls -l");
	}
	return 0;
}
