/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an HPA calls its metrics and their failures, in the words of Kubernetes 1.36
 * (podautoscaler/horizontal.go, computeStatusFor…Metric): they stand in conditions and events, where
 * people and scripts look for them. Each writes at most `size` bytes and cuts what is longer.
 */
#ifndef DECIDE_HPA_WORDS_H
#define DECIDE_HPA_WORDS_H

#include "decide/hpa_replicas.h"

#define HPA_TEXT 1024 /* bytes of any text; Kubernetes cuts the message of an event there, too */

/* "cpu resource utilization (percentage of request)" */
void hpa_words_metric(const struct hpa_metric *m, char *ret, size_t size);
/* "FailedGetResourceMetric" */
const char *hpa_words_reason(const struct hpa_metric *m);
/* The failure in the condition and the event; with `whole` as reconcile returns it. */
void hpa_words_failure(const struct hpa_metric *m, const char *error, bool whole, char *ret, size_t size);

#endif
