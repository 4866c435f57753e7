/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/record_view.h"

#include <errno.h>
#include <stdlib.h>

#include "aggregator/record.h"
#include "aggregator/record_field.h"

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

json_t *record_view_json(const struct view *v)
{
	json_t *o = record_field_all_json(view_fields, RECORD_COUNT(view_fields), v), *replicas = json_array();

	for (uint32_t i = 0; i < v->replicas; i++) {
		json_t *r = json_object();

		json_object_set_new(r, "name", record_field_text_json(v->replica[i].name));
		add_texts(r, &v->replica[i]);
		json_object_update_new(
			r, record_field_all_json(replica_fields, RECORD_COUNT(replica_fields), &v->replica[i]));
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
		    record_field_read(replica_fields, RECORD_COUNT(replica_fields), one, &all[i], e) < 0)
			return -EINVAL;
		read_texts(one, &all[i]);
	}
	return 0;
}

void record_view_done(struct view *v)
{
	free((void *)(uintptr_t)v->replica);
	v->replica = NULL;
}
