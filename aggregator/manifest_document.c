/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_document.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "aggregator/fields.h"
#include "aggregator/hpa_document.h"
#include "aggregator/manifest_read.h"
#include "base/mem.h"

static struct manifest_document *add(struct manifest_documents *to, const char *file)
{
	struct manifest_document *d;

	to->item = mem_array(to->item, to->n + 1, sizeof(*to->item));
	d = &to->item[to->n++];
	*d = (struct manifest_document){.file = mem_strdup(file)};
	return d;
}

static void set_bad(struct manifest_document *d, const struct err *e)
{
	d->why = mem_new(struct err);
	*d->why = *e;
}

/* --- one of them -------------------------------------------------------------------------------- */

static const char *word(const struct yaml_node *in, const char *key)
{
	const char *text = fields_peek(in, key);

	return text ? text : "";
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static const char *const kinds[] = {"ScalingPolicy", HPA_DOCUMENT_KIND, VPA_DOCUMENT_KIND};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool is_kind(const char *kind)
{
	for (size_t i = 0; i < N_KINDS; i++)
		if (!strcmp(kind, kinds[i]))
			return true;
	return false;
}

static bool is_of_vpa(const char *group, const char *kind)
{
	return begins(group, "autoscaling.k8s.io/") &&
	       strcmp(kind, "VerticalPodAutoscalerCheckpoint") != 0; /* what its recommender keeps for itself */
}

/* A kind of ours under a wrong group is an error, not a document of somebody else; so is a group of ours with a kind that
 * it does not have. */
static enum manifest_class class_of(const char *group, const char *kind)
{
	if (!strcmp(kind, VPA_DOCUMENT_KIND))
		return MANIFEST_VPA;
	if (!*group || !*kind || is_kind(kind) || begins(group, "plimsoll.io/") || begins(group, "autoscaling/"))
		return MANIFEST_POLICY;
	if (is_of_vpa(group, kind))
		return MANIFEST_VPA;
	return manifest_workload_is(group, kind) ? MANIFEST_WORKLOAD : MANIFEST_UNKNOWN;
}

/* As the readers name what is good. */
static void set_name(struct manifest_document *d, const struct yaml_node *metadata)
{
	const char *name = fields_peek(metadata, "name"), *ns = fields_peek(metadata, "namespace");

	if (!name)
		return;
	if (d->class == MANIFEST_WORKLOAD)
		ns = ns ? ns : "default";
	d->name = ns ? mem_printf("%s/%s", ns, name) : mem_strdup(name);
	d->key = d->class == MANIFEST_WORKLOAD ? mem_printf("%s %s", d->kind, d->name) : mem_strdup(d->name);
}

static int no_such_kind(const struct yaml_doc *doc, const char *group, const char *kind, struct err *e)
{
	const char *near = err_nearest(kind, kinds, N_KINDS);

	yaml_err(doc, yaml_get(doc->root, "kind"), e, -EINVAL, "%.60s has no kind %.60s", group, kind);
	err_cause(e, "what is read is ScalingPolicy of plimsoll.io, " HPA_DOCUMENT_KIND " of autoscaling and " VPA_DOCUMENT_KIND
		     " of autoscaling.k8s.io");
	return near ? err_fix(e, "did you mean %s?", near) : err_fix(e, "write one of these, or take the document out");
}

static int read_one(const struct yaml_doc *doc, struct manifest_document *d, struct err *e)
{
	const char *group = word(doc->root, "apiVersion"), *kind = word(doc->root, "kind");

	if (d->class != MANIFEST_WORKLOAD && *group && *kind && !is_kind(kind))
		return no_such_kind(doc, group, kind, e);
	switch (d->class) {
	case MANIFEST_VPA:
		d->vpa = mem_new(struct vpa_manifest);
		return vpa_document_read(doc, d->vpa, e);
	case MANIFEST_WORKLOAD:
		return manifest_workload_read(doc, &d->workload, e);
	default:
		return !strcmp(kind, HPA_DOCUMENT_KIND) ? hpa_document_read(doc, &d->policy, e)
							: manifest_read(doc, &d->policy, e);
	}
}

static void add_document(struct manifest_documents *to, const struct yaml_doc *doc);

/* What `kubectl get -o yaml` makes of several. */
static void add_list(struct manifest_documents *to, const struct yaml_doc *doc)
{
	const struct yaml_node *items = yaml_get(doc->root, "items");

	for (const struct yaml_node *n = items ? items->child : NULL; n; n = n->next)
		add_document(to, &(struct yaml_doc){.file = doc->file, .root = (struct yaml_node *)(uintptr_t)n});
}

static void add_document(struct manifest_documents *to, const struct yaml_doc *doc)
{
	const char *group = word(doc->root, "apiVersion"), *kind = word(doc->root, "kind");
	const struct yaml_node *metadata = yaml_get(doc->root, "metadata"), *at = yaml_get(metadata, "name");
	enum manifest_class class = class_of(group, kind);
	struct manifest_document *d;
	struct err e;

	if (!strcmp(group, "v1") && !strcmp(kind, "List")) {
		add_list(to, doc);
		return;
	}
	if (class == MANIFEST_UNKNOWN) {
		to->left_alone++;
		return;
	}
	d = add(to, doc->file);
	d->class = class;
	d->kind = *kind ? mem_strdup(kind) : NULL;
	d->where = fields_where(doc, at ? at : doc->root);
	set_name(d, metadata);
	if (read_one(doc, d, &e) < 0)
		set_bad(d, &e);
}

/* --- all of them -------------------------------------------------------------------------------- */

void manifest_documents_parse(struct manifest_documents *to, const char *name, const char *bytes, size_t size)
{
	struct yaml_stream s;
	struct yaml_doc *all;
	struct err e;
	unsigned line;

	yaml_begin(&s, name, bytes, size);
	while (yaml_next(&s, &all, &line, &e)) {
		if (!all) {
			set_bad(add(to, name), &e);
			to->item[to->n - 1].where = mem_printf("%s:%u:1", name, line);
		}
		for (const struct yaml_doc *one = all; one; one = one->next)
			if (one->root) /* nothing between two "---" */
				add_document(to, one);
		yaml_free(all);
	}
}

static void add_unreadable(struct manifest_documents *to, const char *path, const struct err *e)
{
	struct manifest_document *d = add(to, path);

	d->where = mem_strdup(path);
	set_bad(d, e);
}

static void read_file(struct manifest_documents *to, const char *path)
{
	scoped(freep) char *bytes = NULL;
	struct err e;
	size_t size;

	if (yaml_read(path, &bytes, &size, &e) < 0)
		add_unreadable(to, path, &e);
	else
		manifest_documents_parse(to, path, bytes, size);
}

static int is_manifest(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return *d->d_name != '.' && dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

/* A pipe or a device of a folder could keep the daemon waiting for ever. One that is named itself is meant (<(...)). */
static bool is_special(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode);
}

static void read_entry(struct manifest_documents *to, const char *path)
{
	struct err e;

	if (!is_special(path)) {
		read_file(to, path);
		return;
	}
	err_set(&e, -EINVAL, "%.200s: cannot be read", path);
	err_cause(&e, "it is a pipe, a socket or a device, not a file");
	err_fix(&e, "take it out of the folder");
	add_unreadable(to, path, &e);
}

static void read_folder(struct manifest_documents *to, const char *path)
{
	struct dirent **entry;
	int n = scandir(path, &entry, is_manifest, alphasort);
	struct err e;

	if (n < 0) {
		err_set(&e, -errno, "%.200s: cannot be read", path);
		err_cause(&e, "%s", strerror(-e.code));
		err_fix(&e, "check who may read the folder: ls -ld");
		add_unreadable(to, path, &e);
		return;
	}
	for (int i = 0; i < n; i++) {
		scoped(freep) char *file = mem_printf("%s/%s", path, entry[i]->d_name);

		read_entry(to, file);
		free(entry[i]);
	}
	free(entry);
}

void manifest_documents_read(struct manifest_documents *to, const char *path)
{
	struct stat s;

	(stat(path, &s) == 0 && S_ISDIR(s.st_mode) ? read_folder : read_file)(to, path);
}

void manifest_documents_done(struct manifest_documents *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct manifest_document *d = &all->item[i];

		manifest_done(&d->policy);
		manifest_workload_done(&d->workload);
		if (d->vpa)
			vpa_document_done(d->vpa);
		free(d->vpa);
		free(d->kind);
		free(d->name);
		free(d->key);
		free(d->file);
		free(d->where);
		free(d->why);
	}
	free(all->item);
	*all = (struct manifest_documents){0};
}
