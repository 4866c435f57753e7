/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_words.h"

#include <stdio.h>

static bool is_of_pods_resources(const struct hpa_metric *m)
{
	return m->source == HPA_RESOURCE || m->source == HPA_CONTAINER_RESOURCE;
}

void hpa_words_metric(const struct hpa_metric *m, char *ret, size_t size)
{
	const char *percent = m->target == HPA_UTILIZATION ? " utilization (percentage of request)" : "";

	if (is_of_pods_resources(m))
		snprintf(ret, size, "%s %sresource%s", m->name,
			 m->source == HPA_CONTAINER_RESOURCE ? "container " : "", percent);
	else if (m->source == HPA_PODS)
		snprintf(ret, size, "pods metric %s", m->name);
	else if (m->source == HPA_OBJECT && m->target == HPA_VALUE)
		snprintf(ret, size, "%s metric %s", m->object_kind, m->name);
	else /* so it calls an object's average, too */
		snprintf(ret, size, "external metric %s(%s)", m->name, m->selector);
}

const char *hpa_words_reason(const struct hpa_metric *m)
{
	static const char *const reasons[] = {[HPA_RESOURCE] = "FailedGetResourceMetric",
					      [HPA_CONTAINER_RESOURCE] = "FailedGetContainerResourceMetric",
					      [HPA_PODS] = "FailedGetPodsMetric",
					      [HPA_OBJECT] = "FailedGetObjectMetric",
					      [HPA_EXTERNAL] = "FailedGetExternalMetric"};

	return reasons[m->source];
}

static void of_external(const struct hpa_metric *m, const char *error, char *ret, size_t size)
{
	if (m->target == HPA_AVERAGE_VALUE)
		snprintf(ret, size, "failed to get %s external metric value: failed to get %s external metric: %s",
			 m->name, m->name, error);
	else if (m->target == HPA_VALUE)
		snprintf(ret, size, "failed to get %s external metric value: failed to get external metric %s: %s",
			 m->name, m->name, error);
	else
		snprintf(ret, size, "failed to get %s external metric value: %s", m->name, error);
}

static void wrapped(const struct hpa_metric *m, const char *error, char *ret, size_t size)
{
	bool average = m->target == HPA_AVERAGE_VALUE;

	switch (m->source) {
	case HPA_RESOURCE:
		snprintf(ret, size, "failed to get %s resource metric value: %s", m->name, error);
		break;
	case HPA_CONTAINER_RESOURCE:
		snprintf(ret, size, "failed to get %s container metric value: %s", m->container, error);
		break;
	case HPA_PODS:
		snprintf(ret, size, "failed to get pods metric value: %s", error);
		break;
	case HPA_OBJECT:
		snprintf(ret, size, "failed to get object metric value: %s%s%s%s",
			 average ? "failed to get " : "", average ? m->name : "",
			 average ? " object metric: " : "", error);
		break;
	case HPA_EXTERNAL:
		of_external(m, error, ret, size);
		break;
	}
}

void hpa_words_failure(const struct hpa_metric *m, const char *error, bool whole, char *ret, size_t size)
{
	char inner[HPA_TEXT];

	if (is_of_pods_resources(m))
		snprintf(inner, sizeof(inner), "failed to get %s %s: %.*s", m->name,
			 m->target == HPA_UTILIZATION ? "utilization" : "usage", HPA_TEXT - 300, error);
	else
		snprintf(inner, sizeof(inner), "%s", error);
	if (whole)
		wrapped(m, inner, ret, size);
	else
		snprintf(ret, size, "%s", inner);
}
