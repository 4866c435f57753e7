/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_set.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/merge.h"
#include "base/mem.h"

struct part { /* the documents and versions of one class, as they are merged */
	enum manifest_class class;
	struct merge merge;
	struct merge_item *document, *before;
	size_t *of;          /* index of each document */
	const char **where;  /* of each version of before */
	char **owned;        /* texts that are made for this */
	size_t n_owned;
	size_t at;           /* the next document to come */
};

static struct merge_item *new_items(size_t n)
{
	return mem_zero((n + 1) * sizeof(struct merge_item));
}

static char *own(struct part *p, char *text)
{
	p->owned = mem_array(p->owned, p->n_owned + 1, sizeof(*p->owned));
	return p->owned[p->n_owned++] = text;
}

/* "FILE:LINE:COLUMN" without the last two. */
static char *file_of(const char *where)
{
	char *file = mem_strdup(where);

	for (int i = 0; i < 2; i++)
		if (strrchr(file, ':'))
			*strrchr(file, ':') = '\0';
	return file;
}

/* --- what is merged ----------------------------------------------------------------------------- */

static const char *selects(const struct manifest_document *d)
{
	return d->class == MANIFEST_POLICY ? d->policy.cgroup : d->class == MANIFEST_VPA ? d->vpa->cgroup : NULL;
}

static void add_documents(struct part *p, const struct manifest_documents *all)
{
	p->document = new_items(all->n);
	p->of = mem_zero((all->n + 1) * sizeof(*p->of));
	for (size_t i = 0; i < all->n; i++) {
		const struct manifest_document *d = &all->item[i];

		if (d->class != p->class && d->class != MANIFEST_UNKNOWN)
			continue;
		p->of[p->merge.n] = i;
		p->document[p->merge.n++] =
			(struct merge_item){d->key, d->why ? NULL : selects(d), d->file, d->why != NULL};
	}
}

static void add_version(struct part *p, const char *name, const char *selects, const char *where)
{
	p->where[p->merge.n_before] = where;
	p->before[p->merge.n_before++] = (struct merge_item){name, selects, own(p, file_of(where)), false};
}

static void add_versions(struct part *p, const struct manifests_before *b)
{
	size_t n = p->class == MANIFEST_POLICY ? b->n : p->class == MANIFEST_VPA ? b->n_vpas : b->n_workloads;

	p->before = new_items(n);
	p->where = mem_zero((n + 1) * sizeof(*p->where));
	for (size_t i = 0; i < n; i++) {
		const struct manifest_workload *w = &b->workload[i];

		if (p->class == MANIFEST_POLICY)
			add_version(p, b->item[i]->policy.name, b->item[i]->cgroup, b->item[i]->where);
		else if (p->class == MANIFEST_VPA)
			add_version(p, b->vpa[i]->name, b->vpa[i]->cgroup, b->vpa[i]->where);
		else
			add_version(p, own(p, mem_printf("%s %s/%s", w->kind, w->ns, w->name)), NULL, w->where);
	}
}

static void part_begin(struct part *p, enum manifest_class class, const struct manifest_documents *all,
		       const struct manifests_before *before)
{
	*p = (struct part){.class = class, .merge.may_double = class == MANIFEST_WORKLOAD};
	add_documents(p, all);
	add_versions(p, before);
	p->merge.document = p->document;
	p->merge.before = p->before;
	merge(&p->merge);
}

static void part_done(struct part *p)
{
	merge_done(&p->merge);
	while (p->n_owned > 0)
		free(p->owned[--p->n_owned]);
	free(p->owned);
	free(p->document);
	free(p->before);
	free(p->of);
	free(p->where);
}

/* --- faults ------------------------------------------------------------------------------------- */

static struct manifest_fault *add_fault(struct manifests *to, const char *kind, const char *name, const char *where,
					bool kept)
{
	struct manifest_fault *f;

	to->fault = mem_array(to->fault, to->n_faults + 1, sizeof(*f));
	f = &to->fault[to->n_faults++];
	*f = (struct manifest_fault){.kind = mem_strdup(kind), .name = mem_strdup(name), .where = mem_strdup(where), .kept = kept};
	return f;
}

static const char *where_of(const struct part *p, const struct manifest_documents *all, const struct merge_item *x)
{
	return x >= p->document && x < p->document + p->merge.n ? all->item[p->of[x - p->document]].where
								: p->where[x - p->before];
}

static void say_rival(const struct part *p, const struct manifest_documents *all, const struct manifest_document *d,
		      const struct merge_item *rival, struct err *e)
{
	const char *what = p->class == MANIFEST_VPA ? VPA_DOCUMENT_KIND : "policy";
	bool is_name = !strcmp(rival->name, d->key);

	if (is_name)
		err_set(e, -EEXIST, "%.150s: the %s %s is there already", d->where, what, d->key);
	else
		err_set(e, -EEXIST, "%.150s: the %s %.60s is for the replicas of %.60s", d->where, what, d->key, rival->name);
	err_cause(e, is_name ? "it is also at %.200s" : "two would pull at them; the other is at %.200s",
		  where_of(p, all, rival));
	err_fix(e, "rename or remove one of them");
}

static void add_document_fault(const struct part *p, const struct manifest_documents *all, size_t at,
			       struct manifests *to)
{
	const struct manifest_document *d = &all->item[p->of[at]];
	const struct merge_item *rival = p->merge.rival[at];
	struct manifest_fault *f =
		add_fault(to, d->kind, d->name, d->where, p->merge.state[at] == MERGE_KEPT);

	if (d->why)
		f->why = *d->why;
	else
		say_rival(p, all, d, rival, &f->why);
}

