/* SPDX-License-Identifier: Apache-2.0 */
/* What a decider saw, as JSON and back: a part of every record. Pure. */
#ifndef AGGREGATOR_RECORD_VIEW_H
#define AGGREGATOR_RECORD_VIEW_H

#include <jansson.h>

#include "base/err.h"
#include "decide/view.h"

json_t *record_view_json(const struct view *v);
/* Its replicas are the caller's, for record_view_done() also after a failure; their texts are those of `o`, which
 * must live as long. */
int record_view_read(const json_t *o, struct view *ret, struct err *e);
void record_view_done(struct view *v);

#endif
