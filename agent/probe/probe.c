/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/probe.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/probe/hierarchy.h"
#include "agent/probe/load.h"
#include "agent/probe/machine.h"
#include "agent/probe/tree.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"

#define PROBE_MAGIC   0x70726f62u
#define ROUNDS_MAX    256 /* passes until no cgroup is new; each takes PLIMSOLL_BIRTHS in */
#define READ_TRIES    8   /* a switch in between is rare, eight in a row are not seen */
#define CLOCK_WAIT_NS (2 * CLOCK_NS_PER_MS) /* sleeping is a context switch, which compares clocks */

_Static_assert(PLIMSOLL_HIST_BUCKETS == HIST_BUCKETS, "lib/base/hist.h and slot.h must agree");

/* What a CPU had charged to a slot at the pass, with the leg that was still running. */
struct standing {
	uint32_t slot; /* 0: idle */
	uint64_t on_cpu_ns;
};

struct probe {
	unsigned magic;
	struct load load;
	struct hierarchy hierarchy;
	struct tree *tree;
	struct standing *standing; /* by CPU */
	uint64_t page_bytes;
	struct probe_stats stats;
	int measuring;             /* descriptor that keeps run-time statistics on, or -1 */
	uint64_t run_ns, run_count; /* of the scheduler program when it began */
};

/* Reading */

static struct plimsoll_slot *slot_of(const struct probe *p, uint32_t cpu, uint32_t slot)
{
	return &p->load.slot[(size_t)cpu * p->load.slots + slot];
}

static uint64_t load_u64(const volatile void *at)
{
	return __atomic_load_n((const uint64_t *)(uintptr_t)at, __ATOMIC_ACQUIRE);
}

/* A task that never lets go of its CPU is charged up to `now`. */
static struct standing standing_of(const struct probe *p, uint32_t cpu, uint64_t now)
{
	const volatile struct plimsoll_running *r = &p->load.running[cpu];

	for (int i = 0; i < READ_TRIES; i++) {
		uint64_t arrival = load_u64(&r->arrival_ns);
		uint32_t slot = r->slot;
		uint64_t charged = load_u64(&slot_of(p, cpu, slot)->on_cpu_ns);

		if (arrival != load_u64(&r->arrival_ns))
			continue;
		if (arrival && now > arrival)
			return (struct standing){slot, charged + (now - arrival)};
		break;
	}
	return (struct standing){0};
}

static void fold_running(struct probe *p)
{
	uint64_t now = load_clock(&p->load);

	for (uint32_t cpu = 0; cpu < p->load.cpus; cpu++)
		p->standing[cpu] = now ? standing_of(p, cpu, now) : (struct standing){0};
}

static void add_slot(const struct probe *p, uint32_t cpu, uint32_t slot, struct probe_reading *to)
{
	const struct plimsoll_slot *s = slot_of(p, cpu, slot);
	uint64_t on_cpu = load_u64(&s->on_cpu_ns);

	if (p->standing[cpu].slot == slot && p->standing[cpu].on_cpu_ns > on_cpu)
		on_cpu = p->standing[cpu].on_cpu_ns;
	to->cpu_ns += on_cpu;
	to->runq_wait_ns += load_u64(&s->wait_ns);
	to->switches += load_u64(&s->switches);
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->hist[i] += s->hist[i];
}

static void read_memory(const struct probe *p, const struct plimsoll_row *row,
			struct probe_reading *to)
{
	const uint64_t most_pages = INT64_MAX / p->page_bytes; /* PAGE_COUNTER_MAX: no limit */

	if (row->memory_pass != p->load.pass_number) {
		to->missing |= PROBE_NO_MEMORY | PROBE_NO_WORKING_SET;
		return;
	}
	to->memory_usage_bytes = row->usage_pages * p->page_bytes;
	to->memory_limit_bytes = row->limit_pages >= most_pages ? 0 : row->limit_pages * p->page_bytes;
	to->inactive_file_bytes = row->inactive_file_pages * p->page_bytes;
}

static void read_psi(const struct probe *p, const struct plimsoll_row *row,
		     struct probe_reading *to)
{
	if (row->unified_pass != p->load.pass_number || !row->psi_known) {
		to->missing |= PROBE_NO_PSI;
		return;
	}
	to->psi_io_some_ns = row->psi_ns[0];
	to->psi_io_full_ns = row->psi_ns[1];
	to->psi_memory_some_ns = row->psi_ns[2];
	to->psi_memory_full_ns = row->psi_ns[3];
	to->psi_cpu_some_ns = row->psi_ns[4];
	to->psi_cpu_full_ns = row->psi_ns[5];
}

void probe_read(const struct probe *p, const struct probe_cgroup *c, struct probe_reading *ret)
{
	const struct plimsoll_row *row = &p->load.row[tree_row(c)];

	*ret = (struct probe_reading){0};
	if (!c->slot)
		ret->missing |= PROBE_NO_CPU;
	for (uint32_t cpu = 0; c->slot && cpu < p->load.cpus; cpu++)
		add_slot(p, cpu, c->slot, ret);
	read_memory(p, row, ret);
	read_psi(p, row, ret);
}

/* The pass */

static size_t births_kept(int64_t births)
{
	return births < PLIMSOLL_BIRTHS ? (size_t)births : PLIMSOLL_BIRTHS;
}

