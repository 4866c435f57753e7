/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors/hpa_manifest.h"

#include <stdlib.h>
#include <string.h>

int hpa_manifest_read(const char *name, json_t *spec, struct hpa_manifest *ret, struct err *e)
{
	/* 15 digits, so that 0.2 stays what the file has */
	char *text = json_dumps(spec, JSON_REAL_PRECISION(15));
	int code;

	*ret = (struct hpa_manifest){0};
	code = yaml_parse(name, text, strlen(text), &ret->doc, e);
	free(text);
	return code < 0 ? code : hpa_read_spec(ret->doc, ret->doc->root, false, &ret->read, e);
}

void hpa_manifest_done(struct hpa_manifest *m)
{
	hpa_read_done(&m->read);
	m->doc = yaml_free(m->doc);
}
