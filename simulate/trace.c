/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/scope.h"

#define API_VERSION "plimsoll.io/v1alpha1"
#define KIND	    "Trace"

struct reader {
	const char *name;
	unsigned line;
	struct trace *trace;
	uint32_t milli; /* of the newest line */
	bool silent, begun;
	struct err *e;
};

static int show_line(const struct reader *r)
{
	if (r->line == 1)
		return err_fix(r->e, "the first line is {\"apiVersion\":\"" API_VERSION "\",\"kind\":\"" KIND "\"}");
	return err_fix(r->e, "a line is {\"second\":60,\"cpuMilli\":2000}; docs/design/simulation.md has the format");
}

static int wrong(const struct reader *r, const char *key, const char *why)
{
	err_set(r->e, -EINVAL, "%.150s:%u: this is no line of a trace", r->name, r->line);
	err_cause(r->e, "\"%.60s\" %s", key, why);
	return show_line(r);
}

static uint32_t most_of(const char *key)
{
	return !strcmp(key, "second") ? TRACE_SECONDS_MAX : TRACE_MILLI_MAX;
}

static int out_of_bounds(const struct reader *r, const char *key)
{
	char why[48];

	snprintf(why, sizeof(why), "is not between 0 and %u", most_of(key));
	return wrong(r, key, why);
}

static int read_number(const struct reader *r, const json_t *o, const char *key, uint32_t *ret)
{
	const json_t *j = json_object_get(o, key);

	if (!json_is_integer(j))
		return wrong(r, key, "is missing or no integer");
	if (json_integer_value(j) < 0 || json_integer_value(j) > (json_int_t)most_of(key))
		return out_of_bounds(r, key);
	*ret = (uint32_t)json_integer_value(j);
	return 0;
}

static int check_keys(const struct reader *r, json_t *o)
{
	static const char *const known[] = {"second", "cpuMilli", "silent"};
	const char *key;
	json_t *value;

	json_object_foreach (o, key, value) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found = found || !strcmp(key, known[i]);
		if (!found)
			return wrong(r, key, "is none of second, cpuMilli, silent");
	}
	return 0;
}

/* What held until `second`. */
static void fill(struct reader *r, uint32_t second)
{
	struct trace *t = r->trace;
	uint32_t from = t->seconds;

	if (second <= from)
		return;
	t->cpu_milli = mem_array(t->cpu_milli, second, sizeof(*t->cpu_milli));
	t->silent = mem_array(t->silent, second, sizeof(*t->silent));
	for (uint32_t s = from; s < second; s++) {
		t->cpu_milli[s] = r->milli;
		t->silent[s] = r->silent;
	}
	t->seconds = second;
}

static int read_change(struct reader *r, json_t *o)
{
	const json_t *silent = json_object_get(o, "silent");
	uint32_t second, milli = r->milli;

	if (check_keys(r, o) < 0 || read_number(r, o, "second", &second) < 0)
		return -EINVAL;
	if (r->begun ? second <= r->trace->seconds && second != 0 : second != 0)
		return wrong(r, "second", r->begun ? "does not come after the line before" : "is not 0 in the first line");
	if (r->begun && second == 0)
		return wrong(r, "second", "does not come after the line before");
	if ((json_object_get(o, "cpuMilli") || !r->begun) &&
	    read_number(r, o, "cpuMilli", &milli) < 0)
		return -EINVAL;
	if (silent && !json_is_boolean(silent))
		return wrong(r, "silent", "is neither true nor false");
	fill(r, second);
	r->milli = milli;
	r->silent = json_is_true(silent);
	r->begun = true;
	return 0;
}

static int read_header(const struct reader *r, const json_t *o)
{
	const char *kind = json_string_value(json_object_get(o, "kind"));
	const char *version = json_string_value(json_object_get(o, "apiVersion"));

	if (!kind || strcmp(kind, KIND) != 0)
		return wrong(r, "kind", "is not \"" KIND "\"");
	if (!version || strcmp(version, API_VERSION) != 0)
		return wrong(r, "apiVersion", "is not \"" API_VERSION "\"");
	return 0;
}

/* --- what is no JSON */

static bool is_blank(const char *text, size_t size)
{
	while (size && strchr(" \t\r", text[size - 1]) && text[size - 1])
		size--;
	return !size;
}

static int blank(const struct reader *r)
{
	err_set(r->e, -EINVAL, "%.150s:%u: this line is blank", r->name, r->line);
	err_cause(r->e, "each line of a trace is a JSON object");
	return err_fix(r->e, "take it out");
}

