/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests, YAML files into plain values: ScalingPolicy (docs/policy.md is the reference) and
 * HorizontalPodAutoscaler as Kubernetes has it (aggregator/hpa_document.h), VerticalPodAutoscaler, too. Deployments and their like say
 * what their containers request; documents of other API groups are left alone, so a file may be the one that
 * kubectl applies. Every complaint names file, line and column, and an unknown key the nearest one that exists.
 * One bad document refuses all of them: half of somebody's policies is not what they asked for. Two policies on
 * the same replicas are refused, too. Blocks on the files only; any thread.
 */
#ifndef AGGREGATOR_MANIFEST_H
#define AGGREGATOR_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "base/scope.h"
#include "decide/policy.h"

#define MANIFEST_MAX 1000 /* policies of one aggregator: each is decided on once a second */
#define MANIFEST_COMMAND_WORDS 64
#define MANIFEST_FRESH_NS 3000000000ull      /* a sample older than 3 periods is missing */
#define MANIFEST_COVERAGE_PERMILLE 900
#define MANIFEST_UP_PERIOD_NS   15000000000ull /* as HorizontalPodAutoscaler v2's default */
#define MANIFEST_DOWN_PERIOD_NS 60000000000ull
#define MANIFEST_DOWN_PERMILLE  100
#define MANIFEST_YOUNG_NS       10000000000ull /* twice what most services take to begin */
#define MANIFEST_EXEC_TIMEOUT_S 10
#define MANIFEST_WORKLOADS_MAX 10000 /* Deployments and the like in all files */

struct hpa_manifest;
struct vpa_manifest;      /* aggregator/vpa_document.h */
struct manifest_workload; /* aggregator/manifest_workload.h */

struct manifest {
	struct policy policy;     /* of an HPA: its name, mode, bounds and window; it has no metrics then */
	struct hpa_manifest *hpa; /* NULL: a ScalingPolicy */
	char *cgroup;        /* see store_workload(): a glob on paths or on names, or an owner */
	char **command;      /* exec: NULL-terminated; NULL: none */
	uint64_t timeout_ns; /* exec */
	char *where;         /* file:line:column of the document's name */
};

struct manifests {
	struct manifest *item;
	size_t n;
	struct manifest_workload *workload; /* while they are read: what containers request */
	size_t n_workloads;
	struct vpa_manifest *vpa; /* VerticalPodAutoscalers */
	size_t n_vpas;
	size_t left_alone; /* documents that are neither */
};

/* Each path is a file, or a folder whose *.yaml and *.yml are read in order of name. *ret is the
 * caller's, for manifests_done(); empty on failure. -EEXIST: a name twice. Without paths: none. */
int manifests_load(const struct opt_list *paths, struct manifests *ret, struct err *e);
/* All documents of one text; `name` stands in messages. Adds to *to, or leaves it as it was. */
int manifests_parse(const char *name, const char *bytes, size_t size, struct manifests *to,
		    struct err *e);
void manifests_done(struct manifests *m);
const char *manifest_kind(const struct manifest *m); /* "ScalingPolicy" or "HorizontalPodAutoscaler" */

#endif
