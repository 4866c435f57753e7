/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HorizontalPodAutoscaler manifests (autoscaling/v2) as users have them: YAML or JSON into what
 * decide/hpa_object.h holds, with the types that the Kubernetes API server asks for. Every complaint names
 * file, line and column. The documents must outlive what was read from them. Any thread, no I/O.
 */
#ifndef AGGREGATOR_HPA_READ_H
#define AGGREGATOR_HPA_READ_H

#include "conf/yaml.h"
#include "decide/hpa_object.h"

struct hpa_read {
	struct hpa_object object;
	void **block; /* what its lists lie in */
	size_t n_blocks;
};

/* Reads one spec; no default is filled in. `strict`: an unknown key is an error, as kubectl has it; else it
 * is ignored, as the API server has it. *ret is for hpa_read_done(), also after a failure. -ENOENT: an unknown
 * key, -EINVAL: a value of the wrong type, -E2BIG: more than HPA_METRICS metrics. */
int hpa_read_spec(const struct yaml_doc *doc, const struct yaml_node *spec, bool strict,
		  struct hpa_read *ret, struct err *e);
/* Zeroed room for n that lives as long as what was read. */
void *hpa_read_block(struct hpa_read *r, size_t n, size_t size);
void hpa_read_done(struct hpa_read *r);

#endif