static void renew_table(struct probe *p)
{
	p->stats.lost += tree_write_table(p->tree, load_spare_half(&p->load));
	load_use_spare_half(&p->load);
}

/* Deaths first: a directory may have been made anew under the same name. 1: there were births, whose
 * rows the next round writes. */
static int one_round(struct probe *p, struct err *e)
{
	int64_t births = load_pass(&p->load, e);
	size_t gone, born;

	if (births < 0)
		return (int)births;
	gone = tree_bury(p->tree, p->load.pass_number);
	born = tree_bear(p->tree, p->load.birth, births_kept(births));
	if (gone || born)
		renew_table(p);
	p->stats.slots_full = (uint32_t)(births - (int64_t)born); /* not even a row for these */
	return born > 0;
}

static int run_rounds(struct probe *p, clock_boot_t *ret_at, struct err *e)
{
	int r = 1;

	for (int round = 0; r > 0 && round < ROUNDS_MAX; round++) {
		*ret_at = clock_boot();
		r = one_round(p, e);
	}
	return r < 0 ? r : 0;
}

int probe_pass(struct probe *p, clock_boot_t *ret_at, struct err *e)
{
	clock_boot_t began = clock_boot();
	int r = run_rounds(p, ret_at, e);

	if (r < 0)
		return r;
	fold_running(p);
	load_compare_clocks(&p->load);
	p->stats.passes++;
	p->stats.pass_ns_last = clock_since(clock_boot(), began);
	p->stats.cgroups = (uint32_t)tree_cgroups(p->tree);
	p->stats.slots_full += (uint32_t)tree_without_slot(p->tree);
	return 0;
}

/* Cost */

static int program_info(const struct probe *p, struct bpf_prog_info *ret)
{
	__u32 size = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	return bpf_obj_get_info_by_fd(load_sched_program(&p->load), ret, &size);
}

static int start_measuring(struct probe *p)
{
	struct bpf_prog_info info;

	if (p->measuring >= 0)
		return 0;
	p->measuring = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (p->measuring < 0)
		return -errno;
	if (program_info(p, &info) < 0)
		return -errno;
	p->run_ns = info.run_time_ns;
	p->run_count = info.run_cnt;
	return 0;
}

static int stop_measuring(struct probe *p)
{
	struct bpf_prog_info info;
	int r;

	if (p->measuring < 0)
		return 0;
	r = program_info(p, &info);
	close(take_fd(p->measuring));
	if (r < 0)
		return -errno;
	if (info.run_cnt > p->run_count)
		p->stats.ns_per_switch = (double)(info.run_time_ns - p->run_ns) /
					 (double)(info.run_cnt - p->run_count);
	return 0;
}

int probe_measure(struct probe *p, bool on)
{
	return on ? start_measuring(p) : stop_measuring(p);
}

void probe_stats(const struct probe *p, struct probe_stats *ret)
{
	*ret = p->stats;
	ret->map_bytes = p->load.map_bytes;
	for (uint32_t cpu = 0; cpu < p->load.cpus; cpu++)
		ret->overflow_cpu_ns += load_u64(&slot_of(p, cpu, 0)->on_cpu_ns);
}

int probe_notices(const struct probe *p, struct probe_notice *ret, int room)
{
	int n = machine_examine("", ret, room);

	if (p->stats.slots_full && n < room) {
		ret[n] = (struct probe_notice){.id = "slots", .level = "warn",
					       .fix = "start the agent with a larger --max-cgroups"};
		snprintf(ret[n++].text, sizeof(ret->text), "%u cgroups have no CPU counters: all %u are taken",
			 p->stats.slots_full, p->load.slots - 1);
	}
	return n;
}

/* Life */

static int find_hierarchy(struct hierarchy *ret, struct err *e)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/mountinfo", "re");

	return f ? hierarchy_find(f, ret, e) : err_set(e, -errno, "cannot read /proc/self/mountinfo");
}

static void wait_for_clocks(struct probe *p)
{
	load_compare_clocks(&p->load);
	nanosleep(&(struct timespec){.tv_nsec = CLOCK_WAIT_NS}, NULL);
}

/* The table is full before the first switch is counted, so that nothing known goes to overflow. */
static int start(struct probe *p, const struct probe_options *o, struct err *e)
{
	struct tree_options t = {.slots = p->load.slots, .rows = p->load.rows, .cpus = p->load.cpus,
				 .table_bits = p->load.table_bits, .slot = p->load.slot,
				 .row = p->load.row, .watcher = o->watcher};
	clock_boot_t at;
	int r;

	p->tree = tree_new(&t);
	p->standing = mem_array(NULL, p->load.cpus, sizeof(*p->standing));
	memset(p->standing, 0, p->load.cpus * sizeof(*p->standing));
	r = run_rounds(p, &at, e);
	if (r == 0)
		r = load_attach_sched(&p->load, e);
	if (r == 0)
		wait_for_clocks(p);
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
	p->measuring = -1;
	p->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	r = find_hierarchy(&p->hierarchy, e);
	if (r == 0)
		r = load_open(&p->load, &p->hierarchy, o->max_cgroups, e);
	if (r == 0)
		r = start(p, o, e);
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
	(void)stop_measuring(p);
	load_close(&p->load);
	tree_free(p->tree);
	free(p->standing);
	p->magic = 0;
	free(p);
	return NULL;
}
