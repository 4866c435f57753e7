/* SPDX-License-Identifier: Apache-2.0 */
/* Who carries a decision out: the actuator of a ScalingPolicy, and the words of any exec hook. */
#ifndef AGGREGATOR_MANIFEST_EXEC_H
#define AGGREGATOR_MANIFEST_EXEC_H

#include "aggregator/fields.h"
#include "aggregator/manifest.h"

/* spec.actuator into m, whose mode is read already: Enforce needs one. */
int manifest_exec_read(const struct fields *f, const struct yaml_node *spec, struct manifest *m);
/* A list of words into m->command; `at` is where they stand in the document, `list` itself or the text that
 * holds it. */
int manifest_exec_words(const struct fields *f, const struct yaml_node *at, const struct yaml_node *list,
			struct manifest *m);

#endif
