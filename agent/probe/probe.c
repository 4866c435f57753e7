/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/probe.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/probe/agree.h"
#include "agent/probe/births.h"
#include "agent/probe/cost.h"
#include "agent/probe/deaths.h"
#include "agent/probe/edges.h"
#include "agent/probe/hierarchy.h"
#include "agent/probe/keys.h"
#include "agent/probe/load.h"
#include "agent/probe/machine.h"
#include "agent/probe/reading.h"
#include "agent/probe/roster.h"
#include "agent/probe/tree.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"

#define PROBE_MAGIC   0x70726f62u
#define ROUNDS_MAX    256 /* passes until no cgroup is new; each takes PLIMSOLL_BIRTHS a hierarchy in */
#define COMPARE_TRIES 3 /* cgroups may take turns at being the largest */
#define CLOCK_WAIT_NS (2 * CLOCK_NS_PER_MS) /* sleeping is a context switch, which compares clocks */
#define FOUND_MAX     16 /* the machine has fewer notices */

_Static_assert((int)PROBE_PROGRAMS == PLIMSOLL_PROGRAMS, "one list of programs");

struct probe {
	unsigned magic;
	struct load load;
	struct hierarchy hierarchy;
	struct tree *tree;
	struct reading reading;
	struct roster roster;
	struct edges edges;
	struct probe_stats stats;
	struct cost_meter meter;
	struct probe_notice found[FOUND_MAX]; /* at load: later we may not look, or see only what is left to us */
	int n_found;
};

/* The pass */

static void renew_table(struct probe *p)
{
	uint32_t bits;

	p->stats.losses.cgroups_unplaced = keys_write_table(p->tree, load_spare_half(&p->load), &bits);
	load_use_spare_half(&p->load, bits);
}

/* Returns how many were taken in; the cgroups that found not even a row count as without a slot. */
static size_t bear(struct probe *p, const uint64_t births[PLIMSOLL_HIERARCHIES])
{
	size_t taken = 0;

	p->stats.losses.slots_full = 0;
	for (int h = 0; h < PLIMSOLL_HIERARCHIES; h++) {
		size_t kept = births[h] < PLIMSOLL_BIRTHS ? (size_t)births[h] : PLIMSOLL_BIRTHS;
		size_t born = births_bear(p->tree, p->load.birth + (size_t)h * PLIMSOLL_BIRTHS, kept);

		taken += born;
		if (births[h] - born > p->stats.losses.slots_full)
			p->stats.losses.slots_full = births[h] - born;
	}
	return taken;
}

/* Those that the kernel gave a slot when they were made, ended ones too, before the pass looks for what lives. */
static void take_births(struct probe *p)
{
	const struct plimsoll_birth *b;

	while ((b = stock_next(&p->load.stock)))
		(void)births_take(p->tree, b, p->load.stock.read - 1);
}

/* Deaths first: a directory may have been made anew under the same name. 1: the pass found births, whose
 * rows the next round writes. */
static int one_round(struct probe *p, struct err *e)
{
	uint64_t births[PLIMSOLL_HIERARCHIES] = {0};
	size_t born;
	int r;

	take_births(p);
	r = load_pass(&p->load, births, e);
	if (r < 0)
		return r;
	deaths_bury(p->tree, p->load.pass_number);
	born = bear(p, births);
	if (tree_changed(p->tree))
		renew_table(p);
	stock_known(&p->load.stock);
	return born > 0;
}

static void fill_stock(struct probe *p)
{
	uint32_t slot;

	while (stock_room(&p->load.stock) && (slot = tree_slot(p->tree, stock_slots(&p->load.stock))))
		stock_put(&p->load.stock, slot);
}

static int run_rounds(struct probe *p, struct err *e)
{
	int r = 1;

	for (int round = 0; r > 0 && round < ROUNDS_MAX; round++)
		r = one_round(p, e);
	return r < 0 ? r : 0;
}

int probe_pass(struct probe *p, clock_boot_t *ret_at, struct err *e)
{
	clock_boot_t began = clock_boot();
	int r;

	tree_wake(p->tree);
	r = run_rounds(p, e);
	if (r < 0)
		return r;
	fill_stock(p);
	edges_pass(&p->edges);
	roster_pass(&p->roster, p->load.pass_number);
	r = load_look(&p->load, e);
	if (r < 0)
		return r;
	*ret_at = clock_boot(); /* when what runs is charged: all of a pass that was kept waiting would count as CPU time */
	reading_fold_running(&p->reading);
	load_compare_clocks(&p->load);
	p->stats.passes++;
	p->stats.pass_ns_last = clock_since(clock_boot(), began);
	p->stats.cgroups = (uint32_t)tree_cgroups(p->tree);
	p->stats.losses.slots_full += tree_without_slot(p->tree);
	return 0;
}