/* The reader does not say of which key an integer beyond int64 is; read as reals they all have their place. 0: of none
 * that a trace has. */
static int beyond_int64(const struct reader *r, const char *text, size_t size)
{
	static const char *const numbers[] = {"second", "cpuMilli"};
	json_t *o = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
	int code = 0;

	for (size_t i = 0; code == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		double value = json_real_value(json_object_get(o, numbers[i])); /* 0 when it is absent */

		if (value < 0 || value > most_of(numbers[i]))
			code = out_of_bounds(r, numbers[i]);
	}
	json_decref(o);
	return code;
}

static int no_object(const struct reader *r, const char *text, size_t size, bool is_json, const json_error_t *why)
{
	if (is_blank(text, size))
		return blank(r);
	if (!is_json && json_error_code(why) == json_error_numeric_overflow && beyond_int64(r, text, size) < 0)
		return -EINVAL;
	err_set(r->e, -EINVAL, "%.150s:%u: this is no JSON object", r->name, r->line);
	if (is_json)
		err_cause(r->e, "it is another JSON value");
	else
		err_cause(r->e, "column %d: %s", why->column, why->text);
	return show_line(r);
}

static int read_line(struct reader *r, const char *text, size_t size)
{
	json_error_t why;
	json_t *o = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	bool is_json = o != NULL;
	int code;

	if (!json_is_object(o)) {
		json_decref(o);
		return no_object(r, text, size, is_json, &why);
	}
	code = r->line == 1 ? read_header(r, o) : read_change(r, o);
	json_decref(o);
	return code;
}

static int finish(const struct reader *r)
{
	if (r->trace->seconds)
		return 0;
	err_set(r->e, -EINVAL, "%.150s: the trace is empty", r->name);
	err_cause(r->e, r->line ? "it has no second of load: it needs a line at 0 and one where it ends"
				: "the file has nothing in it");
	return err_fix(r->e, "plimsoll simulate --trace step shows what one does; docs/design/simulation.md has the format");
}

int trace_parse(const char *name, const char *bytes, size_t size, struct trace *ret, struct err *e)
{
	struct reader r = {.name = name, .trace = ret, .e = e};

	*ret = (struct trace){0};
	while (size) {
		const char *end = memchr(bytes, '\n', size);
		size_t n = end ? (size_t)(end - bytes) : size;

		r.line++;
		if (read_line(&r, bytes, n) < 0)
			return -EINVAL;
		n += end != NULL;
		bytes += n;
		size -= n;
	}
	return finish(&r);
}

static int no_file(const char *path, int code, struct err *e)
{
	err_set(e, code, "cannot read the trace %.150s", path);
	if (code == -E2BIG)
		err_cause(e, "it is larger than %d MiB", TRACE_MIB);
	return err_fix(e, "give a file, or one of step, ramp, spike, daily, noise, outage");
}

int trace_load(const char *path, struct trace *ret, struct err *e)
{
	scoped(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped(buf_done) struct buf text = {0};
	int r = fd < 0 ? -errno : buf_read(&text, fd, TRACE_BYTES_MAX);

	*ret = (struct trace){0};
	return r < 0 ? no_file(path, r, e) : trace_parse(path, buf_text(&text), text.size, ret, e);
}

void trace_write_head(struct buf *to)
{
	buf_printf(to, "{\"apiVersion\":\"" API_VERSION "\",\"kind\":\"" KIND "\"}\n");
}

void trace_write_change(uint32_t second, uint32_t cpu_milli, bool silent, struct buf *to)
{
	buf_printf(to, "{\"second\":%u,\"cpuMilli\":%u%s}\n", second, cpu_milli, silent ? ",\"silent\":true" : "");
}

void trace_write_end(uint32_t second, struct buf *to)
{
	buf_printf(to, "{\"second\":%u}\n", second);
}

void trace_write(const struct trace *t, struct buf *to)
{
	trace_write_head(to);
	for (uint32_t s = 0; s < t->seconds; s++)
		if (!s || t->cpu_milli[s] != t->cpu_milli[s - 1] || t->silent[s] != t->silent[s - 1])
			trace_write_change(s, t->cpu_milli[s], t->silent[s], to);
	trace_write_end(t->seconds, to);
}

void trace_done(struct trace *t)
{
	free(t->cpu_milli);
	free(t->silent);
	*t = (struct trace){0};
}
