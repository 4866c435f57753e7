/* SPDX-License-Identifier: Apache-2.0 */
/* One pass of hpa_step() while it runs: what its parts share, and how they tell events and errors. */
#ifndef DECIDE_HPA_PASS_H
#define DECIDE_HPA_PASS_H

#include "decide/hpa_step.h"

struct hpa_pass {
	const struct hpa_spec *spec;
	const struct hpa_config *config;
	const struct hpa_input *in;
	struct hpa_state *state;
	struct hpa_outcome *out;
};

/* `reason` is static; the message is cut at HPA_TEXT. */
void hpa_pass_event(struct hpa_outcome *out, bool warning, const char *reason, const char *message, ...)
	__attribute__((format(printf, 4, 5)));
/* What reconcile returns; not from out->error itself. */
void hpa_pass_error(struct hpa_outcome *out, const char *message, ...) __attribute__((format(printf, 2, 3)));

#endif
