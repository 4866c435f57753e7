/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/unicode.h"

#define API_VERSION "plimsoll.io/v1alpha1"
#define KIND	    "DecisionRecord"

/* One integer or boolean of a struct; its size tells which. The same table writes and reads it. */
struct field {
	const char *key;
	size_t offset, size;
};

#define FIELD(type, member, key) {key, offsetof(type, member), sizeof(((type *)0)->member)}
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct field policy_fields[] = {
	FIELD(struct policy, enforce, "enforce"),
	FIELD(struct policy, min_replicas, "minReplicas"),
	FIELD(struct policy, max_replicas, "maxReplicas"),
	FIELD(struct policy, cpu_request_milli, "cpuRequestMilli"),
	FIELD(struct policy, tolerance_permille, "tolerancePermille"),
	FIELD(struct policy, window_ns, "windowNs"),
	FIELD(struct policy, up_stabilization_ns, "scaleUpStabilizationNs"),
	FIELD(struct policy, down_stabilization_ns, "scaleDownStabilizationNs"),
	FIELD(struct policy, fresh_ns, "freshNs"),
	FIELD(struct policy, min_coverage_permille, "minCoveragePermille"),
};

static const struct field view_fields[] = {
	FIELD(struct view, boottime_ns, "boottimeNs"),
	FIELD(struct view, wall_unix_ns, "wallUnixNs"),
	FIELD(struct view, nodes, "nodes"),
	FIELD(struct view, nodes_silent, "nodesSilent"),
};

static const struct field replica_fields[] = {
	FIELD(struct view_replica, age_ns, "ageNs"),
	FIELD(struct view_replica, sample_age_ns, "sampleAgeNs"),
	FIELD(struct view_replica, cpu_known, "cpuKnown"),
	FIELD(struct view_replica, cpu_milli, "cpuMilli"),
	FIELD(struct view_replica, window_ns, "windowNs"),
	FIELD(struct view_replica, runq_known, "runqKnown"),
	FIELD(struct view_replica, runq_permille, "runqPermille"),
};

static const struct field state_fields[] = {
	FIELD(struct decide_state, next, "next"),
	FIELD(struct decide_state, wanted, "wanted"),
	FIELD(struct decide_state, wanted_since_ns, "wantedSinceNs"),
};

static const struct field memory_fields[] = {
	FIELD(struct decide_recommendation, boottime_ns, "boottimeNs"),
	FIELD(struct decide_recommendation, up, "up"),
	FIELD(struct decide_recommendation, down, "down"),
};

static const struct field verdict_fields[] = {
	FIELD(struct verdict, from, "from"),
	FIELD(struct verdict, to, "to"),
	FIELD(struct verdict, asked, "asked"),
	FIELD(struct verdict, stabilized, "stabilized"),
	FIELD(struct verdict, coverage_permille, "coveragePermille"),
};

static const struct field metric_fields[] = {
	FIELD(struct verdict_metric, known, "known"),
	FIELD(struct verdict_metric, measured, "measured"),
	FIELD(struct verdict_metric, missing, "missing"),
	FIELD(struct verdict_metric, sum_milli, "sumMilli"),
	FIELD(struct verdict_metric, request_milli, "requestMilli"),
	FIELD(struct verdict_metric, value_percent, "valuePercent"),
	FIELD(struct verdict_metric, target_percent, "targetPercent"),
	FIELD(struct verdict_metric, imputed_percent, "imputedPercent"),
	FIELD(struct verdict_metric, asks, "asks"),
	FIELD(struct verdict_metric, oldest_ns, "oldestNs"),
};

static const char *const kinds[] = {[POLICY_CPU] = "cpu", [POLICY_RUNQ] = "cpu-runqueue"};

/* Writing */

