/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t find(const struct hpa_status *s, enum hpa_condition_type type)
{
	size_t i = 0;

	while (i < s->n_conditions && s->condition[i].type != type)
		i++;
	return i;
}

void hpa_status_set(struct hpa_status *s, int64_t now_ms, enum hpa_condition_type type, bool is_true,
		    const char *reason, const char *message, ...)
{
	size_t i = find(s, type);
	struct hpa_condition *c = &s->condition[i];
	va_list args;

	if (i == s->n_conditions) {
		s->n_conditions++;
		c->type = type;
		c->is_true = !is_true;
	}
	if (c->is_true != is_true)
		c->since_ms = now_ms;
	c->is_true = is_true;
	c->reason = reason;
	va_start(args, message);
	vsnprintf(c->message, sizeof(c->message), message, args);
	va_end(args);
}

void hpa_status_remove(struct hpa_status *s, enum hpa_condition_type type)
{
	size_t at = find(s, type);

	if (at == s->n_conditions)
		return;
	s->n_conditions--;
	memmove(&s->condition[at], &s->condition[at + 1],
		(s->n_conditions - at) * sizeof(s->condition[0]));
}

bool hpa_status_is_true(const struct hpa_status *s, enum hpa_condition_type type)
{
	size_t at = find(s, type);

	return at < s->n_conditions && s->condition[at].is_true;
}

static bool same_condition(const struct hpa_condition *a, const struct hpa_condition *b)
{
	return a->type == b->type && a->is_true == b->is_true && a->since_ms == b->since_ms &&
	       !strcmp(a->reason, b->reason) && !strcmp(a->message, b->message);
}

static bool same_metric(const struct hpa_metric_status *a, const struct hpa_metric_status *b)
{
	return a->known == b->known && a->usage_known == b->usage_known &&
	       a->usage_milli == b->usage_milli && a->utilization == b->utilization;
}

bool hpa_status_equal(const struct hpa_status *a, const struct hpa_status *b)
{
	if (a->current != b->current || a->desired != b->desired || a->scaled != b->scaled ||
	    a->last_scale_ms != b->last_scale_ms || a->n_metrics != b->n_metrics ||
	    a->n_conditions != b->n_conditions)
		return false;
	for (size_t i = 0; i < a->n_metrics; i++)
		if (!same_metric(&a->metric[i], &b->metric[i]))
			return false;
	for (size_t i = 0; i < a->n_conditions; i++)
		if (!same_condition(&a->condition[i], &b->condition[i]))
			return false;
	return true;
}

void hpa_status_copy(const struct hpa_status *from, struct hpa_status *to)
{
	memcpy(to, from, offsetof(struct hpa_status, condition));
	for (size_t i = 0; i < from->n_conditions; i++) {
		struct hpa_condition *c = &to->condition[i];

		memcpy(c, &from->condition[i], offsetof(struct hpa_condition, message));
		strcpy(c->message, from->condition[i].message);
	}
}

const char *hpa_status_word(enum hpa_condition_type type)
{
	static const char *const words[] = {
#define X(id, word) [HPA_##id] = word,
		HPA_CONDITIONS(X)
#undef X
	};

	return words[type];
}
