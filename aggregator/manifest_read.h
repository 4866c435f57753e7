/* SPDX-License-Identifier: Apache-2.0 */
/* A ScalingPolicy document into a struct manifest. For aggregator/manifest.c. */
#ifndef AGGREGATOR_MANIFEST_READ_H
#define AGGREGATOR_MANIFEST_READ_H

#include "aggregator/manifest.h"
#include "conf/yaml.h"

/* Fills the zeroed *ret, also in part when it fails: what it owns is the caller's either way. */
int manifest_read(const struct yaml_doc *doc, struct manifest *ret, struct err *e);

#endif
