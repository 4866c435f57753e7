/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/recommender_item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/manifest.h"
#include "aggregator/metrics.h"
#include "aggregator/store/checkpoints.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/scope.h"

struct recommender_replica {
	struct vpa_container container;
	size_t of; /* index of what it fills */
};

static const struct vpa_options *options(void)
{
	return &vpa_options_default;
}

static int64_t bounded(uint64_t value)
{
	return value < (uint64_t)INT64_MAX ? (int64_t)value : INT64_MAX;
}

/* --- learning ----------------------------------------------------------------------------------- */

/* NULL: there is no room for one more name. */
static struct recommender_container *container_of(struct recommender_item *i, const char *name, size_t *ret_at)
{
	struct recommender_container *c;

	for (*ret_at = 0; *ret_at < i->n; ++*ret_at)
		if (!strcmp(i->container[*ret_at]->name, name))
			return i->container[*ret_at];
	if (i->n == RECOMMENDER_ITEM_CONTAINERS)
		return NULL;
	c = mem_new(struct recommender_container);
	snprintf(c->name, sizeof(c->name), "%s", name);
	vpa_usage_init(&c->aggregate, options());
	i->container[i->n++] = c;
	return c;
}

static struct recommender_replica *replica_of(struct recommender_item *i, const struct view_replica *v)
{
	const char *name = v->pod && v->container ? v->container : i->manifest.target_name;
	struct recommender_replica *r = strmap_get(i->replicas, v->name);
	size_t at;

	if (r)
		return r;
	if (!container_of(i, name, &at)) {
		aggregator_count(aggregator_recommender_left_out_total, 1);
		return NULL;
	}
	r = mem_new(struct recommender_replica);
	vpa_usage_container_init(&r->container);
	r->of = at;
	strmap_put(i->replicas, v->name, r);
	return r;
}

static void learn_of(struct recommender_item *i, const struct view_replica *v, int64_t now_ns)
{
	int64_t at_ns = now_ns - bounded(v->sample_age_ns);
	struct recommender_replica *r;
	struct vpa_aggregate *a;

	if (!view_is_fresh(v, MANIFEST_FRESH_NS))
		return;
	r = replica_of(i, v);
	if (!r)
		return;
	a = &i->container[r->of]->aggregate;
	if (v->cpu_known)
		(void)vpa_usage_cpu(&r->container, a, at_ns, bounded(v->cpu_milli));
	if (v->memory_known)
		(void)vpa_usage_memory(&r->container, a, options(), at_ns, bounded(v->memory_bytes));
}

/* Replicas that ended an interval ago have no peak that could be replaced. */
static void forget_the_gone(struct recommender_item *i, int64_t now_ns)
{
	scoped(freep) const char **gone = NULL;
	size_t cursor = 0, n = 0;
	const char *name;
	void *data;

	while (strmap_next(i->replicas, &cursor, &name, &data)) {
		const struct vpa_container *c = &((struct recommender_replica *)data)->container;

		if (now_ns - options()->memory_interval_ns < c->last_cpu_ns ||
		    now_ns - options()->memory_interval_ns < c->last_memory_ns)
			continue;
		gone = mem_array(gone, n + 1, sizeof(*gone));
		gone[n++] = name;
	}
	while (n > 0)
		free(strmap_del(i->replicas, gone[--n]));
}

void recommender_item_learn(struct recommender_item *i, const struct view *v, int64_t wall_ns)
{
	for (uint32_t k = 0; k < v->replicas; k++)
		learn_of(i, &v->replica[k], wall_ns);
	forget_the_gone(i, wall_ns);
}

/* --- telling ------------------------------------------------------------------------------------ */

static unsigned containers_on(const struct recommender_item *i)
{
	unsigned on = 0;

	for (size_t k = 0; k < i->n; k++)
		on += !vpa_policy_of(i->manifest.policy, i->manifest.n, i->container[k]->name)->off;
	return on ? on : 1;
}

bool recommender_item_recommend(const struct recommender_item *i, size_t container, struct vpa_recommendation *ret)
{
	const struct recommender_container *c = i->container[container];
	const struct vpa_policy *p = vpa_policy_of(i->manifest.policy, i->manifest.n, c->name);

	if (p->off || !c->aggregate.samples)
		return false;
	vpa_recommend(options(), p, containers_on(i), &c->aggregate, ret);
	return true;
}

/* --- keeping ------------------------------------------------------------------------------------ */

/* The peak of an interval in work is taken out, or it would count twice after a restart. */
size_t recommender_item_save(const struct recommender_item *i, size_t container, int64_t wall_ns,
			     uint8_t ret[VPA_CHECKPOINT_BYTES])
{
	struct vpa_aggregate copy = i->container[container]->aggregate;
	size_t cursor = 0;
	const char *name;
	void *data;

	while (strmap_next(i->replicas, &cursor, &name, &data)) {
		const struct recommender_replica *r = data;

		if (r->of == container)
			vpa_usage_withdraw_peak(&r->container, &copy, wall_ns);
	}
	return vpa_checkpoint_save(&copy, ret);
}

const char *recommender_item_restore(struct recommender_item *i, const struct checkpoint *x)
{
	struct recommender_container *c;
	size_t at;

	if (!x->container || strlen(x->container) >= VPA_POLICY_NAME)
		return NULL;
	c = container_of(i, x->container, &at);
	return c ? vpa_checkpoint_load(x->bytes, x->size, options(), &c->aggregate) : NULL;
}

/* --- life --------------------------------------------------------------------------------------- */

void recommender_item_init(struct recommender_item *i, const struct vpa_manifest *m)
{
	*i = (struct recommender_item){.manifest = *m, .replicas = strmap_new()};
}

static void forget(struct recommender_item *i)
{
	size_t cursor = 0;
	const char *name;
	void *data;

	for (size_t k = 0; k < i->n; k++)
		free(i->container[k]);
	i->n = 0;
	while (i->replicas && strmap_next(i->replicas, &cursor, &name, &data))
		free(data);
	strmap_free(i->replicas);
	i->replicas = NULL;
}

void recommender_item_done(struct recommender_item *i)
{
	forget(i);
	vpa_document_done(&i->manifest);
}

bool recommender_item_inherit(struct recommender_item *i, struct recommender_item *from)
{
	if (!from->replicas || strcmp(from->manifest.name, i->manifest.name) != 0 ||
	    strcmp(from->manifest.target, i->manifest.target) != 0)
		return false;
	forget(i);
	i->n = from->n;
	memcpy(i->container, from->container, i->n * sizeof(i->container[0]));
	i->replicas = from->replicas;
	from->n = 0;
	from->replicas = NULL;
	return true;
}
