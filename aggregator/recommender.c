/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/recommender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/metrics.h"
#include "aggregator/scaler.h"
#include "aggregator/store/checkpoints.h"
#include "aggregator/store/store.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/scope.h"
#include "decide/vpa_checkpoint.h"

struct recommender_replica {
	struct vpa_container container;
	size_t of; /* index of what it fills */
};

static const struct vpa_options *options(void)
{
	return &vpa_options_default;
}

/* --- what is learned ---------------------------------------------------------------------------- */

/* NULL: there is no room for one more name. */
static struct recommender_container *container_of(struct recommender_item *i, const char *name, size_t *ret_at)
{
	struct recommender_container *c;

	for (*ret_at = 0; *ret_at < i->n; ++*ret_at)
		if (!strcmp(i->container[*ret_at]->name, name))
			return i->container[*ret_at];
	if (i->n == RECOMMENDER_CONTAINERS)
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

static int64_t bounded(uint64_t value)
{
	return value < (uint64_t)INT64_MAX ? (int64_t)value : INT64_MAX;
}

static void learn_of(struct recommender_item *i, const struct view_replica *v, int64_t now_ns)
{
	int64_t at_ns = now_ns - bounded(v->sample_age_ns);
	struct recommender_replica *r;
	struct vpa_aggregate *a;

	if (v->sample_age_ns > MANIFEST_FRESH_NS)
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

/* --- what is kept ------------------------------------------------------------------------------- */

/* As the VPA keeps it: the peak of an interval in work is taken out, or it would count twice after a restart. */
static size_t save_container(const struct recommender_item *i, size_t at, int64_t now_ns,
			     uint8_t ret[VPA_CHECKPOINT_BYTES])
{
	struct vpa_aggregate copy = i->container[at]->aggregate;
	size_t cursor = 0;
	const char *name;
	void *data;

	while (strmap_next(i->replicas, &cursor, &name, &data)) {
		const struct recommender_replica *r = data;

		if (r->of == at)
			vpa_usage_withdraw_peak(&r->container, &copy, now_ns);
	}
	return vpa_checkpoint_save(&copy, ret);
}

static void save(struct recommender *r)
{
	int64_t now_ns = bounded(clock_wall().ns);
	scoped(freep) struct checkpoint *all = NULL;
	scoped(freep) uint8_t *bytes = NULL;
	size_t n = 0, total = 0;

	for (size_t i = 0; i < r->n; i++)
		total += r->item[i].n;
	if (!r->checkpoints || !r->n)
		return;
	all = mem_array(NULL, total + 1, sizeof(*all));
	bytes = mem_array(NULL, total + 1, VPA_CHECKPOINT_BYTES);
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->item[i].n; k++, n++) {
			uint8_t *to = bytes + n * VPA_CHECKPOINT_BYTES;

			all[n] = (struct checkpoint){r->item[i].manifest.name, r->item[i].container[k]->name, to,
						     save_container(&r->item[i], k, now_ns, to)};
		}
	if (checkpoints_save(r->checkpoints, all, n) < 0)
		aggregator_count(aggregator_recommender_failures_total, 1);
}

static void restore(const struct checkpoint *x, void *data)
{
	struct recommender_item *i = data;
	struct recommender_container *c;
	const char *fault;
	size_t at;

	if (!x->policy || !x->container || strcmp(x->policy, i->manifest.name) != 0 ||
	    strlen(x->container) >= VPA_POLICY_NAME)
		return;
	c = container_of(i, x->container, &at);
	fault = c ? vpa_checkpoint_load(x->bytes, x->size, options(), &c->aggregate) : NULL;
	if (fault)
		log_warn("what was learned of %s %s cannot be read and is learned anew: %s", x->policy, x->container, fault);
}

/* --- the set ------------------------------------------------------------------------------------ */

static void learned_done(struct recommender_item *i)
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

static void item_done(struct recommender *r, struct recommender_item *i)
{
	learned_done(i);
	if (i->owns_workload)
		store_forget(r->store, i->workload);
	vpa_document_done(&i->manifest);
}

/* What one of the same name and target had learned is this one's now. */
static bool take_learned(struct recommender_item *old, size_t n, struct recommender_item *to)
{
	for (size_t i = 0; i < n; i++) {
		if (!old[i].replicas || strcmp(old[i].manifest.name, to->manifest.name) != 0 ||
		    strcmp(old[i].manifest.target, to->manifest.target) != 0)
			continue;
		to->n = old[i].n;
		memcpy(to->container, old[i].container, to->n * sizeof(to->container[0]));
		to->replicas = old[i].replicas;
		old[i].n = 0;
		old[i].replicas = NULL;
		return true;
	}
	return false;
}

static void select_rows(struct recommender *r, const struct scaler *s, struct recommender_item *i)
{
	scoped(freep) char *own = mem_printf("%s (VPA)", i->manifest.name);

	i->workload = NULL;
	for (size_t k = 0; k < s->n; k++)
		if (!strcmp(s->item[k]->manifest.cgroup, i->manifest.cgroup))
			i->workload = s->item[k]->workload;
	i->owns_workload = !i->workload;
	if (i->owns_workload)
		i->workload = store_workload(r->store, own, i->manifest.cgroup);
}

void recommender_set(struct recommender *r, const struct scaler *s, struct manifests *m)
{
	struct recommender_item *old = r->item;
	size_t n_old = r->n;

	r->n = m->n_vpas;
	r->item = mem_array(NULL, r->n + 1, sizeof(*r->item));
	for (size_t i = 0; i < r->n; i++) {
		struct recommender_item *to = &r->item[i];

		*to = (struct recommender_item){.manifest = m->vpa[i]};
		if (!take_learned(old, n_old, to)) {
			to->replicas = strmap_new();
			if (r->checkpoints)
				(void)checkpoints_each(r->checkpoints, restore, to);
		}
	}
	for (size_t i = 0; i < n_old; i++)
		item_done(r, &old[i]);
	free(old);
	for (size_t i = 0; i < r->n; i++) /* when the old ones have let go of their rows */
		select_rows(r, s, &r->item[i]);
	m->n_vpas = 0; /* moved */
}

/* --- life --------------------------------------------------------------------------------------- */

static void learn(struct recommender_item *i, clock_boot_t now)
{
	int64_t wall_ns = bounded(clock_wall().ns);
	struct view v;

	if (store_view(i->workload, now, RECOMMENDER_PERIOD_NS, MANIFEST_FRESH_NS, &v) < 0)
		return; /* no memory for it: a minute is missed */
	for (uint32_t k = 0; k < v.replicas; k++)
		learn_of(i, &v.replica[k], wall_ns);
	forget_the_gone(i, wall_ns);
}

void recommender_tick(struct recommender *r, clock_boot_t now)
{
	if (now.ns < r->next_ns)
		return;
	r->next_ns = now.ns + RECOMMENDER_PERIOD_NS;
	for (size_t i = 0; i < r->n; i++)
		learn(&r->item[i], now);
	save(r);
}

struct recommender *recommender_new(struct store *s, const char *state_dir)
{
	struct recommender *r = mem_new(struct recommender);
	struct err e;
	int moved = 0;

