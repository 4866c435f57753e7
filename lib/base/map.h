/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open-addressing hash maps: u64 → void * (struct map) and string → void * (struct strmap, copies its
 * keys). Neither owns its values. Not thread-safe; never shrinks; NULL is no value.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

struct map;
struct map *map_new(void);
struct map *map_free(struct map *m);                     /* NULL is fine; returns NULL */
void *map_get(const struct map *m, uint64_t key);        /* NULL: absent */
void *map_put(struct map *m, uint64_t key, void *value); /* the value replaced, or NULL */
void *map_del(struct map *m, uint64_t key);              /* the value removed, or NULL */
size_t map_size(const struct map *m);
/* Start with *cursor = 0; false at the end. Deleting the current key while iterating is allowed. */
bool map_next(const struct map *m, size_t *cursor, uint64_t *ret_key, void **ret_value);

struct strmap;
struct strmap *strmap_new(void);
struct strmap *strmap_free(struct strmap *m);
scope_define(struct strmap, strmap_free)
void *strmap_get(const struct strmap *m, const char *key);
void *strmap_put(struct strmap *m, const char *key, void *value);
void *strmap_del(struct strmap *m, const char *key);
size_t strmap_size(const struct strmap *m);
bool strmap_next(const struct strmap *m, size_t *cursor, const char **ret_key, void **ret_value);

#endif
