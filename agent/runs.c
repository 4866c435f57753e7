/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/runs.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"

struct kept {
	struct kept *older, *newer;
	char *path;
	uint64_t runs;
};

struct runs {
	struct strmap *by_path;
	struct kept *oldest, *newest;
	uint64_t forgotten;
};

static void append(struct runs *r, struct kept *k)
{
	k->older = r->newest;
	*(r->newest ? &r->newest->newer : &r->oldest) = k;
	r->newest = k;
	strmap_put(r->by_path, k->path, k);
}

static void drop(struct runs *r, struct kept *k)
{
	strmap_del(r->by_path, k->path);
	*(k->older ? &k->older->newer : &r->oldest) = k->newer;
	*(k->newer ? &k->newer->older : &r->newest) = k->older;
	free(k->path);
	free(k);
}

uint64_t runs_take(struct runs *r, const char *path)
{
	struct kept *k = strmap_get(r->by_path, path);
	uint64_t runs = k ? k->runs : 0;

	if (k)
		drop(r, k);
	return runs;
}

void runs_keep(struct runs *r, const char *path, uint64_t runs)
{
	struct kept *k = mem_new(struct kept);

	(void)runs_take(r, path);
	if (strmap_size(r->by_path) == RUNS_KEPT) {
		drop(r, r->oldest);
		r->forgotten++;
	}
	k->path = mem_strdup(path);
	k->runs = runs;
	append(r, k);
}

uint64_t runs_forgotten(const struct runs *r)
{
	return r->forgotten;
}

struct runs *runs_new(void)
{
	struct runs *r = mem_new(struct runs);

	r->by_path = strmap_new();
	return r;
}

struct runs *runs_free(struct runs *r)
{
	if (!r)
		return NULL;
	while (r->oldest)
		drop(r, r->oldest);
	strmap_free(r->by_path);
	free(r);
	return NULL;
}
