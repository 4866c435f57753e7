/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/decisions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/store/changes.h"
#include "aggregator/store/ledger.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/scope.h"

struct decisions {
	char *path;
	struct ledger *ledger;
	uint64_t last_id;
	struct changes waiting; /* not written yet */
	struct strmap *pauses; /* workload → struct kept_pause, all there are */
	char trouble[256];     /* empty: none */
	bool deposed;
	struct decisions_counters counters;
};

/* Write */

static int write_change(struct ledger *l, const struct change *c)
{
	switch (c->kind) {
	case CHANGE_MADE:
		return ledger_put(l, &c->x, c->record);
	case CHANGE_OUTCOME:
		return ledger_outcome(l, c->x.id, c->x.outcome);
	case CHANGE_PAUSED:
		return ledger_pause(l, &c->p);
	case CHANGE_RESUMED:
		return ledger_resume(l, c->p.workload);
	}
	return -EINVAL;
}

static int write_all(struct decisions *d)
{
	uint64_t pruned = 0, made = 0;
	bool durable = false;
	int r;

	for (const struct change *c = d->waiting.first; c; c = c->next) {
		durable |= c->kind == CHANGE_PAUSED || c->kind == CHANGE_RESUMED;
		made += c->kind == CHANGE_MADE;
	}
	r = ledger_begin(d->ledger, durable);
	for (const struct change *c = d->waiting.first; r == 0 && c; c = c->next)
		r = write_change(d->ledger, c);
	if (r == 0)
		r = ledger_commit(d->ledger, DECISIONS_KEEP, DECISIONS_KEEP_OCTETS, &pruned);
	if (r < 0) {
		snprintf(d->trouble, sizeof(d->trouble), "cannot write decisions to %.100s: %.120s",
			 d->path, ledger_why(d->ledger));
		ledger_rollback(d->ledger);
		return r;
	}
	d->counters.written += made;
	d->counters.pruned += pruned;
	changes_clear(&d->waiting);
	return 0;
}

static int reopen(struct decisions *d)
{
	struct ledger *l;
	struct err e;
	int r = ledger_open(d->path, d->ledger, &l, &e);

	if (r < 0) {
		snprintf(d->trouble, sizeof(d->trouble), "%.120s: %.120s", e.what,
			 *e.cause ? e.cause : strerror(-r));
		return r;
	}
	ledger_free(d->ledger);
	d->ledger = l;
	if (ledger_last_id(l) > d->last_id)
		d->last_id = ledger_last_id(l);
	return 0;
}

static void flush(struct decisions *d)
{
	int r = ledger_there(d->ledger) ? 0 : reopen(d);

	d->deposed = r == -EBUSY;
	if (d->deposed) /* what was decided by one that has no say any more is no part of the other's history */
		d->counters.lost += changes_drop_decisions(&d->waiting);
	if (r == 0 && d->waiting.first)
		r = write_all(d);
	if (r == 0) {
		*d->trouble = '\0';
		return;
	}
	d->counters.failures++;
	d->counters.lost += changes_limit(&d->waiting);
}

void decisions_retry(struct decisions *d)
{
	if (d->waiting.first || d->deposed || !ledger_there(d->ledger))
		flush(d);
}

bool decisions_deposed(const struct decisions *d)
{
	return d->deposed;
}

void decisions_add(struct decisions *d, struct decision *x, const char *record)
{
	x->id = ++d->last_id;
	d->counters.made++;
	changes_append(&d->waiting, CHANGE_MADE, record)->x = *x;
	flush(d);
}

void decisions_set_outcome(struct decisions *d, uint64_t id, const char *outcome)
{
	struct change *c = changes_made(&d->waiting, id);

	if (!c) {
		c = changes_append(&d->waiting, CHANGE_OUTCOME, NULL);
		c->x.id = id;
	}
	snprintf(c->x.outcome, sizeof(c->x.outcome), "%s", outcome);
	flush(d);
}

/* Read */

static bool names(const struct decisions_query *q, const char *workload)
{
	for (size_t i = 0; i < q->n_workload; i++)
		if (!strcmp(q->workload[i], workload))
			return true;
	return !q->n_workload;
}

static bool matches(const struct decisions_query *q, const struct decision *x)
{
	return names(q, x->workload) && x->wall_unix_ns >= q->since_unix_ns &&
	       (!q->before_id || x->id < q->before_id);
}

static void overlay(const struct decisions *d, struct decision *x)
{
	for (const struct change *c = d->waiting.first; c; c = c->next)
		if (c->kind == CHANGE_OUTCOME && c->x.id == x->id)
			snprintf(x->outcome, sizeof(x->outcome), "%s", c->x.outcome);
}

struct reading {
	const struct decisions *d;
	bool (*each)(const struct decision *x, void *data);
	void *data;
};

static bool each_written(const struct decision *x, void *data)
{
	const struct reading *reading = data;
	struct decision now = *x;

	overlay(reading->d, &now);
	return reading->each(&now, reading->data);
}

/* The waiting ones are newer than all written ones; the list runs from old to new. */
static bool each_waiting(const struct change *c, const struct decisions_query *q,
			 const struct reading *reading)
{
	scoped(freep) const struct change **made = NULL;
	size_t n = 0;

	for (; c; c = c->next) {
		if (c->kind != CHANGE_MADE || !matches(q, &c->x))
			continue;
		made = mem_array(made, n + 1, sizeof(*made));
		made[n++] = c;
	}
	while (n > 0)
		if (!reading->each(&made[--n]->x, reading->data))
			return false;
	return true;
}

