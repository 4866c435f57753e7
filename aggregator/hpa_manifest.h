/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HorizontalPodAutoscaler as it holds: its spec as Kubernetes writes it, and what it is evaluated from. It
 * owns everything it points to, so it outlives the file it came from, and a record carries the same text.
 */
#ifndef AGGREGATOR_HPA_MANIFEST_H
#define AGGREGATOR_HPA_MANIFEST_H

#include "aggregator/hpa_read.h"
#include "base/err.h"
#include "base/scope.h"
#include "decide/hpa_sight.h"
#include "decide/hpa_spec.h"

#define HPA_MANIFEST_REQUESTS 64 /* containers of one pod whose requests are known */

struct hpa_manifest {
	char *ns;
	char *json; /* spec, as JSON */
	struct yaml_doc *doc;
	struct hpa_read read;
	const struct hpa_spec *spec;
	struct hpa_requests requests; /* its items are `request` */
	struct hpa_request request[HPA_MANIFEST_REQUESTS];
};

/* `json`: spec as a JSON object, copied; read leniently, as the API server does. *ret is the caller's. -EINVAL:
 * the types are wrong or Kubernetes would refuse it: *e says the first fault with its field. */
int hpa_manifest_new(const char *ns, const char *json, struct hpa_manifest **ret, struct err *e);
/* Without what single containers request, which its Deployment says. NULL is fine; returns NULL then. */
struct hpa_manifest *hpa_manifest_copy(const struct hpa_manifest *m);
struct hpa_manifest *hpa_manifest_free(struct hpa_manifest *m); /* NULL is fine; returns NULL */
/* Of the container ("": every other one), in milli-units; < 0: not known. The same container again: the new
 * values count, where they are known. -ENOSPC: too many containers. */
int hpa_manifest_request(struct hpa_manifest *m, const char *container, int64_t cpu_milli, int64_t memory_milli);
/* Defaults and Kubernetes' own judgement; the first fault into field and detail. True: there is none. */
bool hpa_manifest_judge(struct hpa_object *o, char *ret_field, char *ret_detail, size_t size);

scope_define(struct hpa_manifest, hpa_manifest_free)

#endif
