/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VerticalPodAutoscaler document (autoscaling.k8s.io/v1) as users have it. For aggregator/manifest.c. Its
 * updateMode is read and shown; Plimsoll only recommends. The annotation plimsoll.io/replicas selects replicas
 * where there is no Kubernetes, as with an HPA.
 */
#ifndef AGGREGATOR_VPA_DOCUMENT_H
#define AGGREGATOR_VPA_DOCUMENT_H

#include "base/err.h"
#include "conf/yaml.h"
#include "decide/vpa_policy.h"

#define VPA_DOCUMENT_KIND     "VerticalPodAutoscaler"
#define VPA_DOCUMENT_POLICIES 64 /* containerPolicies of one object */

struct vpa_manifest {
	char *name;   /* NAMESPACE/NAME, or NAME when the document names no namespace */
	char *target; /* "Deployment default/web" */
	char *target_name;
	char *cgroup; /* see store_workload() */
	char *mode;   /* updateMode: Auto unless it is said */
	char *where;  /* file:line:column of the document's name */
	size_t n;
	struct vpa_policy policy[VPA_DOCUMENT_POLICIES];
};

/* Fills the zeroed *ret, also in part when it fails: what it owns is the caller's either way. */
int vpa_document_read(const struct yaml_doc *doc, struct vpa_manifest *ret, struct err *e);
void vpa_document_copy(const struct vpa_manifest *m, struct vpa_manifest *ret);
void vpa_document_done(struct vpa_manifest *m);

#endif