int decisions_each(struct decisions *d, const struct decisions_query *q,
		   bool (*each)(const struct decision *x, void *data), void *data)
{
	struct reading reading = {d, each, data};

	if (!each_waiting(d->waiting.first, q, &reading))
		return 0;
	return ledger_each(d->ledger, q, each_written, &reading);
}

int decisions_count(struct decisions *d, const struct decisions_query *q, uint64_t *ret_n)
{
	uint64_t n = 0;
	int r = ledger_count(d->ledger, q, &n);

	if (r < 0)
		return r;
	for (const struct change *c = d->waiting.first; c; c = c->next)
		n += c->kind == CHANGE_MADE && matches(q, &c->x);
	*ret_n = n;
	return 0;
}

int decisions_get(struct decisions *d, uint64_t id, struct decision *ret, char **ret_record)
{
	const struct change *c = changes_made(&d->waiting, id);
	int r;

	if (c) {
		*ret = c->x;
		if (ret_record)
			*ret_record = mem_strdup(c->record);
		return 0;
	}
	if (!id || id > INT64_MAX)
		return -ENOENT;
	r = ledger_get(d->ledger, id, ret, ret_record);
	if (r == 0)
		overlay(d, ret);
	return r;
}

struct newest {
	struct decision *ret;
	bool found;
};

static bool keep_first(const struct decision *x, void *data)
{
	struct newest *n = data;

	*n->ret = *x;
	n->found = true;
	return false;
}

int decisions_last(struct decisions *d, const char *workload, struct decision *ret)
{
	const struct decisions_query q = {.workload = &workload, .n_workload = 1};
	struct newest n = {ret, false};
	int r = decisions_each(d, &q, keep_first, &n);

	return r < 0 ? r : n.found ? 0 : -ENOENT;
}

uint64_t decisions_last_id(const struct decisions *d)
{
	return d->last_id;
}

/* Pauses */

struct kept_pause {
	struct pause p;
	clock_boot_t until; /* when it has an end */
};

static void keep_pause(struct decisions *d, const struct pause *p, uint64_t wall_unix_ns)
{
	struct kept_pause *kept = strmap_get(d->pauses, p->workload);
	uint64_t left = p->until_unix_ns > wall_unix_ns ? p->until_unix_ns - wall_unix_ns : 0;
	uint64_t now = clock_boot().ns;

	if (!kept) {
		kept = mem_new(struct kept_pause);
		strmap_put(d->pauses, p->workload, kept);
	}
	kept->p = *p;
	kept->until.ns = left < UINT64_MAX - now ? now + left : UINT64_MAX;
}

static void read_pause(const struct pause *p, void *data)
{
	keep_pause(data, p, clock_wall().ns);
}

void decisions_pause(struct decisions *d, const struct pause *p)
{
	keep_pause(d, p, p->since_unix_ns);
	changes_append(&d->waiting, CHANGE_PAUSED, NULL)->p = *p;
	flush(d);
}

bool decisions_resume(struct decisions *d, const char *workload)
{
	struct kept_pause *kept = strmap_del(d->pauses, workload);

	if (!kept)
		return false;
	changes_append(&d->waiting, CHANGE_RESUMED, NULL)->p = kept->p;
	free(kept);
	flush(d);
	return true;
}

const struct pause *decisions_paused(const struct decisions *d, const char *workload, clock_boot_t now)
{
	const struct kept_pause *kept = strmap_get(d->pauses, workload);

	return kept && (!kept->p.until_unix_ns || now.ns < kept->until.ns) ? &kept->p : NULL;
}

/* Life */

int decisions_open(const char *state_dir, struct decisions **ret, struct err *e)
{
	struct decisions *d = mem_new(struct decisions);
	int r;

	d->path = mem_printf("%s/" DECISIONS_FILE, state_dir);
	d->pauses = strmap_new();
	changes_begin(&d->waiting);
	r = ledger_open(d->path, NULL, &d->ledger, e);
	if (r == 0)
		r = ledger_each_pause(d->ledger, read_pause, d);
	if (r < 0) {
		if (d->ledger)
			err_set(e, r, "cannot read the pauses in %s", d->path);
		decisions_free(d);
		return r;
	}
	d->last_id = ledger_last_id(d->ledger);
	*ret = d;
	return 0;
}

struct decisions *decisions_free(struct decisions *d)
{
	size_t cursor = 0;
	const char *name;
	void *p;

	if (!d)
		return NULL;
	if (d->ledger && d->waiting.first)
		flush(d);
	changes_clear(&d->waiting);
	while (strmap_next(d->pauses, &cursor, &name, &p))
		free(p);
	strmap_free(d->pauses);
	ledger_free(d->ledger);
	free(d->path);
	free(d);
	return NULL;
}

const struct decisions_counters *decisions_counters(const struct decisions *d)
{
	return &d->counters;
}

size_t decisions_waiting(const struct decisions *d)
{
	return d->waiting.n;
}

const char *decisions_trouble(const struct decisions *d)
{
	return *d->trouble ? d->trouble : NULL;
}