/* Edges */

static void read_calls(const struct plimsoll_edge *e, struct probe_calls *ret)
{
	*ret = (struct probe_calls){.calls = __atomic_load_n(&e->calls, __ATOMIC_RELAXED),
				    .errors = __atomic_load_n(&e->errors, __ATOMIC_RELAXED),
				    .untimed = __atomic_load_n(&e->untimed, __ATOMIC_RELAXED),
				    .ns = __atomic_load_n(&e->ns, __ATOMIC_RELAXED),
				    .connection = __atomic_load_n(&e->connection, __ATOMIC_RELAXED)};
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		ret->hist[i] = __atomic_load_n(&e->hist[i], __ATOMIC_RELAXED);
}

bool probe_next_edge(const struct probe *p, uint32_t *cursor, struct probe_edge *ret)
{
	uint32_t handle;
	const struct plimsoll_edge *e = edges_next(&p->edges, cursor, &handle);

	if (!e)
		return false;
	*ret = (struct probe_edge){.handle = handle,
				   .cgroup = tree_find(p->tree, e->key.cgroup),
				   .cgroup_id = PLIMSOLL_KEY_ID(e->key.cgroup),
				   .net = e->key.net,
				   .port = (uint16_t)e->key.port,
				   .serves = e->key.serves};
	memcpy(ret->address, e->key.address, sizeof(ret->address));
	read_calls(e, &ret->calls);
	return true;
}

bool probe_hears_edges(const struct probe *p)
{
	return p->edges.memory.row && !(p->roster.absent & SIGNAL_NO_REQUESTS);
}

void probe_end_edge(struct probe *p, uint32_t handle)
{
	edges_give_back(&p->edges, handle);
}

/* Cost */

void probe_measure(struct probe *p, bool on)
{
	if (on)
		cost_start(&p->meter, clock_boot());
	else
		cost_stop(&p->meter, clock_boot());
}

int probe_parts(const struct probe *p, struct probe_part ret[PROBE_PARTS_MAX])
{
	for (int i = 0; i < p->roster.n; i++) {
		const struct roster_part *m = &p->roster.part[i];

		ret[i] = (struct probe_part){.name = m->part->name, .what = m->part->what, .open = m->state != NULL,
					     .on = m->state && !m->off, .pass_ns = m->pass_ns,
					     .others_share = cost_of_part(&p->meter, m->part->name)};
	}
	return p->roster.n;
}

void probe_set_on(struct probe *p, int part, bool on, const char *why)
{
	roster_set_on(&p->roster, part, on, why);
}

void probe_read(const struct probe *p, const struct probe_cgroup *c, struct signals *ret)
{
	reading_cgroup(&p->reading, c, p->roster.absent, ret);
}

void probe_stats(const struct probe *p, struct probe_stats *ret)
{
	*ret = p->stats;
	ret->map_bytes = p->load.map_bytes;
	ret->mapped_bytes = load_mapped_bytes(&p->load);
	ret->measurements = p->meter.results;
	ret->losses.births_late = load_births_late(&p->load);
	ret->losses.edges_unplaced = load_edges_lost(&p->load);
	ret->unsure_cpu_ns = load_unsure_ns(&p->load);
	ret->overflow_cpu_ns = tree_nobodys(p->tree)->cpu_ns + reading_overflow_cpu_ns(&p->reading);
	for (int i = 0; i < PROBE_PROGRAMS; i++) {
		ret->cost[i] = (struct probe_cost){p->meter.of[i].ns_per_run, p->meter.of[i].share};
		if (cost_paid_by_others(i))
			ret->others_share += p->meter.of[i].share;
	}
	roster_lost(&p->roster, &ret->losses);
}

bool probe_has_shares(const struct probe *p)
{
	return p->load.cpu_legacy;
}

/* Of any cgroup but the root. */
static bool memory_is_counted(const struct probe *p)
{
	const struct probe_cgroup *c = tree_largest(p->tree, reading_memory_at(&p->reading));

	return c && c->parent;
}

int probe_notices(const struct probe *p, struct probe_notice *ret, int room)
{
	int n = p->n_found < room ? p->n_found : room;

	memcpy(ret, p->found, (size_t)n * sizeof(*ret));
	n += roster_notices(&p->roster, ret + n, room - n);
	if (!p->reading.stats_agree && memory_is_counted(p) && n < room)
		ret[n++] = (struct probe_notice){
			.id = "memory-composition",
			.level = "warn",
			.text = "no anonymous, file and slab memory: this kernel keeps them elsewhere",
			.fix = "where the memory controller came after the agent, start the agent again"};
	return n;
}

