/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "decide/quantity_print.h"

struct hpa_amount_text hpa_text_milli(const struct hpa_metric *m, int64_t milli)
{
	bool binary = m->source <= HPA_CONTAINER_RESOURCE && !strcmp(m->name, "memory");
	struct quantity q = quantity_of_milli(milli, binary ? QUANTITY_BINARY_SI : QUANTITY_DECIMAL_SI);
	struct hpa_amount_text t;

	if (m->source <= HPA_CONTAINER_RESOURCE && !strcmp(m->name, "cpu")) { /* in one unit it is easier to add up */
		snprintf(t.text, sizeof(t.text), "%" PRId64 "m", milli);
		return t;
	}
	quantity_print(&q, t.text, sizeof(t.text));
	return t;
}

static struct hpa_amount_text percent(int32_t n)
{
	struct hpa_amount_text t;

	snprintf(t.text, sizeof(t.text), "%d %%", n);
	return t;
}

struct hpa_amount_text hpa_text_target(const struct hpa_metric *m)
{
	return m->target == HPA_UTILIZATION ? percent(m->utilization) : hpa_text_milli(m, m->milli);
}

struct hpa_amount_text hpa_text_usage(const struct hpa_metric *m, const struct hpa_proposal *p)
{
	return m->target == HPA_UTILIZATION ? percent(p->utilization) : hpa_text_milli(m, p->usage_milli);
}

void hpa_text_name(const struct hpa_metric *m, char *ret, size_t size)
{
	switch (m->source) {
	case HPA_RESOURCE:
		snprintf(ret, size, "%s", m->name);
		break;
	case HPA_CONTAINER_RESOURCE:
		snprintf(ret, size, "%s of container %s", m->name, m->container);
		break;
	case HPA_PODS:
		snprintf(ret, size, "pods metric %s", m->name);
		break;
	case HPA_OBJECT:
		snprintf(ret, size, "%s of %s %s", m->name, m->object_kind, m->object_name);
		break;
	case HPA_EXTERNAL:
		snprintf(ret, size, "external metric %s", m->name);
		break;
	}
}

void hpa_text_trigger(const struct hpa_metric *m, const struct hpa_proposal *p, char *ret, size_t size)
{
	char name[64];

	hpa_text_name(m, name, sizeof(name));
	snprintf(ret, size, "%s %s %s %s", name, hpa_text_usage(m, p).text,
		 p->ratio > 1 ? ">" : p->ratio < 1 ? "<" : "=", hpa_text_target(m).text);
}
