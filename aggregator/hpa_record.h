/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of an HPA's decision, as aggregator/record.h for ScalingPolicy: spec, requests, flags, view, what was
 * remembered before, and the outcome; kind HPADecisionRecord. Replaying it makes the outcome again and compares
 * the text of it, byte for byte. Pure: no clock, no I/O, any thread.
 */
#ifndef AGGREGATOR_HPA_RECORD_H
#define AGGREGATOR_HPA_RECORD_H

#include "aggregator/hpa_control.h"
#include "base/err.h"
#include "base/scope.h"
#include "decide/view.h"

#define HPA_RECORD_KIND "HPADecisionRecord"

struct hpa_record {
	struct policy policy;          /* name, mode, bounds, window, what is fresh */
	struct hpa_manifest *manifest;
	struct view view;
	uint32_t current;
	const char *scale_error;       /* NULL: none */
	struct hpa_control *control;   /* as it was before the pass; after a replay, behind it */
	char *outcome;                 /* JSON, as it was recorded */
	struct verdict verdict;        /* of that outcome; after a replay hpa_control_verdict() has the new one */
	void *json;                    /* what texts are part of */
};

/* Of the newest pass, before its change was made. Compact JSON, the caller's; NULL: no memory. */
char *hpa_record_json(const struct hpa_control *c, const struct hpa_manifest *m, const struct policy *p,
		      const struct view *v, uint32_t current, const char *scale_error);
bool hpa_record_is(const char *json); /* whether it says that it is one */
/* As record_parse(). */
int hpa_record_parse(const char *json, struct hpa_record **ret, struct err *e);
struct hpa_record *hpa_record_free(struct hpa_record *r); /* NULL is fine; returns NULL */
/* Makes the pass again, once; true: the outcome is the recorded one. */
bool hpa_record_replay(struct hpa_record *r);

scope_define(struct hpa_record, hpa_record_free)

#endif