/* Life */

static int find_hierarchy(struct hierarchy *ret, struct err *e)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/mountinfo", "re");

	return f ? hierarchy_find(f, ret, e) : err_set(e, -errno, "cannot read /proc/self/mountinfo");
}

/* Reading the file makes the kernel add up what is pending, so a pass between two readings sees the same.
 * 1: that cgroup is not the largest any more. */
static int compare_stats_of(struct probe *p, const char *cgroup, struct err *e)
{
	bool legacy = p->load.memory_legacy;
	const struct probe_cgroup *c;
	char path[PATH_MAX], line[256];
	scoped(fclosep) FILE *f = NULL;
	int r;

	snprintf(path, sizeof(path), "%s%s/memory.stat",
		 p->hierarchy.mount[legacy ? PLIMSOLL_MEMORY : PLIMSOLL_UNIFIED], cgroup);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		;
	r = run_rounds(p, e);
	c = tree_largest(p->tree, reading_memory_at(&p->reading));
	if (r < 0 || !f || !c)
		return r;
	if (strcmp(c->path, cgroup) != 0)
		return 1;
	rewind(f);
	p->reading.stats_agree = agree(f, legacy, &p->load.row[tree_row(c, reading_memory_at(&p->reading))], p->reading.page_bytes);
	return 0;
}

static int compare_stats(struct probe *p, struct err *e)
{
	int r = 1;

	for (int i = 0; i < COMPARE_TRIES && r > 0; i++) {
		const struct probe_cgroup *c = tree_largest(p->tree, reading_memory_at(&p->reading));
		scoped(freep) char *path = c ? mem_strdup(c->path) : NULL;

		r = path ? compare_stats_of(p, path, e) : 0;
	}
	return r < 0 ? r : 0;
}

static void open_parts(struct probe *p)
{
	struct part_frame frame;

	edges_open(&p->edges, &p->load.edges);
	load_lend(&p->load, &frame);
	roster_open(&p->roster, &frame, p->load.programs.refused);
}

static void wait_for_clocks(struct probe *p)
{
	load_compare_clocks(&p->load);
	nanosleep(&(struct timespec){.tv_nsec = CLOCK_WAIT_NS}, NULL);
}

static void show(void *data, uint32_t rows)
{
	load_show(data, rows);
}

/* The table is full before the first switch is counted, so that nothing known goes to overflow. */
static int start(struct probe *p, const struct probe_options *o, struct err *e)
{
	struct tree_options t = {
		.pool = {.slots = p->load.slots, .rows = p->load.rows, .cpus = p->load.cpus, .slot = p->load.slot,
			 .traffic = p->load.traffic_of, .tally = p->load.tally, .row = p->load.row,
			 .running = p->load.running, .show = show, .data = &p->load},
		.table_bits = p->load.table_bits,
		.adder = {reading_add_counts, &p->reading},
		.watcher = o->watcher,
	};
	int r;

	reading_open(&p->reading, &p->load);
	p->tree = tree_new(&t);
	r = run_rounds(p, e);
	fill_stock(p);
	if (r == 0)
		r = load_attach(&p->load, e);
	if (r == 0)
		wait_for_clocks(p);
	if (r == 0)
		r = load_find_running(&p->load, e);
	cost_init(&p->meter, p->load.cost, p->load.cpus, load_cost_switch(&p->load));
	return r;
}

int probe_open(const struct probe_options *o, struct probe **ret_p, struct err *e)
{
	struct probe *p;
	int r = machine_check("", e);

	if (r < 0)
		return r;
	p = mem_new(struct probe);
	p->magic = PROBE_MAGIC;
	p->load.unified = -1;
	p->n_found = machine_examine("", p->found, FOUND_MAX);
	roster_init(&p->roster);
	r = find_hierarchy(&p->hierarchy, e);
	if (r == 0)
		r = load_open(&p->load, &p->hierarchy, o->max_cgroups, o->also, e);
	if (r == 0)
		r = start(p, o, e);
	if (r == 0)
		r = compare_stats(p, e);
	if (r == 0)
		open_parts(p);
	if (r < 0) {
		probe_close(p);
		return r;
	}
	*ret_p = p;
	return 0;
}

struct probe *probe_close(struct probe *p)
{
	if (!p)
		return NULL;
	must(p->magic == PROBE_MAGIC);
	roster_close(&p->roster);
	load_close(&p->load);
	tree_free(p->tree);
	reading_close(&p->reading);
	p->magic = 0;
	free(p);
	return NULL;
}
