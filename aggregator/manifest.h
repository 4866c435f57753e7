/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ScalingPolicy manifests: YAML files into plain values (docs/policy.md is the reference). Every
 * complaint names file, line and column, and an unknown key the nearest one that exists. One bad
 * document refuses all of them: half of somebody's policies is not what they asked for. Two policies on
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

struct manifest {
	struct policy policy;
	char *cgroup;        /* see store_workload(): a glob on paths or on names */
	char **command;      /* exec: NULL-terminated; NULL: none */
	uint64_t timeout_ns; /* exec */
	char *where;         /* file:line:column of the document's name */
};

struct manifests {
	struct manifest *item;
	size_t n;
};

/* Each path is a file, or a folder whose *.yaml and *.yml are read in order of name. *ret is the
 * caller's, for manifests_done(); empty on failure. -EEXIST: a name twice. Without paths: none. */
int manifests_load(const struct opt_list *paths, struct manifests *ret, struct err *e);
/* All documents of one text; `name` stands in messages. Adds to *to, or leaves it as it was. */
int manifests_parse(const char *name, const char *bytes, size_t size, struct manifests *to,
		    struct err *e);
void manifests_done(struct manifests *m);

#endif
