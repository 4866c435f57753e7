/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/probe/part.h"
#include "base/clock.h"
#include "base/scope.h"
#include "programs.skel.h"

/* Array maps are page-aligned in memory when they can be mapped. */
static size_t whole_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

static size_t map_size(const struct bpf_map *m)
{
	return whole_pages((size_t)bpf_map__value_size(m) * bpf_map__max_entries(m));
}

static void *map_array(struct load *l, const struct bpf_map *m, int protection, struct err *e)
{
	size_t size = map_size(m);
	void *at = mmap(NULL, size, protection, MAP_SHARED, bpf_map__fd(m), 0);

	l->map_bytes += size;
	if (at != MAP_FAILED) {
		l->mapped_bytes += size;
		return at;
	}
	err_set(e, -errno, "cannot map the kernel's array %s, %zu KiB", bpf_map__name(m), size / 1024);
	err_fix(e, "lower --max-cgroups");
	return NULL;
}

/* NULL: as above. `each`: one after the other, how many of `n` rows or slots; the CPUs. */
static void *open_window(struct load *l, const struct bpf_map *m, struct window *w, size_t each, size_t n, struct err *e)
{
	size_t size = map_size(m);
	int r = window_open(w, bpf_map__fd(m), size, each, n, bpf_map__value_size(m), e);

	l->map_bytes += size;
	return r < 0 ? NULL : w->at;
}

static uint32_t numa_nodes(void)
{
	scoped(fclosep) FILE *f = fopen("/sys/devices/system/node/possible", "re");
	unsigned first = 0, last = 0;
	int n = f ? fscanf(f, "%u-%u", &first, &last) : 0;

	if (n < 2)
		last = first;
	return last + 1 < PLIMSOLL_NODES_MAX ? last + 1 : PLIMSOLL_NODES_MAX;
}

/* A container is a directory in each hierarchy, and each takes a slot when it is made, until the pass finds that they are
 * one. That is for a second, and slots are memory on every CPU: so not as many times as there are hierarchies. */
static uint32_t default_slots(uint32_t hierarchies)
{
	return hierarchies > 1 ? 2 * PROBE_SLOTS : PROBE_SLOTS;
}

static int choose_sizes(struct load *l, uint32_t slots, uint32_t hierarchies, struct err *e)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus < 1 || cpus > PLIMSOLL_CPUS_MAX) {
		err_set(e, -ERANGE, "cannot sample a machine of %d possible CPUs", cpus);
		return err_cause(e, "the agent is built for 1 to %d", PLIMSOLL_CPUS_MAX);
	}
	l->cpus = (uint32_t)cpus;
	l->slots = slots ? slots : default_slots(hierarchies);
	l->rows = 2 * l->slots;
	for (l->table_bits = 6; 1u << l->table_bits < 2 * hierarchies * l->rows;) /* half full */
		l->table_bits++;
	return 0;
}

static void set_sizes(const struct load *l, struct programs_bpf *b)
{
	bpf_map__set_max_entries(b->maps.table, 2u << l->table_bits);
	bpf_map__set_max_entries(b->maps.slots, l->cpus * l->slots);
	bpf_map__set_max_entries(b->maps.traffic, l->cpus * l->slots);
	bpf_map__set_max_entries(b->maps.tallies, l->slots);
	bpf_map__set_max_entries(b->maps.rows, l->rows);
	bpf_map__set_max_entries(b->maps.running, l->cpus);
	bpf_map__set_max_entries(b->maps.costs, l->cpus * PLIMSOLL_PROGRAMS);
}

static void fill(struct programs_bpf *b, void *data)
{
	const struct load *l = data;

	b->rodata->n_slots = l->slots;
	b->rodata->n_cpus = l->cpus;
	b->rodata->n_nodes = numa_nodes();
	b->rodata->table_bits = l->table_bits;
	b->rodata->memory_legacy = l->memory_legacy;
	b->rodata->cpu_legacy = l->cpu_legacy;
	b->rodata->io_legacy = l->io_legacy;
	set_sizes(l, b);
}

static void show_edges(void *data, uint32_t rows)
{
	window_show(&((struct load *)data)->edge_window, rows);
}

/* Those of the part that counts them, if it is not left out. */
static int map_edges(struct load *l, struct err *e)
{
	const int both = PROT_READ | PROT_WRITE;
	struct programs_bpf *b = l->programs.bpf;
	struct edges_memory *m = &l->edges;

	if (!bpf_map__autocreate(b->maps.request_edges))
		return 0;
	if (!(m->set = map_array(l, b->maps.request_edge_sets, both, e)) ||
	    !(m->stock = map_array(l, b->maps.request_edge_stock, both, e)) ||
	    !(m->row = open_window(l, b->maps.request_edges, &l->edge_window, 1, PLIMSOLL_EDGES, e)))
		return e ? e->code : -ENOMEM;
	m->filled = &b->bss->request_edges_filled;
	m->taken = &b->bss->request_edges_taken;
	m->show = show_edges;
	m->data = l;
	return 0;
}