static json_t *field_json(const struct field *f, const void *of)
{
	const void *at = (const char *)of + f->offset;
	uint64_t value;

	if (f->size == sizeof(bool))
		return json_boolean(*(const bool *)at);
	value = f->size == sizeof(uint32_t) ? *(const uint32_t *)at : *(const uint64_t *)at;
	return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

static json_t *fields_json(const struct field *f, size_t n, const void *of)
{
	json_t *o = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(o, f[i].key, field_json(&f[i], of));
	return o;
}

static json_t *text_json(const char *s)
{
	scoped(freep) char *copy = mem_strdup(s);
	uint32_t code;

	for (char *c = copy; *c;) {
		size_t n = unicode_next(c, &code);

		if (!n)
			*c = '?';
		c += n ? n : 1;
	}
	return json_string(copy);
}

static json_t *policy_json(const struct policy *p)
{
	json_t *o = json_object(), *metrics = json_array();

	json_object_set_new(o, "name", text_json(p->name));
	json_object_update_new(o, fields_json(policy_fields, COUNT(policy_fields), p));
	for (size_t i = 0; i < p->n_metrics; i++)
		json_array_append_new(metrics, json_pack("{ss sI}", "name", kinds[p->metric[i].kind],
							 "targetPercent",
							 (json_int_t)p->metric[i].target_percent));
	json_object_set_new(o, "metrics", metrics);
	return o;
}

static json_t *view_json(const struct view *v)
{
	json_t *o = fields_json(view_fields, COUNT(view_fields), v), *replicas = json_array();

	for (uint32_t i = 0; i < v->replicas; i++) {
		json_t *r = json_object();

		json_object_set_new(r, "name", text_json(v->replica[i].name));
		json_object_update_new(
			r, fields_json(replica_fields, COUNT(replica_fields), &v->replica[i]));
		json_array_append_new(replicas, r);
	}
	json_object_set_new(o, "replicas", replicas);
	return o;
}

static json_t *state_json(const struct decide_state *s)
{
	json_t *o = fields_json(state_fields, COUNT(state_fields), s), *memory = json_array();

	for (uint32_t i = 0; i < s->n; i++)
		json_array_append_new(memory, fields_json(memory_fields, COUNT(memory_fields),
							  &s->memory[i]));
	json_object_set_new(o, "memory", memory);
	return o;
}

static json_t *verdict_json(const struct verdict *d, size_t n_metrics)
{
	json_t *o = fields_json(verdict_fields, COUNT(verdict_fields), d), *metrics = json_array();

	json_object_set_new(o, "reason", json_string(verdict_word(d->reason)));
	json_object_set_new(o, "trigger", d->trigger < 0 ? json_null() : json_integer(d->trigger));
	for (size_t i = 0; i < n_metrics; i++)
		json_array_append_new(metrics, fields_json(metric_fields, COUNT(metric_fields),
							   &d->metric[i]));
	json_object_set_new(o, "metrics", metrics);
	return o;
}

char *record_json(const struct policy *p, const struct view *v, uint32_t current,
		  const struct decide_state *before, const struct verdict *d)
{
	json_t *o = json_pack("{ss ss so so sI so so}", "apiVersion", API_VERSION, "kind", KIND,
			      "policy", policy_json(p), "view", view_json(v), "current",
			      (json_int_t)current, "state", state_json(before), "verdict",
			      verdict_json(d, p->n_metrics));
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

/* Reading */

static int wrong(struct err *e, const char *key, const char *why)
{
	err_set(e, -EINVAL, "this is no record of a decision");
	return err_cause(e, "\"%s\" %s", key, why);
}

static int read_number(const struct field *f, const json_t *j, void *to, struct err *e)
{
	uint64_t value = json_is_null(j) ? UINT64_MAX : (uint64_t)json_integer_value(j);

	if (!json_is_integer(j) && !(json_is_null(j) && f->size == sizeof(uint64_t)))
		return wrong(e, f->key, "is missing or no integer");
	if (json_is_integer(j) && json_integer_value(j) < 0)
		return wrong(e, f->key, "is negative");
	if (f->size == sizeof(uint32_t) && value > UINT32_MAX)
		return wrong(e, f->key, "is too large");
	if (f->size == sizeof(uint32_t))
		*(uint32_t *)to = (uint32_t)value;
	else
		*(uint64_t *)to = value;
	return 0;
}

static int read_fields(const struct field *f, size_t n, const json_t *o, void *to, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *j = json_object_get(o, f[i].key);
		void *at = (char *)to + f[i].offset;
		int r = 0;

		if (f[i].size != sizeof(bool))
			r = read_number(&f[i], j, at, e);
		else if (json_is_boolean(j))
			*(bool *)at = json_is_true(j);
		else
			r = wrong(e, f[i].key, "is missing or neither true nor false");
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_text(const json_t *o, const char *key, char *to, size_t size, struct err *e)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (!text || strlen(text) >= size)
		return wrong(e, key, "is missing, no text or too long");
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

/* The array `key` of `o`, of at most `most` entries; NULL: it is not. */
static const json_t *read_array(const json_t *o, const char *key, size_t most, struct err *e)
{
	const json_t *a = json_object_get(o, key);

	if (json_is_array(a) && json_array_size(a) <= most)
		return a;
	(void)wrong(e, key, "is missing, no list or too long");
	return NULL;
}

static int read_metric(const json_t *o, struct policy_metric *m, struct err *e)
{
	static const struct field target = FIELD(struct policy_metric, target_percent, "targetPercent");
	const char *name = json_string_value(json_object_get(o, "name"));

	for (size_t i = 0; name && i < COUNT(kinds); i++)
		if (!strcmp(name, kinds[i])) {
			m->kind = (enum policy_metric_kind)i;
			if (read_fields(&target, 1, o, m, e) < 0)
				return -EINVAL;
			return m->target_percent ? 0 : wrong(e, target.key, "is 0");
		}
	return wrong(e, "metrics", "has one that this version does not know");
}

static int read_policy(const json_t *o, struct policy *p, struct err *e)
{
	const json_t *metrics = read_array(o, "metrics", POLICY_METRICS, e);

	if (!metrics || read_text(o, "name", p->name, sizeof(p->name), e) < 0 ||
	    read_fields(policy_fields, COUNT(policy_fields), o, p, e) < 0)
		return -EINVAL;
	for (; p->n_metrics < json_array_size(metrics); p->n_metrics++)
		if (read_metric(json_array_get(metrics, p->n_metrics), &p->metric[p->n_metrics], e) < 0)
			return -EINVAL;
	return 0;
}

static int read_view(const json_t *o, struct record *r, struct err *e)
{
	const json_t *list = read_array(o, "replicas", RECORD_REPLICAS, e);
	struct view_replica *all;

	if (!list || read_fields(view_fields, COUNT(view_fields), o, &r->view, e) < 0)
		return -EINVAL;
	r->view.replicas = (uint32_t)json_array_size(list);
	r->view.replica = all = calloc(r->view.replicas + 1u, sizeof(*all));
	if (!all)
		return err_set(e, -ENOMEM, "no memory for %u replicas", r->view.replicas);
	for (uint32_t i = 0; i < r->view.replicas; i++) {
		const json_t *one = json_array_get(list, i);

		if (read_text(one, "name", all[i].name, sizeof(all[i].name), e) < 0 ||
		    read_fields(replica_fields, COUNT(replica_fields), one, &all[i], e) < 0)
			return -EINVAL;
	}
	return 0;
}

static int read_state(const json_t *o, struct decide_state *s, struct err *e)
{
	const json_t *memory = read_array(o, "memory", DECIDE_MEMORY, e);

	if (!memory || read_fields(state_fields, COUNT(state_fields), o, s, e) < 0)
		return -EINVAL;
	if (s->next >= DECIDE_MEMORY)
		return wrong(e, "next", "is too large");
	for (; s->n < json_array_size(memory); s->n++)
		if (read_fields(memory_fields, COUNT(memory_fields), json_array_get(memory, s->n),
				&s->memory[s->n], e) < 0)
			return -EINVAL;
	return 0;
}

static int read_reason(const json_t *o, enum verdict_reason *ret, struct err *e)
{
	const char *word = json_string_value(json_object_get(o, "reason"));
#define X(id, known, meaning) \
	if (word && !strcmp(word, known)) { \
		*ret = VERDICT_##id; \
		return 0; \
	}
	VERDICT_REASONS(X)
#undef X
	return wrong(e, "reason", "is missing or unknown to this version");
}

static int read_verdict(const json_t *o, size_t n_metrics, struct verdict *d, struct err *e)
{
	const json_t *metrics = read_array(o, "metrics", n_metrics, e);
	const json_t *trigger = json_object_get(o, "trigger");

	if (!metrics || read_reason(o, &d->reason, e) < 0 ||
	    read_fields(verdict_fields, COUNT(verdict_fields), o, d, e) < 0)
		return -EINVAL;
	if (json_is_integer(trigger) && (json_integer_value(trigger) < 0 ||
					 json_integer_value(trigger) >= (json_int_t)n_metrics))
		return wrong(e, "trigger", "is none of its metrics");
	d->trigger = json_is_integer(trigger) ? (int)json_integer_value(trigger) : -1;
	for (size_t i = 0; i < json_array_size(metrics); i++)
		if (read_fields(metric_fields, COUNT(metric_fields), json_array_get(metrics, i),
				&d->metric[i], e) < 0)
			return -EINVAL;
	return 0;
}

static int read_record(const json_t *o, struct record *r, struct err *e)
{
	static const struct field current = FIELD(struct record, current, "current");
	const char *kind = json_string_value(json_object_get(o, "kind"));
	int code;

	if (!kind || strcmp(kind, KIND))
		return wrong(e, "kind", "is not " KIND);
	code = read_policy(json_object_get(o, "policy"), &r->policy, e);
	if (code == 0)
		code = read_view(json_object_get(o, "view"), r, e);
	if (code == 0)
		code = read_fields(&current, 1, o, r, e);
	if (code == 0)
		code = read_state(json_object_get(o, "state"), &r->state, e);
	if (code == 0)
		code = read_verdict(json_object_get(o, "verdict"), r->policy.n_metrics, &r->verdict, e);
	return code;
}

int record_parse(const char *json, struct record **ret, struct err *e)
{
	json_error_t why;
	json_t *o = json_loads(json, JSON_REJECT_DUPLICATES, &why);
	scoped(record_freep) struct record *r = mem_new(struct record);
	int code;

	if (!o) {
		err_set(e, -EBADMSG, "this is no JSON");
		return err_cause(e, "line %d, column %d: %s", why.line, why.column, why.text);
	}
	code = read_record(o, r, e);
	json_decref(o);
	if (code == 0)
		*ret = take(r);
	return code;
}

struct record *record_free(struct record *r)
{
	if (r)
		free((void *)(uintptr_t)r->view.replica);
	free(r);
	return NULL;
}

static bool same_fields(const struct field *f, size_t n, const void *a, const void *b)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp((const char *)a + f[i].offset, (const char *)b + f[i].offset, f[i].size))
			return false;
	return true;
}

bool record_replay(const struct record *r, struct verdict *ret)
{
	struct decide_state state = r->state;
	bool same;

	decide_step(&r->policy, &r->view, r->current, &state, ret);
	same = ret->reason == r->verdict.reason && ret->trigger == r->verdict.trigger &&
	       same_fields(verdict_fields, COUNT(verdict_fields), ret, &r->verdict);
	for (size_t i = 0; i < r->policy.n_metrics; i++)
		same = same && same_fields(metric_fields, COUNT(metric_fields), &ret->metric[i],
					   &r->verdict.metric[i]);
	return same;
}