	r->store = s;
	if (checkpoints_open(state_dir, &r->checkpoints, &moved, &e) < 0)
		log_err(LOG_WARN, &e, "going on; a restart forgets what is learned");
	else if (moved)
		log_warn("what recommenders had learned was damaged; it is in " CHECKPOINTS_FILE
			 ".damaged, and learned anew");
	return r;
}

struct recommender *recommender_free(struct recommender *r)
{
	if (!r)
		return NULL;
	save(r);
	for (size_t i = 0; i < r->n; i++)
		item_done(r, &r->item[i]);
	free(r->item);
	checkpoints_free(r->checkpoints);
	free(r);
	return NULL;
}

static unsigned containers_on(const struct recommender_item *i)
{
	unsigned on = 0;

	for (size_t k = 0; k < i->n; k++)
		on += !vpa_policy_of(i->manifest.policy, i->manifest.n, i->container[k]->name)->off;
	return on ? on : 1;
}

bool recommender_recommend(const struct recommender_item *i, size_t container, struct vpa_recommendation *ret)
{
	const struct recommender_container *c = i->container[container];
	const struct vpa_policy *p = vpa_policy_of(i->manifest.policy, i->manifest.n, c->name);

	if (p->off || !c->aggregate.samples)
		return false;
	vpa_recommend(options(), p, containers_on(i), &c->aggregate, ret);
	return true;
}