static int map_arrays(struct load *l, struct err *e)
{
	const int both = PROT_READ | PROT_WRITE;
	struct programs_bpf *b = l->programs.bpf;

	l->map_bytes = map_size(b->maps.memos) + map_size(b->maps.fresh);
	if (!(l->slot = open_window(l, b->maps.slots, &l->slot_window, l->cpus, l->slots, e)) ||
	    !(l->running = map_array(l, b->maps.running, PROT_READ, e)) ||
	    !(l->table = map_array(l, b->maps.table, both, e)) ||
	    !(l->row = open_window(l, b->maps.rows, &l->row_window, 1, l->rows, e)) ||
	    !(l->birth = map_array(l, b->maps.births, PROT_READ, e)) ||
	    !(l->stock.ring = map_array(l, b->maps.stock, both, e)) ||
	    !(l->tally = open_window(l, b->maps.tallies, &l->tally_window, 1, l->slots, e)) ||
	    !(l->traffic_of = open_window(l, b->maps.traffic, &l->traffic_window, l->cpus, l->slots, e)) ||
	    !(l->cost = map_array(l, b->maps.costs, PROT_READ, e)))
		return e ? e->code : -ENOMEM;
	l->stock.filled = &b->bss->stock_filled;
	l->stock.taken = &b->bss->stock_taken;
	l->stock.known = &b->data_table->births_known;
	load_show(l, 1); /* the overflow */
	return map_edges(l, e);
}

void load_show(struct load *l, uint32_t rows)
{
	uint32_t slots = rows < l->slots ? rows : l->slots;

	window_show(&l->row_window, rows);
	window_show(&l->slot_window, slots);
	window_show(&l->tally_window, slots);
	window_show(&l->traffic_window, slots);
}

size_t load_mapped_bytes(const struct load *l)
{
	return l->mapped_bytes + window_mapped(&l->row_window) + window_mapped(&l->slot_window) +
	       window_mapped(&l->tally_window) + window_mapped(&l->traffic_window) +
	       window_mapped(&l->edge_window);
}

static int attach_pass(struct load *l, const char *mount, struct bpf_link **ret, struct err *e)
{
	union bpf_iter_link_info info = {.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE};
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, o, .link_info = &info, .link_info_len = sizeof(info));
	scoped(closep) int fd = -1;

	if (!mount[0])
		return 0;
	fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err_set(e, -errno, "cannot open the cgroup hierarchy %s", mount);
		return err_fix(e, "see that this directory can be read and files can be opened (ulimit -n)");
	}
	info.cgroup.cgroup_fd = (__u32)fd;
	*ret = bpf_program__attach_iter(l->programs.bpf->progs.cgroup_pass, &o);
	return *ret ? 0 : programs_say(-errno, "attach the cgroup program", e);
}

int load_open(struct load *l, const struct hierarchy *h, uint32_t slots, uint32_t also, struct err *e)
{
	uint32_t hierarchies = 0;
	int r;

	*l = (struct load){.memory_legacy = h->mount[PLIMSOLL_MEMORY][0] != '\0',
			   .unified = -1,
			   .cpu_legacy = h->mount[PLIMSOLL_CPU][0] != '\0',
			   .io_legacy = h->mount[PLIMSOLL_IO][0] != '\0'};
	for (int i = 0; i < PLIMSOLL_HIERARCHIES; i++)
		hierarchies += h->mount[i][0] != '\0';
	r = choose_sizes(l, slots, hierarchies, e);
	if (r == 0)
		r = programs_load(&l->programs, h->mount[PLIMSOLL_UNIFIED][0] != '\0', also, fill, l, e);
	if (r == 0)
		r = map_arrays(l, e);
	for (int i = 0; r == 0 && i < PLIMSOLL_HIERARCHIES; i++)
		r = attach_pass(l, h->mount[i], &l->pass[i], e);
	if (r == 0 && h->mount[PLIMSOLL_UNIFIED][0])
		l->unified = open(h->mount[PLIMSOLL_UNIFIED], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0)
		load_close(l);
	return r;
}

static void unmap(const volatile void *at, const struct bpf_map *m)
{
	if (at)
		munmap((void *)(uintptr_t)at, map_size(m));
}

