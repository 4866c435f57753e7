/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/scale_request.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/scope.h"

static int refuse(struct err *e, const char *cause)
{
	err_set(e, -EINVAL, "this is no scale request");
	err_cause(e, "%s", cause);
	return err_fix(e, "it is written by the exec actuator of plimsoll-aggregator");
}

static int copy_text(const json_t *object, const char *key, char *ret, size_t size, struct err *e)
{
	const char *text = json_string_value(json_object_get(object, key));
	char cause[96];

	if (text && strlen(text) < size) {
		strcpy(ret, text);
		return 0;
	}
	snprintf(cause, sizeof(cause), "\"%s\" must be a string of less than %zu bytes", key, size);
	return refuse(e, cause);
}

static int check_kind(const json_t *object, struct err *e)
{
	char version[64], kind[64];
	int r = copy_text(object, "apiVersion", version, sizeof(version), e);

	if (r == 0)
		r = copy_text(object, "kind", kind, sizeof(kind), e);
	if (r < 0)
		return r;
	if (strcmp(version, "plimsoll.io/v1alpha1") != 0)
		return refuse(e, "\"apiVersion\" is not plimsoll.io/v1alpha1");
	return strcmp(kind, "ScaleRequest") == 0 ? 0 : refuse(e, "\"kind\" is not ScaleRequest");
}

int scale_request_parse(const char *text, size_t size, struct scale_request *ret, struct err *e)
{
	struct scale_request parsed = { .to = 0 };
	json_error_t error;

	if (size > SCALE_REQUEST_BYTES)
		return refuse(e, "it has more than 4096 bytes");
	scoped(json_decrefp) json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!object)
		return refuse(e, error.text);
	int r = check_kind(object, e);
	if (r == 0)
		r = copy_text(object, "workload", parsed.workload, sizeof(parsed.workload), e);
	if (r == 0 && json_object_get(object, "decision"))
		r = copy_text(object, "decision", parsed.decision, sizeof(parsed.decision), e);
	if (r < 0)
		return r;
	const json_t *to = json_object_get(object, "to");
	if (!json_is_integer(to) || json_integer_value(to) < 0 ||
	    json_integer_value(to) > SCALE_REQUEST_REPLICAS)
		return refuse(e, "\"to\" must be a whole number from 0 to 10000");
	parsed.to = (uint32_t)json_integer_value(to);
	*ret = parsed;
	return 0;
}