static void too_many(const struct manifest_document *d, int most, struct manifests *to)
{
	struct err *e = &add_fault(to, d->kind, d->name, d->where, false)->why;

	err_set(e, -E2BIG, "%.200s: too many documents of this kind", d->where);
	err_cause(e, "%d are the most one aggregator takes", most);
	err_fix(e, "remove what is not needed, or start a second aggregator");
}

/* --- what is in force --------------------------------------------------------------------------- */

static void take_document(enum manifest_class class, struct manifest_document *d, struct manifests *to)
{
	if (class == MANIFEST_POLICY && to->n < MANIFEST_MAX) {
		to->item = mem_array(to->item, to->n + 1, sizeof(*to->item));
		to->item[to->n++] = d->policy;
		d->policy = (struct manifest){0}; /* moved */
	} else if (class == MANIFEST_VPA && to->n_vpas < MANIFEST_MAX) {
		to->vpa = mem_array(to->vpa, to->n_vpas + 1, sizeof(*to->vpa));
		to->vpa[to->n_vpas++] = *d->vpa;
		*d->vpa = (struct vpa_manifest){0};
	} else if (class == MANIFEST_WORKLOAD && to->n_workloads < MANIFEST_WORKLOADS_MAX) {
		to->workload = mem_array(to->workload, to->n_workloads + 1, sizeof(*to->workload));
		to->workload[to->n_workloads++] = d->workload;
		d->workload = (struct manifest_workload){0};
	} else {
		too_many(d, class == MANIFEST_WORKLOAD ? MANIFEST_WORKLOADS_MAX : MANIFEST_MAX, to);
	}
}

/* Of before, where document `at` stands. */
static void keep(const struct part *p, size_t at, const struct manifests_before *before, struct manifests *to)
{
	for (size_t i = 0; i < p->merge.n_before; i++) {
		struct vpa_manifest vpa = {0};
		struct manifest_document copy = {.where = (char *)(uintptr_t)p->where[i], .vpa = &vpa};

		if (p->merge.place[i] != at)
			continue;
		if (p->class == MANIFEST_POLICY)
			manifest_copy(before->item[i], &copy.policy);
		else if (p->class == MANIFEST_VPA)
			vpa_document_copy(before->vpa[i], copy.vpa);
		else
			manifest_workload_copy(&before->workload[i], &copy.workload);
		take_document(p->class, &copy, to);
		manifest_done(&copy.policy); /* what had no room */
		vpa_document_done(&vpa);
		manifest_workload_done(&copy.workload);
	}
}

static void take_next(struct part *p, struct manifest_documents *all, const struct manifests_before *before,
		      struct manifests *to)
{
	size_t at = p->at++;

	if (p->merge.state[at] == MERGE_TAKEN)
		take_document(p->class, &all->item[p->of[at]], to);
	if (p->merge.state[at] == MERGE_KEPT)
		keep(p, at, before, to);
	if (p->merge.state[at] != MERGE_TAKEN && all->item[p->of[at]].class == p->class)
		add_document_fault(p, all, at, to);
}

static const char *kind_of(const struct part *p, const struct manifests_before *before, size_t i)
{
	return p->class == MANIFEST_POLICY ? manifest_kind(before->item[i])
	       : p->class == MANIFEST_VPA  ? VPA_DOCUMENT_KIND
					   : before->workload[i].kind;
}

/* Whose document is gone, while one in that file cannot be told. */
static void keep_the_gone(const struct part *p, const struct manifests_before *before, struct manifests *to)
{
	keep(p, p->merge.n, before, to);
	for (size_t i = 0; i < p->merge.n_before; i++) {
		const char *name = p->before[i].name, *file = p->before[i].file;
		struct err *e;

		if (p->merge.place[i] != p->merge.n)
			continue;
		e = &add_fault(to, kind_of(p, before, i), name, p->where[i], true)->why;
		err_set(e, -ENOENT, "%.120s: %.60s is not there any more", file, name);
		err_cause(e, "a document of that file is refused, and it may be this one");
		err_fix(e, "mend that one; then this is over, unless it is there again");
	}
}

static void add_unknown(const struct manifest_document *d, struct manifests *to)
{
	add_fault(to, d->kind, d->name, d->where, false)->why = *d->why;
}

/* A Deployment may stand behind its HPA, and in another file. */
static void join(struct manifests *m)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; m->item[i].hpa && k < m->n_workloads; k++)
			manifest_workload_tell(&m->workload[k], m->item[i].hpa);
}

void manifest_set_make(struct manifest_documents *d, const struct manifests_before *before, struct manifests *ret)
{
	static const enum manifest_class classes[] = {MANIFEST_POLICY, MANIFEST_VPA, MANIFEST_WORKLOAD};
	const size_t n = sizeof(classes) / sizeof(classes[0]);
	struct part part[sizeof(classes) / sizeof(classes[0])];

	before = before ? before : &(const struct manifests_before){0};
	*ret = (struct manifests){.left_alone = d->left_alone};
	for (size_t k = 0; k < n; k++)
		part_begin(&part[k], classes[k], d, before);
	for (size_t i = 0; i < d->n; i++) { /* in their order */
		for (size_t k = 0; k < n; k++)
			if (part[k].at < part[k].merge.n && part[k].of[part[k].at] == i)
				take_next(&part[k], d, before, ret);
		if (d->item[i].class == MANIFEST_UNKNOWN)
			add_unknown(&d->item[i], ret);
	}
	for (size_t k = 0; k < n; k++) {
		keep_the_gone(&part[k], before, ret);
		part_done(&part[k]);
	}
	join(ret);
}
