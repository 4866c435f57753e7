/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/hpa_pass.h"

#include <stdarg.h>
#include <stdio.h>

void hpa_pass_event(struct hpa_outcome *out, bool warning, const char *reason, const char *message, ...)
{
	struct hpa_event *e = &out->event[out->n_events++];
	va_list args;

	e->warning = warning;
	e->reason = reason;
	va_start(args, message);
	vsnprintf(e->message, sizeof(e->message), message, args);
	va_end(args);
}

void hpa_pass_error(struct hpa_outcome *out, const char *message, ...)
{
	va_list args;

	va_start(args, message);
	vsnprintf(out->error, sizeof(out->error), message, args);
	va_end(args);
}
