/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the encoder: who calls whom, of agent/peers, in a batch. */
#ifndef AGENT_ENCODE_CALLS_H
#define AGENT_ENCODE_CALLS_H

#include "agent/encode.h"
#include "plimsoll/v1/metrics.pb-c.h"
#include "wire/calls.h"

/* Of the rows that the filter lets through. Borrows until the next call. */
void encode_calls(struct calls *c, enum encode_form form, const struct peers *peers, const struct sample *sample,
		  const struct encode_filter *filter, Plimsoll__V1__Batch *to);

#endif
