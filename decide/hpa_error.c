/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_error.h"

#include <stdio.h>

static void of_request(const struct hpa_metric *m, const struct hpa_pods *p, char *ret, size_t size)
{
	if (p->problem == HPA_REQUEST_MISSING_OF_POD)
		snprintf(ret, size, "missing pod-level request for %s in Pod %s", m->name, p->problem_pod);
	else if (p->problem == HPA_REQUEST_MISSING_CONTAINER)
		snprintf(ret, size, "container %s not found in Pod %s", m->container, p->problem_pod);
	else
		snprintf(ret, size, "missing request for %s in container %s of Pod %s", m->name,
			 p->problem_container, p->problem_pod);
}

/* The metric that was asked for, then what its API said: an error, or nothing. */
static void of_api(const struct hpa_metric *m, const char *ns, const char *error, char *ret, size_t size)
{
	const char *said = error ? "unable to fetch metrics from" : "no metrics returned from";
	const char *colon = error ? ": " : "";

	error = error ? error : "";
	switch (m->source) {
	case HPA_RESOURCE:
	case HPA_CONTAINER_RESOURCE:
		snprintf(ret, size, "unable to get metrics for resource %s: %s resource metrics API%s%s",
			 m->name, said, colon, error);
		break;
	case HPA_PODS:
		snprintf(ret, size, "unable to get metric %s: %s custom metrics API%s%s", m->name, said,
			 colon, error);
		break;
	case HPA_OBJECT: /* the order is Kubernetes' own */
		snprintf(ret, size, "unable to get metric %s: %s on %s %s/%s custom metrics API%s%s",
			 m->name, m->object_kind, ns, m->object_name, said, colon, error);
		break;
	case HPA_EXTERNAL:
		snprintf(ret, size, "unable to get external metric %s/%s/%s: %s external metrics API%s%s",
			 ns, m->name, m->selector, said, colon, error);
		break;
	}
}

static void of_pods(const struct hpa_metric *m, char *ret, size_t size)
{
	bool counts_ready = m->source == HPA_OBJECT || m->source == HPA_EXTERNAL;

	snprintf(ret, size, "%sno pods returned by selector while calculating replica count",
		 counts_ready ? "unable to calculate ready pods: " : "");
}

void hpa_error_text(const struct hpa_metric *m, const char *ns, const struct hpa_answer *a,
		    const struct hpa_proposal *p, char *ret, size_t size)
{
	switch (p->failure) {
	case HPA_NO_FAILURE:
		snprintf(ret, size, "%s", "");
		break;
	case HPA_WITHOUT_TARGET:
		snprintf(ret, size,
			 "invalid %s metric source: neither a value target nor an average value target was set",
			 m->source == HPA_OBJECT ? "object" : "external");
		break;
	case HPA_FETCH_FAILED:
	case HPA_NO_ITEMS:
		of_api(m, ns, a->error, ret, size);
		break;
	case HPA_NO_PODS:
		of_pods(m, ret, size);
		break;
	case HPA_NO_SAMPLES:
		snprintf(ret, size, "did not receive metrics for targeted pods (pods might be unready)");
		break;
	case HPA_NO_REQUEST:
		of_request(m, &p->pods, ret, size);
		break;
	case HPA_NOTHING_MATCHES:
		snprintf(ret, size, "no metrics returned matched known pods");
		break;
	}
}
