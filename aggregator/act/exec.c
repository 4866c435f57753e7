/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/act/exec.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scope.h"
#include "base/unicode.h"

static char *request(const struct act_order *o)
{
	scoped(json_decrefp) json_t *object =
		json_pack("{ss ss ss sI sI ss ss}", "apiVersion", "plimsoll.io/v1alpha1", "kind",
			  "ScaleRequest", "workload", o->workload, "from", (json_int_t)o->from, "to",
			  (json_int_t)o->to, "reason", o->reason, "decision", o->decision);

	return object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
}

void act_exec_last_line(const char *output, char *ret_line, size_t size)
{
	const char *end = output + strlen(output), *begin;
	size_t n = 0;

	while (end > output && (unsigned char)end[-1] <= ' ')
		end--;
	for (begin = end; begin > output && begin[-1] != '\n'; begin--)
		;
	while (begin < end) {
		uint32_t code;
		size_t bytes = unicode_next(begin, &code), kept = bytes ? bytes : 1;

		if (n + kept >= size)
			break;
		if (bytes && code >= ' ' && code != 0x7f)
			memcpy(ret_line + n, begin, kept);
		else
			ret_line[n] = bytes ? ' ' : '?';
		begin += kept;
		n += kept;
	}
	ret_line[n] = '\0';
}

static void ended(const struct loop_child_result *r, void *data)
{
	struct act *a = data;
	char line[ACT_WHY - 60], why[ACT_WHY];
	int n;

	if (r->status == 0 && !r->timed_out) {
		act_finish(a, "");
		return;
	}
	if (r->timed_out)
		n = snprintf(why, sizeof(why), "no end within %.3g s",
			     clock_seconds(a->timeout_ns));
	else if (r->signal)
		n = snprintf(why, sizeof(why), "killed by signal %d", r->signal);
	else
		n = snprintf(why, sizeof(why), "exit status %d", r->status);
	act_exec_last_line(r->output, line, sizeof(line));
	if (*line)
		snprintf(why + n, sizeof(why) - (size_t)n, ": %s", line);
	act_finish(a, why);
}

static int start(struct act *a, const struct act_order *o)
{
	scoped(freep) char *input = request(o);

	if (!input)
		return -EINVAL; /* a name that is no UTF-8 */
	return loop_child_run(a->loop, a->command, input, a->timeout_ns, ended, a);
}

const struct act_kind act_exec = {"exec", start};
