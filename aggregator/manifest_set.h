/* SPDX-License-Identifier: Apache-2.0 */
/* From single documents to the set that is in force, with what is in force already (aggregator/merge.h), and a fault
 * for each document that is not. For aggregator/manifest.c; no I/O. */
#ifndef AGGREGATOR_MANIFEST_SET_H
#define AGGREGATOR_MANIFEST_SET_H

#include "aggregator/manifest_document.h"

/* Moves what is good out of the documents. `before` may be NULL. */
void manifest_set_make(struct manifest_documents *d, const struct manifests_before *before, struct manifests *ret);

#endif
