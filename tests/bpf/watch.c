/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "base/hist.h"
#include "crew.h"

static bool counts(const struct watch *w, const struct probe_cgroup *c)
{
	size_t n = w->below ? strlen(w->below) : 0;

	return !w->below || (strncmp(c->path, w->below, n) == 0 && c->path[n] == '/');
}

static void born(struct probe_cgroup *c, void *data)
{
	struct watch *w = data;

	assert_null(strmap_put(w->cgroups, c->path, c));
	w->births += counts(w, c);
	if (w->dawdle_ms)
		crew_pause(w->dawdle_ms);
}

static void gone(struct probe_cgroup *c, void *data)
{
	struct watch *w = data;
	struct signals r = {0};

	if (w->probe)
		probe_read(w->probe, c, &r);
	if (counts(w, c)) {
		w->departed_cpu_ns += r.cpu_ns;
		w->departed_idle += !r.cpu_ns;
		w->deaths++;
	}
	if (w->mourned && strcmp(c->path, w->mourned) == 0)
		w->last = r;
	assert_ptr_equal(strmap_del(w->cgroups, c->path), c);
}

void watch_open(struct watch *w, uint32_t max_cgroups)
{
	watch_open_also(w, max_cgroups, SIGNAL_NO_REQUESTS);
}

void watch_open_also(struct watch *w, uint32_t max_cgroups, uint32_t also)
{
	struct probe_options o = {.max_cgroups = max_cgroups, .watcher = {born, gone, w}, .also = also};
	struct err e;

	*w = (struct watch){.cgroups = strmap_new()};
	if (probe_open(&o, &w->probe, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
}

void watch_count_below(struct watch *w, const char *path)
{
	w->below = path;
	w->births = w->deaths = w->departed_idle = 0;
	w->departed_cpu_ns = 0;
}

void watch_close(struct watch *w)
{
	w->probe = probe_close(w->probe);
	w->cgroups = strmap_free(w->cgroups);
}

void watch_pass(struct watch *w)
{
	struct err e;

	if (probe_pass(w->probe, &w->at, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
}

struct probe_cgroup *watch_find(const struct watch *w, const char *path)
{
	return strmap_get(w->cgroups, path);
}

struct signals watch_read(const struct watch *w, const char *path)
{
	const struct probe_cgroup *c = watch_find(w, path);
	struct signals r = {0};

	if (!c)
		fail_msg("the probe does not know %s", path);
	else
		probe_read(w->probe, c, &r);
	return r;
}

uint64_t watch_times(const struct signals *s, enum signal_histogram h, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t n = 0;

	for (unsigned b = hist_bucket(from_ns); b <= hist_bucket(to_ns); b++)
		n += s->hist[h * HIST_BUCKETS + b];
	return n;
}

int watch_part(const struct watch *w, const char *name)
{
	struct probe_part parts[PROBE_PARTS_MAX];
	int n = probe_parts(w->probe, parts);

	for (int i = 0; i < n; i++)
		if (strcmp(parts[i].name, name) == 0)
			return i;
	return -1;
}

struct probe_stats watch_stats(const struct watch *w)
{
	struct probe_stats s;

	probe_stats(w->probe, &s);
	return s;
}
