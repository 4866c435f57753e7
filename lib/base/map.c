/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table serves both maps: linear probing over a power of two, deleted slots stay as tombstones
 * until the next growth. Tombstones (and not shifting back) are what makes deletion while iterating
 * safe: no other entry moves.
 */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/obj.h"

#define LEAST_SLOTS 16

struct slot {
	uint64_t key; /* strmap: the hash of the text */
	char *text;   /* strmap: the key, owned */
	void *value;  /* NULL: never used; &tombstone: deleted */
};

struct table {
	struct slot *slots;
	size_t room;   /* a power of two, or 0 */
	size_t size;   /* live entries */
	size_t filled; /* live entries and tombstones */
	uint64_t seed; /* names come from peers: nobody outside may choose collisions */
};

struct map {
	struct table table;
};

struct strmap {
	struct table table;
};

static char tombstone;

static bool live(const struct slot *s)
{
	return s->value && s->value != &tombstone;
}

static uint64_t new_seed(void)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)(uintptr_t)&seed; /* early boot: the stack's place is random, too */
	return seed;
}

/* Finalizer of MurmurHash3 (public domain, A. Appleby): each input bit reaches each output bit. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdull;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

static uint64_t hash_text(const struct table *t, const char *text)
{
	uint64_t h = t->seed;

	for (; *text; text++)
		h = mix(h ^ (unsigned char)*text);
	return h;
}

static bool same(const struct slot *s, uint64_t key, const char *text)
{
	return s->key == key && (!text || strcmp(s->text, text) == 0);
}

static struct slot *find(const struct table *t, uint64_t key, const char *text)
{
	if (!t->room)
		return NULL;
	for (size_t i = mix(key ^ t->seed) & (t->room - 1);; i = (i + 1) & (t->room - 1)) {
		struct slot *s = &t->slots[i];

		if (!s->value)
			return NULL;
		if (live(s) && same(s, key, text))
			return s;
	}
}

static void insert(struct table *t, struct slot entry)
{
	size_t i = mix(entry.key ^ t->seed) & (t->room - 1);

	while (t->slots[i].value)
		i = (i + 1) & (t->room - 1);
	t->slots[i] = entry;
	t->size++;
	t->filled++;
}

/* At most three quarters filled: probes stay short. Many tombstones: same room, swept. */
static void make_room(struct table *t)
{
	struct table old = *t;

	if (t->room && (t->filled + 1) * 4 <= t->room * 3)
		return;
	if (!t->room)
		t->room = LEAST_SLOTS;
	else if ((t->size + 1) * 2 > t->room)
		t->room *= 2;
	t->slots = mem_array(NULL, t->room, sizeof(*t->slots));
	memset(t->slots, 0, t->room * sizeof(*t->slots));
	t->size = t->filled = 0;
	for (size_t i = 0; i < old.room; i++) {
		if (live(&old.slots[i]))
			insert(t, old.slots[i]);
	}
	free(old.slots);
}

static void *put(struct table *t, uint64_t key, const char *text, void *value)
{
	struct slot *s = find(t, key, text);

	must(value);
	if (s) {
		void *before = s->value;

		s->value = value;
		return before;
	}
	make_room(t);
	insert(t, (struct slot){ .key = key, .text = mem_strdup(text), .value = value });
	return NULL;
}

static void *del(struct table *t, uint64_t key, const char *text)
{
	struct slot *s = find(t, key, text);

	if (!s)
		return NULL;
	void *before = s->value;
	free(s->text);
	s->text = NULL;
	s->value = &tombstone;
	t->size--;
	return before;
}

static const struct slot *next(const struct table *t, size_t *cursor)
{
	while (*cursor < t->room) {
		const struct slot *s = &t->slots[(*cursor)++];

		if (live(s))
			return s;
	}
	return NULL;
}

static void done(struct table *t)
{
	for (size_t i = 0; i < t->room; i++)
		free(t->slots[i].text);
	free(t->slots);
}

struct map *map_new(void)
{
	struct map *m = mem_new(struct map);

	m->table.seed = new_seed();
	return m;
}

struct map *map_free(struct map *m)
{
	if (m)
		done(&m->table);
	free(m);
	return NULL;
}

void *map_get(const struct map *m, uint64_t key)
{
	const struct slot *s = find(&m->table, key, NULL);
	return s ? s->value : NULL;
}

void *map_put(struct map *m, uint64_t key, void *value)
{
	return put(&m->table, key, NULL, value);
}

void *map_del(struct map *m, uint64_t key)
{
	return del(&m->table, key, NULL);
}

size_t map_size(const struct map *m)
{
	return m->table.size;
}

bool map_next(const struct map *m, size_t *cursor, uint64_t *ret_key, void **ret_value)
{
	const struct slot *s = next(&m->table, cursor);

	if (!s)
		return false;
	if (ret_key)
		*ret_key = s->key;
	if (ret_value)
		*ret_value = s->value;
	return true;
}

struct strmap *strmap_new(void)
{
	struct strmap *m = mem_new(struct strmap);

	m->table.seed = new_seed();
	return m;
}

struct strmap *strmap_free(struct strmap *m)
{
	if (m)
		done(&m->table);
	free(m);
	return NULL;
}

void *strmap_get(const struct strmap *m, const char *key)
{
	const struct slot *s = find(&m->table, hash_text(&m->table, key), key);
	return s ? s->value : NULL;
}

void *strmap_put(struct strmap *m, const char *key, void *value)
{
	return put(&m->table, hash_text(&m->table, key), key, value);
}

void *strmap_del(struct strmap *m, const char *key)
{
	return del(&m->table, hash_text(&m->table, key), key);
}

size_t strmap_size(const struct strmap *m)
{
	return m->table.size;
}

bool strmap_next(const struct strmap *m, size_t *cursor, const char **ret_key, void **ret_value)
{
	const struct slot *s = next(&m->table, cursor);

	if (!s)
		return false;
	if (ret_key)
		*ret_key = s->text;
	if (ret_value)
		*ret_value = s->value;
	return true;
}
