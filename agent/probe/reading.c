/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/reading.h"

#include <stdlib.h>
#include <unistd.h>

#include "agent/probe/above.h"
#include "agent/probe/load.h"
#include "agent/probe/pool.h"
#include "agent/probe/tree.h"
#include "agent/probe/victim.h"
#include "base/hist.h"
#include "base/mem.h"

#define READ_TRIES 8 /* a switch in between is rare, eight in a row are not seen */
#define SLOT_GROUPS /* what is counted in slots */                                                  \
	(SIGNAL_NO_CPU | SIGNAL_NO_RECLAIM | SIGNAL_NO_IO | SIGNAL_NO_NET | SIGNAL_NO_TCP |        \
	 SIGNAL_NO_LISTEN | SIGNAL_NO_TASKS | SIGNAL_NO_OOM | SIGNAL_NO_REQUESTS | SIGNAL_NO_RESTARTS | \
	 SIGNAL_NO_CONNECTS | SIGNAL_NO_TURNS)

_Static_assert(PLIMSOLL_HIST_BUCKETS == HIST_BUCKETS, "lib/base/hist.h and slot.h must agree");
_Static_assert(sizeof(((struct signals *)0)->runs) == PLIMSOLL_RUN_HIERARCHIES * sizeof(uint32_t), "signal.h and slot.h must agree");

/* What a CPU had charged to a slot at the pass, with the leg that was still running. */
struct reading_standing {
	uint32_t slot; /* 0: idle */
	uint64_t on_cpu_ns;
};

static struct plimsoll_slot *slot_of(const struct reading *r, uint32_t cpu, uint32_t slot)
{
	return &r->load->slot[(size_t)cpu * r->load->slots + slot];
}

static uint64_t load_u64(const volatile void *at)
{
	return __atomic_load_n((const uint64_t *)(uintptr_t)at, __ATOMIC_ACQUIRE);
}

/* A task that never lets go of its CPU is charged up to `now`; one that let go unseen, only at the next switch. */
static struct reading_standing standing_of(const struct reading *r, uint32_t cpu, uint64_t now)
{
	const volatile struct plimsoll_running *now_on = &r->load->running[cpu];

	for (int i = 0; i < READ_TRIES; i++) {
		uint64_t since = load_u64(&now_on->arrival_ns);
		uint32_t slot = pool_running(now_on, since);
		uint64_t charged = load_u64(&slot_of(r, cpu, slot)->on_cpu_ns);

		if (since != load_u64(&now_on->arrival_ns))
			continue;
		if (since && now > since && load_u64(&now_on->over_ns) != load_u64(&now_on->switched_ns))
			return (struct reading_standing){slot, charged + (now - since)};
		break;
	}
	return (struct reading_standing){0};
}

void reading_fold_running(struct reading *r)
{
	uint64_t now = load_clock(r->load);

	for (uint32_t cpu = 0; cpu < r->load->cpus; cpu++)
		r->standing[cpu] = now ? standing_of(r, cpu, now) : (struct reading_standing){0};
}

static void add_slot(const struct reading *r, uint32_t cpu, uint32_t slot, struct signals *to)
{
	const struct plimsoll_slot *s = slot_of(r, cpu, slot);
	uint64_t on_cpu = load_u64(&s->on_cpu_ns);

	if (r->standing[cpu].slot == slot && r->standing[cpu].on_cpu_ns > on_cpu)
		on_cpu = r->standing[cpu].on_cpu_ns;
	to->cpu_ns += on_cpu;
	to->runq_wait_ns += load_u64(&s->wait_ns);
	to->switches += load_u64(&s->switches);
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		to->hist[SIGNAL_HIST_RUNQ_WAIT * HIST_BUCKETS + i] += s->hist[i];
}

/* What the last pass wrote there, or the removal of a cgroup that is being told as gone. NULL: nothing. */
static const struct plimsoll_row *written(const struct reading *r, const struct probe_cgroup *c,
					  enum plimsoll_hierarchy by)
{
	const struct plimsoll_row *row = &r->load->row[tree_row(c, by)];

	if (row->pass[by] == r->load->pass_number || (row->pass[by] == PLIMSOLL_ENDED && tree_ended(c)))
		return row;
	return NULL;
}

