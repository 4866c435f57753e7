/* SPDX-License-Identifier: Apache-2.0 */
/* A spec in JSON through the reader that manifests go through. */
#ifndef VECTORS_HPA_MANIFEST_H
#define VECTORS_HPA_MANIFEST_H

#include "aggregator/hpa_read.h"
#include "vectors/vectors.h"

struct hpa_manifest {
	struct yaml_doc *doc;
	struct hpa_read read;
};

/* What hpa_read_spec() returns; *ret is for hpa_manifest_done(). */
int hpa_manifest_read(const char *name, json_t *spec, struct hpa_manifest *ret, struct err *e);
void hpa_manifest_done(struct hpa_manifest *m);

#endif
