/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A HorizontalPodAutoscaler document (autoscaling/v2, or v1) into a struct manifest. For aggregator/manifest.c.
 * What Kubernetes would refuse is refused here, with file, line and field; an unknown key of the spec, too.
 * What Kubernetes does not know stands in annotations, so that the file stays one that kubectl takes:
 *
 *	plimsoll.io/mode                   Observe (default) or Enforce
 *	plimsoll.io/replicas               a glob on paths or names, instead of what scaleTargetRef names
 *	plimsoll.io/cpu-request, memory-request   of each container, where no Deployment in the manifests says it
 *	plimsoll.io/exec                   the command that scales, a YAML list of words
 *	plimsoll.io/exec-timeout-seconds   1 to 600, default 10
 */
#ifndef AGGREGATOR_HPA_DOCUMENT_H
#define AGGREGATOR_HPA_DOCUMENT_H

#include "aggregator/manifest.h"
#include "conf/yaml.h"

#define HPA_DOCUMENT_KIND "HorizontalPodAutoscaler"
#define HPA_DOCUMENT_WINDOW_S 15 /* until the scaler says otherwise: the controller's own period */

/* Fills the zeroed *ret, also in part when it fails: what it owns is the caller's either way. */
int hpa_document_read(const struct yaml_doc *doc, struct manifest *ret, struct err *e);

#endif