uint64_t reading_limit(const struct reading *r, uint64_t pages)
{
	const uint64_t most_pages = INT64_MAX / r->page_bytes; /* PAGE_COUNTER_MAX: no limit */

	return pages >= most_pages ? 0 : pages * r->page_bytes;
}

static void read_detail(const struct reading *r, const struct plimsoll_row *row, struct signals *to)
{
	to->memory_high_bytes = reading_limit(r, row->high_pages);
	to->memory_swap_bytes = row->swap_pages * r->page_bytes;
	to->memory_peak_bytes = row->peak_pages * r->page_bytes;
	to->oom_kills = row->oom_kills;
	if (!row->stat_known || !r->stats_agree) {
		to->missing |= SIGNAL_NO_COMPOSITION;
		return;
	}
	to->memory_anon_bytes = row->anon_pages * r->page_bytes;
	to->memory_file_bytes = row->file_pages * r->page_bytes;
	to->memory_slab_bytes = row->slab_bytes;
}

static void read_bandwidth(const struct reading *r, const struct probe_cgroup *c, struct signals *to)
{
	enum plimsoll_hierarchy by = r->load->cpu_legacy ? PLIMSOLL_CPU : PLIMSOLL_UNIFIED;
	const struct plimsoll_row *row = written(r, c, by);

	if (row && row->bandwidth_known) {
		to->cpu_quota_ns = row->quota_ns;
		to->cpu_period_ns = row->period_ns;
		to->cpu_periods = row->periods;
		to->cpu_throttled_periods = row->throttled_periods;
		to->cpu_throttled_ns = row->throttled_ns;
		to->cpu_weight = row->weight;
	}
	if (!row || !above_bandwidth(r, c, by, row->bandwidth_known, to))
		to->missing |= SIGNAL_NO_BANDWIDTH;
}

enum plimsoll_hierarchy reading_memory_at(const struct reading *r)
{
	return r->load->memory_legacy ? PLIMSOLL_MEMORY : PLIMSOLL_UNIFIED;
}

/* Of two limits, of which 0 is none. */
static uint64_t lower(uint64_t a, uint64_t b)
{
	return !b || (a && a < b) ? a : b;
}

static void read_memory(const struct reading *r, const struct probe_cgroup *c, struct signals *to)
{
	const struct plimsoll_row *row = written(r, c, reading_memory_at(r));

	if (!row || !row->memory_known) {
		to->missing |= SIGNAL_NO_MEMORY | SIGNAL_NO_WORKING_SET | SIGNAL_NO_DETAIL |
			       SIGNAL_NO_COMPOSITION;
		return;
	}
	to->memory_usage_bytes = row->usage_pages * r->page_bytes;
	to->memory_limit_bytes = lower(reading_limit(r, row->limit_pages), above_limit(r, c, reading_memory_at(r)));
	if (row->inactive_known)
		to->memory_inactive_file_bytes = row->inactive_file_pages * r->page_bytes;
	else
		to->missing |= SIGNAL_NO_WORKING_SET;
	read_detail(r, row, to);
}

static void read_psi(const struct reading *r, const struct probe_cgroup *c, struct signals *to)
{
	const struct plimsoll_row *row = written(r, c, PLIMSOLL_UNIFIED);

	if (!row || !row->psi_known) {
		to->missing |= SIGNAL_NO_PSI;
		return;
	}
	to->psi_io_some_ns = row->psi_ns[0];
	to->psi_io_full_ns = row->psi_ns[1];
	to->psi_memory_some_ns = row->psi_ns[2];
	to->psi_memory_full_ns = row->psi_ns[3];
	to->psi_cpu_some_ns = row->psi_ns[4];
	to->psi_cpu_full_ns = row->psi_ns[5];
}

