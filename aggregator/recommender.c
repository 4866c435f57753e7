/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/recommender.h"

#include <stdlib.h>
#include <string.h>

#include "aggregator/metrics.h"
#include "aggregator/store/checkpoints.h"
#include "aggregator/store/store.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/scope.h"

static int64_t wall_now(void)
{
	uint64_t ns = clock_wall().ns;

	return ns < (uint64_t)INT64_MAX ? (int64_t)ns : INT64_MAX;
}

/* --- what is kept ------------------------------------------------------------------------------- */

static size_t save_item(const struct recommender_item *i, int64_t now_ns, struct checkpoint *to, uint8_t *bytes)
{
	for (size_t k = 0; k < i->n; k++, bytes += VPA_CHECKPOINT_BYTES)
		to[k] = (struct checkpoint){i->manifest.name, i->container[k]->name, bytes,
					    recommender_item_save(i, k, now_ns, bytes)};
	return i->n;
}

static void save(struct recommender *r)
{
	int64_t now_ns = wall_now();
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
		n += save_item(&r->item[i], now_ns, all + n, bytes + n * VPA_CHECKPOINT_BYTES);
	if (checkpoints_save(r->checkpoints, all, n) < 0)
		aggregator_count(aggregator_recommender_failures_total, 1);
}

static void restore(const struct checkpoint *x, void *data)
{
	const char *fault = recommender_item_restore(data, x);

	if (fault)
		log_warn("what was learned of %s %s cannot be read and is learned anew: %s", x->policy, x->container, fault);
}

/* --- the set ------------------------------------------------------------------------------------ */

static void let_go(struct recommender *r, struct recommender_item *i)
{
	store_forget(r->store, i->workload);
	recommender_item_done(i);
}

static void begin(struct recommender *r, struct recommender_item *old, size_t n_old, struct recommender_item *to)
{
	for (size_t i = 0; i < n_old; i++)
		if (recommender_item_inherit(to, &old[i]))
			return;
	if (r->checkpoints)
		(void)checkpoints_each(r->checkpoints, to->manifest.name, restore, to);
}

/* Whoever scales them. */
static void select_rows(struct recommender *r, struct recommender_item *i)
{
	scoped(freep) char *own = mem_printf("%s (VPA)", i->manifest.name);

	i->workload = store_workload(r->store, own, i->manifest.cgroup);
	store_set_role(i->workload, STORE_WATCHES);
}

void recommender_set(struct recommender *r, struct manifests *m)
{
	struct recommender_item *old = r->item;
	size_t n_old = r->n;

	r->n = m->n_vpas;
	r->item = mem_array(NULL, r->n + 1, sizeof(*r->item));
	for (size_t i = 0; i < r->n; i++) {
		recommender_item_init(&r->item[i], &m->vpa[i]);
		begin(r, old, n_old, &r->item[i]);
	}
	for (size_t i = 0; i < n_old; i++)
		let_go(r, &old[i]);
	free(old);
	for (size_t i = 0; i < r->n; i++) /* when the old ones have let go of their rows */
		select_rows(r, &r->item[i]);
	m->n_vpas = 0; /* moved */
}

/* --- life --------------------------------------------------------------------------------------- */

static void learn(struct recommender_item *i, clock_boot_t now)
{
	struct view v;

	if (store_view(i->workload, now, RECOMMENDER_PERIOD_NS, MANIFEST_FRESH_NS, &v) == 0)
		recommender_item_learn(i, &v, wall_now()); /* else no memory for it: a minute is missed */
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
		let_go(r, &r->item[i]);
	free(r->item);
	checkpoints_free(r->checkpoints);
	free(r);
	return NULL;
}
