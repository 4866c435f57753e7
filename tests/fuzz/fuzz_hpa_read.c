/* SPDX-License-Identifier: Apache-2.0 */
/* HorizontalPodAutoscaler specs: what is read gets defaults and a verdict, whatever it says; what is
 * refused says why. Read strictly and leniently, the same values come out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/hpa_read.h"
#include "base/obj.h"
#include "conf/yaml.h"
#include "decide/hpa_defaults.h"
#include "decide/hpa_validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *context, enum hpa_fault fault, const char *field, const char *detail)
{
	(void)context;
	must(*hpa_validate_word(fault) && !strncmp(field, "spec", 4) && detail);
}

static void try(const struct yaml_doc *doc, bool strict)
{
	struct hpa_read read;
	struct err e = {0};

	if (hpa_read_spec(doc, doc->root, strict, &read, &e) < 0) {
		must(*e.what);
	} else {
		hpa_defaults(&read.object);
		must(read.object.min.set && read.object.n);
		hpa_validate(&(struct hpa_validate){report, NULL, strict}, &read.object);
	}
	hpa_read_done(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_doc *doc = NULL;

	if (yaml_parse("fuzz", (const char *)data, size, &doc, NULL) < 0)
		return 0;
	try(doc, true);
	try(doc, false);
	yaml_free(doc);
	return 0;
}
