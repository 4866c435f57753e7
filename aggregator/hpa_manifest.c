/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/hpa_manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/hpa_translate.h"
#include "base/mem.h"
#include "base/obj.h"
#include "conf/yaml.h"
#include "decide/hpa_defaults.h"
#include "decide/hpa_validate.h"

struct first { /* fault */
	char *field, *detail;
	size_t size;
	bool found;
};

static void keep_first(void *context, enum hpa_fault fault, const char *field, const char *detail)
{
	struct first *f = context;

	(void)fault;
	if (f->found)
		return;
	f->found = true;
	snprintf(f->field, f->size, "%s", field);
	snprintf(f->detail, f->size, "%s", detail);
}

bool hpa_manifest_judge(struct hpa_object *o, char *ret_field, char *ret_detail, size_t size)
{
	struct first f = {ret_field, ret_detail, size, false};

	hpa_defaults(o);
	hpa_validate(&(struct hpa_validate){.report = keep_first, .context = &f}, o);
	return !f.found;
}

static int fill(struct hpa_manifest *m, struct err *e)
{
	char field[128], detail[160];
	int code = yaml_parse("spec", m->json, strlen(m->json), &m->doc, e);

	if (code == 0)
		code = hpa_read_spec(m->doc, m->doc->root, false, &m->read, e);
	if (code < 0)
		return code;
	if (!hpa_manifest_judge(&m->read.object, field, detail, sizeof(field))) {
		err_set(e, -EINVAL, "%s: %s", field, detail);
		return err_cause(e, "Kubernetes would refuse this HorizontalPodAutoscaler");
	}
	m->spec = hpa_translate(&m->read, m->ns);
	return 0;
}

int hpa_manifest_new(const char *ns, const char *json, struct hpa_manifest **ret, struct err *e)
{
	scoped(hpa_manifest_freep) struct hpa_manifest *m = mem_new(struct hpa_manifest);
	int code;

	m->ns = mem_strdup(ns);
	m->json = mem_strdup(json);
	m->requests.item = m->request;
	code = fill(m, e);
	if (code == 0)
		*ret = take(m);
	return code;
}

struct hpa_manifest *hpa_manifest_copy(const struct hpa_manifest *m)
{
	struct hpa_manifest *copy = NULL;

	if (!m)
		return NULL;
	must(hpa_manifest_new(m->ns, m->json, &copy, NULL) == 0); /* it was read from the same text */
	for (size_t i = 0; i < m->requests.n; i++)
		if (!*m->request[i].container)
			(void)hpa_manifest_request(copy, "", m->request[i].cpu_known ? m->request[i].cpu_milli : -1,
						   m->request[i].memory_known ? m->request[i].memory_milli : -1);
	return copy;
}

struct hpa_manifest *hpa_manifest_free(struct hpa_manifest *m)
{
	if (!m)
		return NULL;
	for (size_t i = 0; i < m->requests.n; i++)
		free((void *)(uintptr_t)m->request[i].container);
	hpa_read_done(&m->read);
	yaml_free(m->doc);
	free(m->json);
	free(m->ns);
	free(m);
	return NULL;
}

static struct hpa_request *find(struct hpa_manifest *m, const char *container)
{
	for (size_t i = 0; i < m->requests.n; i++)
		if (!strcmp(m->request[i].container, container))
			return &m->request[i];
	return NULL;
}

int hpa_manifest_request(struct hpa_manifest *m, const char *container, int64_t cpu_milli, int64_t memory_milli)
{
	struct hpa_request *r = find(m, container);

	if (!r && m->requests.n == HPA_MANIFEST_REQUESTS)
		return -ENOSPC;
	if (!r) {
		r = &m->request[m->requests.n++];
		*r = (struct hpa_request){.container = mem_strdup(container)};
	}
	if (cpu_milli >= 0) {
		r->cpu_known = true;
		r->cpu_milli = cpu_milli;
	}
	if (memory_milli >= 0) {
		r->memory_known = true;
		r->memory_milli = memory_milli;
	}
	return 0;
}