static void add_events(const struct plimsoll_tally *t, struct signals *to)
{
	const struct plimsoll_victim victim = victim_read(&t->victim);

	to->major_faults += load_u64(&t->major_faults);
	to->reclaim_ns += load_u64(&t->reclaim_ns);
	to->limit_reclaim_ns += load_u64(&t->limit_reclaim_ns);
	to->io_read_bytes += load_u64(&t->io_read_bytes);
	to->io_written_bytes += load_u64(&t->io_written_bytes);
	to->io_reads += load_u64(&t->io_reads);
	to->io_writes += load_u64(&t->io_writes);
	to->io_ns += load_u64(&t->io_ns);
	to->tcp_connects += load_u64(&t->tcp_connects);
	to->tcp_connect_failures += load_u64(&t->tcp_connect_failures);
	to->tcp_connects_given_up += load_u64(&t->tcp_connects_given_up);
	to->tcp_connect_ns += load_u64(&t->tcp_connect_ns);
	to->tcp_accepts += load_u64(&t->tcp_accepts);
	to->tcp_resets += load_u64(&t->tcp_resets);
	to->tcp_retransmits += load_u64(&t->tcp_retransmits);
	to->tcp_segments += load_u64(&t->tcp_segments);
	to->tcp_rtt_ns += load_u64(&t->tcp_rtt_ns);
	to->tcp_rtt_samples += load_u64(&t->tcp_rtt_samples);
	to->tcp_syn_retransmits += load_u64(&t->tcp_syn_retransmits);
	to->tcp_synack_retransmits += load_u64(&t->tcp_synack_retransmits);
	to->accept_overflows += load_u64(&t->accept_overflows);
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		to->hist[SIGNAL_HIST_IO * HIST_BUCKETS + i] += t->io_hist[i];
		to->hist[SIGNAL_HIST_CONNECT * HIST_BUCKETS + i] += t->connect_hist[i];
	}
	for (unsigned i = 0; i < PLIMSOLL_RUN_HIERARCHIES; i++)
		to->runs[i] += (uint32_t)load_u64(&t->runs[i]);
	victim_add(&to->victim, &victim);
}

static void add_requests(const struct plimsoll_tally *t, struct signals *to)
{
	to->requests += load_u64(&t->requests);
	to->request_errors += load_u64(&t->request_errors);
	to->request_client_errors += load_u64(&t->request_client_errors);
	to->requests_untimed += load_u64(&t->requests_untimed);
	to->request_ns += load_u64(&t->request_ns);
	to->calls += load_u64(&t->calls);
	to->call_errors += load_u64(&t->call_errors);
	to->calls_untimed += load_u64(&t->calls_untimed);
	to->call_ns += load_u64(&t->call_ns);
	to->turns += load_u64(&t->turns);
	to->turns_untimed += load_u64(&t->turns_untimed);
	to->turn_ns += load_u64(&t->turn_ns);
	to->call_turns += load_u64(&t->call_turns);
	to->call_turns_untimed += load_u64(&t->call_turns_untimed);
	to->call_turn_ns += load_u64(&t->call_turn_ns);
	to->requests_unknown += load_u64(&t->requests_unknown);
	to->calls_unknown += load_u64(&t->calls_unknown);
	to->hearing_losses += load_u64(&t->hearing_losses);
	to->connections_older += load_u64(&t->connections_older);
	to->connections_left += load_u64(&t->connections_left);
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		to->hist[SIGNAL_HIST_TURN * HIST_BUCKETS + i] += t->turn_hist[i];
		to->hist[SIGNAL_HIST_CALL_TURN * HIST_BUCKETS + i] += t->call_turn_hist[i];
		to->hist[SIGNAL_HIST_REQUEST * HIST_BUCKETS + i] += t->request_hist[i];
		to->hist[SIGNAL_HIST_FIRST_BYTE * HIST_BUCKETS + i] += t->first_byte_hist[i];
		to->hist[SIGNAL_HIST_CALL * HIST_BUCKETS + i] += t->call_hist[i];
	}
}

static void read_looks(const struct reading *r, const struct plimsoll_tally *t, struct signals *to)
{
	if (t->task_pass == r->load->pass_number) {
		to->processes = t->processes;
		to->threads = t->threads;
		to->started_ns = t->started_ns;
		to->busiest_thread = t->busiest_thread;
	}
	if (t->tcp_pass == r->load->pass_number)
		to->tcp_connects_unanswered = t->tcp_connects_unanswered;
	if (t->request_pass == r->load->pass_number) {
		to->requests_open = t->requests_open;
		to->calls_open = t->calls_open;
		to->turns_open = t->turns_open;
	}
	if (t->listen_pass == r->load->pass_number) {
		to->listeners = t->listeners;
		to->accept_queue = t->accept_queue;
		to->accept_queue_limit = t->accept_queue_limit;
		to->accept_queue_fill = t->accept_queue_fill;
	}
}