static void unmap_arrays(struct load *l)
{
	struct programs_bpf *b = l->programs.bpf;

	window_close(&l->row_window);
	window_close(&l->slot_window);
	window_close(&l->tally_window);
	window_close(&l->traffic_window);
	window_close(&l->edge_window);
	unmap(l->edges.set, b->maps.request_edge_sets);
	unmap(l->edges.stock, b->maps.request_edge_stock);
	unmap(l->birth, b->maps.births);
	unmap(l->stock.ring, b->maps.stock);
	unmap(l->running, b->maps.running);
	unmap(l->table, b->maps.table);
	unmap(l->cost, b->maps.costs);
}

void load_close(struct load *l)
{
	for (int i = 0; i < PLIMSOLL_HIERARCHIES; i++)
		bpf_link__destroy(l->pass[i]);
	closep(&l->unified);
	if (l->programs.bpf)
		unmap_arrays(l);
	programs_close(&l->programs);
	*l = (struct load){.unified = -1};
}

void load_lend(const struct load *l, struct part_frame *ret)
{
	*ret = (struct part_frame){.bpf = l->programs.bpf, .cgroup = l->unified};
}

int load_attach(struct load *l, struct err *e)
{
	struct programs_bpf *b = l->programs.bpf;
	int r;

	bpf_program__set_autoattach(b->progs.cgroup_pass, false); /* a walk of each hierarchy is attached already */
	r = programs_attach(b, "cgroup");
	if (r < 0)
		return programs_say(r, "attach to cgroup_mkdir and cgroup_rmdir", e);
	bpf_program__set_autoattach(b->progs.sched_look, false);
	r = programs_attach(b, "sched");
	if (r < 0)
		return programs_say(r, "attach to sched_switch and cgroup_attach_task", e);
	b->links.sched_look = part_over_map(b->progs.sched_look, b->maps.running);
	return b->links.sched_look ? 0 : programs_say(-errno, "walk over the CPUs", e);
}

uint64_t load_births_late(const struct load *l)
{
	return __atomic_load_n(&l->programs.bpf->bss->births_late, __ATOMIC_RELAXED);
}

uint64_t load_edges_lost(const struct load *l)
{
	return __atomic_load_n(&l->programs.bpf->bss->request_edges_lost, __ATOMIC_RELAXED);
}

static int walk(struct bpf_link *link, const char *what, struct err *e)
{
	int r = part_walk(link);

	if (r == 0)
		return 0;
	err_set(e, r, "cannot finish %s", what);
	return err_fix(e, "see that files can be opened (ulimit -n)");
}

int load_find_running(struct load *l, struct err *e)
{
	struct bpf_link **once = &l->programs.bpf->links.sched_running;
	int r = walk(*once, "the walk over running tasks", e);

	bpf_link__destroy(*once);
	*once = NULL;
	return r;
}

int load_look(struct load *l, struct err *e)
{
	return walk(l->programs.bpf->links.sched_look, "the look at what runs", e);
}

uint64_t load_unsure_ns(const struct load *l)
{
	return __atomic_load_n(&l->programs.bpf->bss->sched_unsure_ns, __ATOMIC_RELAXED);
}

int load_pass(struct load *l, uint64_t ret_births[PLIMSOLL_HIERARCHIES], struct err *e)
{
	struct programs_bpf *b = l->programs.bpf;

	b->bss->pass = ++l->pass_number;
	b->bss->now_ns = load_clock(l);
	for (int i = 0; i < PLIMSOLL_HIERARCHIES; i++) {
		int r;

		b->bss->hierarchy = (uint32_t)i;
		b->bss->n_births = 0;
		r = l->pass[i] ? walk(l->pass[i], "the cgroup pass", e) : 0;
		if (r < 0)
			return r;
		ret_births[i] = b->bss->n_births;
	}
	return 0;
}

uint64_t load_clock(const struct load *l)
{
	uint64_t offset = __atomic_load_n(&l->programs.bpf->bss->clock_offset_ns, __ATOMIC_RELAXED);

	return offset ? clock_monotonic_ns() - offset : 0;
}

void load_compare_clocks(struct load *l)
{
	__atomic_store_n(&l->programs.bpf->bss->clock_wanted, 1, __ATOMIC_RELAXED);
}

struct plimsoll_entry *load_spare_half(const struct load *l)
{
	return l->table + ((size_t)!PLIMSOLL_TABLE_HALF(l->programs.bpf->data_table->table_version) << l->table_bits);
}

void load_use_spare_half(struct load *l, uint32_t bits)
{
	uint32_t *version = &l->programs.bpf->data_table->table_version; /* only we write it */

	__atomic_store_n(version, PLIMSOLL_TABLE_NEXT(*version, bits), __ATOMIC_RELEASE);
}

volatile uint32_t *load_cost_switch(const struct load *l)
{
	return &l->programs.bpf->data_table->cost_wanted;
}
