/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of policy files that are ours, each read for itself, so that what is wrong with one is its own matter.
 * aggregator/manifest.h makes a set of them. Blocks on the files only; any thread.
 */
#ifndef AGGREGATOR_MANIFEST_DOCUMENT_H
#define AGGREGATOR_MANIFEST_DOCUMENT_H

#include "aggregator/manifest.h"
#include "aggregator/manifest_workload.h"
#include "aggregator/vpa_document.h"

enum manifest_class {
	MANIFEST_UNKNOWN, /* a bad one that could be any */
	MANIFEST_POLICY,  /* ScalingPolicy, HorizontalPodAutoscaler */
	MANIFEST_VPA,
	MANIFEST_WORKLOAD,
};

struct manifest_document {
	enum manifest_class class;
	char *kind, *name; /* as far as they can be told, else NULL */
	char *key;         /* the name that no two of a class may have; NULL with `name` */
	char *file, *where;
	struct err *why;   /* what is wrong with it; NULL: it is good, and one of these is filled */
	struct manifest policy;
	struct vpa_manifest *vpa;
	struct manifest_workload workload;
};

struct manifest_documents {
	struct manifest_document *item;
	size_t n;
	size_t left_alone; /* of other API groups */
};

/* Add to *to what a file has, or the *.yaml and *.yml of a folder in order of name; or what a text has. A path that
 * cannot be read adds a bad one of it. */
void manifest_documents_read(struct manifest_documents *to, const char *path);
void manifest_documents_parse(struct manifest_documents *to, const char *name, const char *bytes, size_t size);
void manifest_documents_done(struct manifest_documents *d);

#endif
