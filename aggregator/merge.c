/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/scope.h"

/* Policies are a thousand at the most, read when a person says so: every pair is looked at. */

enum rank { /* who is asked first: who changes least */
	AS_BEFORE,
	MOVED,   /* to another file */
	CHANGED, /* other replicas */
	MOVED_AND_CHANGED,
	NEW,
	RANKS
};

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

static bool clash(const struct merge_item *a, const struct merge_item *b)
{
	return same(a->name, b->name) || same(a->selects, b->selects);
}

static enum rank rank(const struct merge *m, size_t document)
{
	const struct merge_item *d = &m->document[document];
	size_t at = m->own[document];
	bool is_there, is_as_it_was;

	if (at == m->n_before)
		return NEW;
	is_there = same(d->file, m->before[at].file);
	is_as_it_was = !d->selects || same(d->selects, m->before[at].selects);
	if (is_as_it_was)
		return is_there ? AS_BEFORE : MOVED;
	return is_there ? CHANGED : MOVED_AND_CHANGED;
}

static const struct merge_item *find_rival(const struct merge *m, const struct merge_item *x)
{
	if (m->may_double)
		return NULL;
	for (size_t i = 0; i < m->n; i++)
		if (m->state[i] == MERGE_TAKEN && clash(&m->document[i], x))
			return &m->document[i];
	for (size_t i = 0; i < m->n_before; i++)
		if (m->place[i] != MERGE_OVER && clash(&m->before[i], x))
			return &m->before[i];
	return NULL;
}

/* --- bad documents ------------------------------------------------------------------------------ */

static bool has_good(const struct merge *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->document[i].is_bad && same(m->document[i].name, name))
			return true;
	return false;
}

static void judge_bad(struct merge *m, size_t document)
{
	size_t at = m->own[document];

	m->state[document] = MERGE_REFUSED;
	if (at == m->n_before || m->place[at] != MERGE_OVER || has_good(m, m->document[document].name))
		return;
	m->state[document] = MERGE_KEPT;
	m->place[at] = document;
}

/* --- good ones ---------------------------------------------------------------------------------- */

/* Who had moved to what it has again goes back, too. */
static void stay(struct merge *m, size_t document, size_t before, const struct merge_item *rival)
{
	m->state[document] = MERGE_KEPT;
	m->rival[document] = rival;
	m->place[before] = document;
	for (size_t i = 0; i < m->n; i++) {
		size_t at = m->own[i];

		if (m->state[i] == MERGE_TAKEN && at < m->n_before && m->place[at] == MERGE_OVER &&
		    clash(&m->document[i], &m->before[before]))
			stay(m, i, at, &m->before[before]);
	}
}

static bool is_taken(const struct merge *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->state[i] == MERGE_TAKEN && same(m->document[i].name, name))
			return true;
	return false;
}

static void judge_good(struct merge *m, size_t document)
{
	const struct merge_item *d = &m->document[document], *rival = find_rival(m, d);
	size_t at = m->own[document];

	if (!rival) {
		m->state[document] = MERGE_TAKEN;
		return;
	}
	if (at < m->n_before && m->place[at] == MERGE_OVER && !is_taken(m, d->name)) {
		stay(m, document, at, rival);
		return;
	}
	m->state[document] = MERGE_REFUSED;
	m->rival[document] = rival;
}

/* --- documents that are gone -------------------------------------------------------------------- */

static bool covers(const char *path, const char *file)
{
	size_t n = strlen(path);

	return !strncmp(path, file, n) && (!file[n] || file[n] == '/' || (n && path[n - 1] == '/'));
}

static void judge_gone(struct merge *m, size_t before)
{
	const struct merge_item *b = &m->before[before];

	for (size_t i = 0; i < m->n; i++)
		if (m->state[i] == MERGE_REFUSED && covers(m->document[i].file, b->file) && !find_rival(m, b)) {
			m->place[before] = m->n;
			return;
		}
}

/* Whether it has a document. */
static void find_own(struct merge *m, bool *ret_has)
{
	struct strmap *at = strmap_new();

	for (size_t i = 0; i < m->n_before; i++)
		strmap_put(at, m->before[i].name, &ret_has[i]);
	for (size_t i = 0; i < m->n; i++) {
		bool *has = m->document[i].name ? strmap_get(at, m->document[i].name) : NULL;

		m->own[i] = has ? (size_t)(has - ret_has) : m->n_before;
		if (has)
			*has = true;
	}
	strmap_free(at);
}

void merge(struct merge *m)
{
	scoped(freep) bool *has = mem_zero(m->n_before + 1);

	m->state = mem_zero((m->n + 1) * sizeof(*m->state));
	m->rival = mem_zero((m->n + 1) * sizeof(*m->rival));
	m->own = mem_zero((m->n + 1) * sizeof(*m->own));
	m->place = mem_zero((m->n_before + 1) * sizeof(*m->place));
	find_own(m, has);
	for (size_t i = 0; i < m->n_before; i++)
		m->place[i] = MERGE_OVER;
	for (size_t i = 0; i < m->n; i++)
		if (m->document[i].is_bad)
			judge_bad(m, i);
	for (enum rank r = 0; r < RANKS; r++)
		for (size_t i = 0; i < m->n; i++)
			if (m->state[i] == MERGE_OPEN && rank(m, i) == r)
				judge_good(m, i);
	for (size_t i = 0; i < m->n_before; i++)
		if (!has[i])
			judge_gone(m, i);
}

void merge_done(struct merge *m)
{
	free(m->state);
	free(m->rival);
	free(m->own);
	free(m->place);
	m->state = NULL;
	m->rival = NULL;
	m->own = m->place = NULL;
}