static void add_traffic(const struct reading *r, uint32_t cpu, uint32_t slot, struct signals *to)
{
	const struct plimsoll_traffic *t = &r->load->traffic_of[(size_t)cpu * r->load->slots + slot];

	to->net_received_bytes += load_u64(&t->net_received_bytes);
	to->net_sent_bytes += load_u64(&t->net_sent_bytes);
	to->net_received_packets += load_u64(&t->net_received_packets);
	to->net_sent_packets += load_u64(&t->net_sent_packets);
}

/* Sockets belong to v2 cgroups, block IO to those of the io controller: where a cgroup has no directory
 * there, its tasks' packets and requests are counted for another one. */
static uint32_t counted_elsewhere(const struct reading *r, const struct probe_cgroup *c)
{
	uint32_t groups = 0;

	if (!written(r, c, r->load->io_legacy ? PLIMSOLL_IO : PLIMSOLL_UNIFIED))
		groups |= SIGNAL_NO_IO;
	if (!written(r, c, PLIMSOLL_UNIFIED))
		groups |= SIGNAL_NO_NET | SIGNAL_NO_TCP | SIGNAL_NO_CONNECTS | SIGNAL_NO_LISTEN | SIGNAL_NO_REQUESTS |
			  SIGNAL_NO_TURNS;
	return groups;
}

void reading_add_counts(void *data, uint32_t slot, struct signals *to)
{
	const struct reading *r = data;

	for (uint32_t cpu = 0; cpu < r->load->cpus; cpu++) {
		add_slot(r, cpu, slot, to);
		add_traffic(r, cpu, slot, to);
	}
	add_events(&r->load->tally[slot], to);
	add_requests(&r->load->tally[slot], to);
}

static void add_carried(const struct signals *carried, struct signals *to)
{
	for (unsigned i = 0; i < SIGNALS; i++)
		to->value[i] += carried->value[i];
	for (unsigned i = 0; i < SIGNAL_BUCKETS; i++)
		to->hist[i] += carried->hist[i];
	for (unsigned i = 0; i < PLIMSOLL_RUN_HIERARCHIES; i++)
		to->runs[i] += carried->runs[i];
	victim_add(&to->victim, &carried->victim);
}

static void read_counts(const struct reading *r, const struct probe_cgroup *c, struct signals *to)
{
	const struct rows *rows = tree_rows(c);
	const struct signals *carried = rows->carried;

	for (uint32_t i = 0; i < rows->n; i++)
		if (rows->of[i] < r->load->slots)
			reading_add_counts((void *)(uintptr_t)r, rows->of[i], to);
	if (carried)
		add_carried(carried, to);
	for (unsigned i = 0; i < PLIMSOLL_RUN_HIERARCHIES; i++)
		to->runs[i] += tree_found_running(c)[i];
	read_looks(r, &r->load->tally[c->slot], to);
}

void reading_cgroup(const struct reading *r, const struct probe_cgroup *c, uint32_t absent, struct signals *ret)
{
	*ret = (struct signals){.missing = absent | counted_elsewhere(r, c)};
	read_memory(r, c, ret);
	read_psi(r, c, ret);
	read_bandwidth(r, c, ret);
	if (c->slot)
		read_counts(r, c, ret);
	if (!tree_is_counted(c))
		ret->missing |= SLOT_GROUPS;
}

uint64_t reading_overflow_cpu_ns(const struct reading *r)
{
	uint64_t sum = 0;

	for (uint32_t cpu = 0; cpu < r->load->cpus; cpu++)
		sum += load_u64(&slot_of(r, cpu, 0)->on_cpu_ns);
	return sum;
}

void reading_open(struct reading *r, const struct load *l)
{
	*r = (struct reading){.load = l, .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE)};
	r->standing = mem_zero(l->cpus * sizeof(*r->standing));
}

void reading_close(struct reading *r)
{
	free(r->standing);
}
