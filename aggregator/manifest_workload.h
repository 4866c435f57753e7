/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the containers of a workload request, read from its own manifest (Deployment, StatefulSet, ReplicaSet,
 * DaemonSet, ReplicationController): a HorizontalPodAutoscaler says nothing of it, and cgroups do not tell
 * requests. Nothing else of these documents is looked at, so nothing else is complained about.
 */
#ifndef AGGREGATOR_MANIFEST_WORKLOAD_H
#define AGGREGATOR_MANIFEST_WORKLOAD_H

#include "aggregator/hpa_manifest.h"
#include "conf/yaml.h"

struct manifest_request { /* milli-units; < 0: none */
	char *container;
	int64_t cpu_milli, memory_milli;
};

struct manifest_workload {
	char *ns, *kind, *name;
	char *where; /* file:line:column */
	size_t n;
	struct manifest_request *request; /* one a container, sidecars too */
};

bool manifest_workload_is(const char *api_version, const char *kind);
/* Fills the zeroed *ret, also in part when it fails: what it owns is the caller's either way. -EINVAL: a request
 * is no quantity. */
int manifest_workload_read(const struct yaml_doc *doc, struct manifest_workload *ret, struct err *e);
void manifest_workload_copy(const struct manifest_workload *w, struct manifest_workload *ret);
void manifest_workload_done(struct manifest_workload *w);
/* Gives the HPA what it should know, if this is its target. Beyond HPA_MANIFEST_REQUESTS containers are left
 * out: their requests are missing then, which the HPA says. */
void manifest_workload_tell(const struct manifest_workload *w, struct hpa_manifest *m);

#endif
