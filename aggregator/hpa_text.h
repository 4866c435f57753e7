/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics and amounts of an HPA in few words, for people. Pure; each cuts at `size`. */
#ifndef AGGREGATOR_HPA_TEXT_H
#define AGGREGATOR_HPA_TEXT_H

#include "decide/hpa_replicas.h"

#define HPA_TEXT_AMOUNT 64

struct hpa_amount_text { /* "420m", "84 %", "96Mi" */
	char text[HPA_TEXT_AMOUNT];
};

struct hpa_amount_text hpa_text_milli(const struct hpa_metric *m, int64_t milli);
struct hpa_amount_text hpa_text_target(const struct hpa_metric *m);
struct hpa_amount_text hpa_text_usage(const struct hpa_metric *m, const struct hpa_proposal *p);
/* "cpu", "cpu of container api", "pods metric saturation", … */
void hpa_text_name(const struct hpa_metric *m, char *ret, size_t size);
/* "cpu 84 % > 60 %" */
void hpa_text_trigger(const struct hpa_metric *m, const struct hpa_proposal *p, char *ret, size_t size);

#endif
