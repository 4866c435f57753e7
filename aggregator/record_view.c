/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/record_view.h"

#include <errno.h>
#include <stdlib.h>

#include "aggregator/record.h"
#include "aggregator/record_field.h"
#include "base/hist.h"

static const struct record_field view_fields[] = {
	RECORD_FIELD(struct view, boottime_ns, "boottimeNs"),
	RECORD_FIELD(struct view, wall_unix_ns, "wallUnixNs"),
	RECORD_FIELD(struct view, nodes, "nodes"),
	RECORD_FIELD(struct view, nodes_silent, "nodesSilent"),
	RECORD_LATER(struct view, fleet_nodes, "fleetNodes"),
	RECORD_LATER(struct view, fleet_silent, "fleetSilent"),
	RECORD_LATER(struct view, fleet_budget, "fleetBudget"),
	RECORD_LATER(struct view, fleet_room, "fleetRoom"),
};

static const struct record_field replica_fields[] = {
	RECORD_FIELD(struct view_replica, age_ns, "ageNs"),
	RECORD_FIELD(struct view_replica, sample_age_ns, "sampleAgeNs"),
	RECORD_LATER(struct view_replica, period_ns, "periodNs"),
	RECORD_FIELD(struct view_replica, cpu_known, "cpuKnown"),
	RECORD_FIELD(struct view_replica, cpu_milli, "cpuMilli"),
	RECORD_FIELD(struct view_replica, window_ns, "windowNs"),
	RECORD_FIELD(struct view_replica, runq_known, "runqKnown"),
	RECORD_FIELD(struct view_replica, runq_permille, "runqPermille"),
	RECORD_LATER(struct view_replica, memory_known, "memoryKnown"),
	RECORD_LATER(struct view_replica, memory_bytes, "memoryBytes"),
	RECORD_LATER(struct view_replica, strain_permille, "strainPermille"),
};

static const struct record_field took_fields[] = {RECORD_FIELD(struct view_replica, took_ns, "tookNs")};

static void add_text(json_t *to, const char *key, const char *text)
{
	if (text)
		json_object_set_new(to, key, record_field_text_json(text));
}

static void add_texts(json_t *to, const struct view_replica *v)
{
	add_text(to, "namespace", v->ns);
	add_text(to, "pod", v->pod);
	add_text(to, "container", v->container);
	add_text(to, "node", v->node);
}

static void read_texts(const json_t *o, struct view_replica *v)
{
	v->ns = json_string_value(json_object_get(o, "namespace"));
	v->pod = json_string_value(json_object_get(o, "pod"));
	v->container = json_string_value(json_object_get(o, "container"));
	v->node = json_string_value(json_object_get(o, "node"));
}

/* Durations as pairs of a bucket and its count; most are empty. */
static void add_took(json_t *to, const struct view_replica *v)
{
	json_t *pairs = json_array();

	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		if (v->took[i])
			json_array_append_new(pairs, json_pack("[iI]", (int)i, (json_int_t)v->took[i]));
	json_object_set_new(to, "took", pairs);
	json_object_update_new(to, record_field_all_json(took_fields, RECORD_COUNT(took_fields), v));
}

static int wrong_took(struct err *e)
{
	return record_field_wrong(e, "took", "is no list of buckets, each with its count");
}

static int read_pair(const json_t *o, uint32_t *took, struct err *e)
{
	const json_t *bucket = json_array_get(o, 0), *count = json_array_get(o, 1);

	if (!json_is_integer(bucket) || json_integer_value(bucket) < 0 || json_integer_value(bucket) >= HIST_BUCKETS ||
	    !json_is_integer(count) || json_integer_value(count) < 0 || json_integer_value(count) > UINT32_MAX)
		return wrong_took(e);
	took[json_integer_value(bucket)] = (uint32_t)json_integer_value(count);
	return 0;
}

static int read_took(const json_t *o, struct view_replica *v, struct err *e)
{
	const json_t *pairs = json_object_get(o, "took");
	uint32_t *took;
	int r;

	if (!pairs)
		return 0;
	took = calloc(HIST_BUCKETS, sizeof(*took));
	if (!took)
		return err_set(e, -ENOMEM, "no memory for the durations of %s", v->name);
	v->took = took;
	r = json_is_array(pairs) ? record_field_read(took_fields, RECORD_COUNT(took_fields), o, v, e) : wrong_took(e);
	for (size_t i = 0; r == 0 && i < json_array_size(pairs); i++)
		r = read_pair(json_array_get(pairs, i), took, e);
	return r;
}

json_t *record_view_json(const struct view *v)
{
	json_t *o = record_field_all_json(view_fields, RECORD_COUNT(view_fields), v), *replicas = json_array();

	for (uint32_t i = 0; i < v->replicas; i++) {
		json_t *r = json_object();

		json_object_set_new(r, "name", record_field_text_json(v->replica[i].name));
		add_texts(r, &v->replica[i]);
		json_object_update_new(
			r, record_field_all_json(replica_fields, RECORD_COUNT(replica_fields), &v->replica[i]));
		if (v->replica[i].took)
			add_took(r, &v->replica[i]);
		json_array_append_new(replicas, r);
	}
	json_object_set_new(o, "replicas", replicas);
	return o;
}

int record_view_read(const json_t *o, struct view *ret, struct err *e)
{
	const json_t *list = record_field_array(o, "replicas", RECORD_REPLICAS, e);
	struct view_replica *all;

	if (!list || record_field_read(view_fields, RECORD_COUNT(view_fields), o, ret, e) < 0)
		return -EINVAL;
	ret->replicas = (uint32_t)json_array_size(list);
	ret->replica = all = calloc(ret->replicas + 1u, sizeof(*all));
	if (!all)
		return err_set(e, -ENOMEM, "no memory for %u replicas", ret->replicas);
	for (uint32_t i = 0; i < ret->replicas; i++) {
		const json_t *one = json_array_get(list, i);

		if (record_field_text(one, "name", all[i].name, sizeof(all[i].name), e) < 0 ||
		    record_field_read(replica_fields, RECORD_COUNT(replica_fields), one, &all[i], e) < 0 ||
		    read_took(one, &all[i], e) < 0)
			return -EINVAL;
		read_texts(one, &all[i]);
	}
	return 0;
}

void record_view_done(struct view *v)
{
	for (uint32_t i = 0; v->replica && i < v->replicas; i++)
		free((void *)(uintptr_t)v->replica[i].took);
	free((void *)(uintptr_t)v->replica);
	v->replica = NULL;
}
