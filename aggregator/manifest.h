/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests, YAML files into plain values: ScalingPolicy (docs/policy.md is the reference) and
 * HorizontalPodAutoscaler as Kubernetes has it (aggregator/hpa_document.h), VerticalPodAutoscaler, too. Deployments
 * and their like say what their containers request; documents of other API groups are left alone, so a file may be
 * the one that kubectl applies. A kind that a group of these does not have is refused. Every complaint names file,
 * line and column, and an unknown key the nearest one.
 *
 * One bad document is its own matter: the others hold, and its version of before stays in force (aggregator/merge.h).
 * Blocks on the files only; any thread.
 */
#ifndef AGGREGATOR_MANIFEST_H
#define AGGREGATOR_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/opt.h"
#include "base/scope.h"
#include "decide/policy.h"
#include "decide/view.h"

#define MANIFEST_MAX 1000 /* policies of one aggregator: each is decided on once a second */
#define MANIFEST_COMMAND_WORDS 64
#define MANIFEST_FRESH_NS (VIEW_FRESH_PERIODS * VIEW_PERIOD_NS) /* of a sample, unless its agent is slow */
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

/* A document that is not in force as it stands in the files. */
struct manifest_fault {
	char *kind, *name; /* NULL: they cannot be told */
	char *where;       /* file:line:column */
	bool kept;         /* its version of before is in force */
	struct err why;
};

struct manifests {
	struct manifest *item;
	size_t n;
	struct manifest_workload *workload; /* what containers request */
	size_t n_workloads;
	struct vpa_manifest *vpa; /* VerticalPodAutoscalers */
	size_t n_vpas;
	struct manifest_fault *fault;
	size_t n_faults;
	size_t left_alone; /* documents that are none of these */
};

struct manifests_before { /* what is in force */
	const struct manifest *const *item;
	size_t n;
	const struct vpa_manifest *const *vpa;
	size_t n_vpas;
	const struct manifest_workload *workload;
	size_t n_workloads;
};

/* Each path is a file, or a folder whose *.yaml and *.yml are read in order of name. Without paths: none. *ret is the
 * caller's, for manifests_done(). `before` NULL: nothing is in force. */
void manifests_read(const struct opt_list *paths, const struct manifests_before *before, struct manifests *ret);
/* The same all or nothing: one bad document is an error, *e says the first, and *ret is empty then. -EEXIST: a name
 * twice. */
int manifests_load(const struct opt_list *paths, struct manifests *ret, struct err *e);
/* … of one text; `name` stands in messages. */
int manifests_parse(const char *name, const char *bytes, size_t size, struct manifests *ret, struct err *e);
/* Whether there is something at each path. */
int manifests_there(const struct opt_list *paths, struct err *e);
/* The name of the i-th VerticalPodAutoscaler; *ret_where is file:line:column. Both are the manifests'. */
const char *manifests_vpa(const struct manifests *m, size_t i, const char **ret_where);
void manifests_done(struct manifests *m);

const char *manifest_kind(const struct manifest *m); /* "ScalingPolicy" or "HorizontalPodAutoscaler" */
void manifest_copy(const struct manifest *m, struct manifest *ret);
void manifest_done(struct manifest *m);

#endif
