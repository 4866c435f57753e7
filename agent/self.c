/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/self.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/metrics.h"
#include "agent/probe/probe.h"
#include "base/log.h"
#include "base/scope.h"

#define PERCENT 100
#define SHARE	1e9 /* scale of gauges that are parts of a core */

_Static_assert(GOVERNOR_PARTS == PROBE_PARTS_MAX, "a rung for each part");

/* Our main thread, which does all but the wire. */
static void observe_wait(void)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/schedstat", "re");
	uint64_t wait_ns;

	if (f && fscanf(f, "%*u %" SCNu64, &wait_ns) == 1)
		agent_set(agent_wait_seconds_total, wait_ns);
}

static void observe_memory(void)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/statm", "re");
	unsigned long size, resident;

	if (f && fscanf(f, "%lu %lu", &size, &resident) == 2)
		agent_set(agent_resident_memory_bytes, resident * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void observe_programs(const struct probe_stats *p)
{
#define PROGRAM(ID, name, ...)                                                                      \
	agent_set(agent_bpf_##name##_seconds, (uint64_t)(p->cost[PROBE_##ID].ns_per_run * 1e3));   \
	agent_set(agent_bpf_##name##_share, (uint64_t)(p->cost[PROBE_##ID].share * SHARE));
#include "plimsoll/programs.def"
	agent_set(agent_kernel_share, (uint64_t)(p->others_share * SHARE));
}

void self_observe(const struct self *s)
{
	struct probe_stats p;

	probe_stats(s->probe, &p);
	observe_programs(&p);
	observe_memory();
	observe_wait();
	agent_set(agent_cpu_seconds_total, clock_process_ns());
	agent_set(agent_cpu_share, (uint64_t)(s->governor.last.own * SHARE));
	agent_set(agent_budget_share, (uint64_t)(s->budget.own * SHARE));
	agent_set(agent_kernel_budget_share, (uint64_t)(s->budget.kernel * SHARE));
	agent_set(agent_parts_left_out, (uint64_t)s->governor.n_dropped);
	agent_set(agent_excess, (uint64_t)s->governor.last.excess);
}

/* The clock in the programs */

static uint64_t pause_ns(const struct self *s)
{
	struct probe_stats p;
	bool attentive;

	probe_stats(s->probe, &p);
	attentive = s->governor.n_dropped || (s->budget.kernel > 0 && p.others_share > s->budget.kernel);
	if (attentive && s->options->budget_patience < SELF_MEASURE_EVERY_NS)
		return s->options->budget_patience;
	return SELF_MEASURE_EVERY_NS;
}

static void measure(struct self *s, uint64_t now_ns)
{
	if (!s->measuring_ns && now_ns >= s->measure_at_ns) {
		probe_measure(s->probe, true);
		s->measuring_ns = now_ns;
	} else if (s->measuring_ns && now_ns - s->measuring_ns >= SELF_MEASURE_FOR_NS) {
		probe_measure(s->probe, false);
		s->measuring_ns = 0;
		s->measure_at_ns = now_ns + pause_ns(s);
	}
}

/* The governor */

static void set_budget(struct self *s, uint32_t rows, uint32_t cpus)
{
	const struct agent_options *o = s->options;
	double own = (double)o->budget / 1000;

	if (rows > SELF_BUDGET_ROWS)
		own *= (double)rows / SELF_BUDGET_ROWS;
	if (o->interval < SELF_BUDGET_INTERVAL_NS)
		own *= (double)SELF_BUDGET_INTERVAL_NS / (double)o->interval;
	s->budget = (struct governor_budget){.own = own,
					     .kernel = (double)o->kernel_budget / 1000 * cpus,
					     .patience_ns = o->budget_patience};
}

static void say_why(const struct self *s, const struct governor_verdict *v, const struct probe_stats *p,
		    char *ret_text, size_t size)
{
	if (v->excess == GOVERNOR_KERNEL)
		snprintf(ret_text, size, "our kernel programs took %.2f %% of a core, --kernel-budget allows %.2f %%",
			 p->others_share * PERCENT, s->budget.kernel * PERCENT);
	else
		snprintf(ret_text, size, "the agent took %.2f %% of a core, --budget allows %.2f %%",
			 v->own * PERCENT, v->allowed * PERCENT);
}

static void leave_out(struct self *s, const struct governor_verdict *v, const struct probe_part *part,
		      const char *why)
{
	probe_set_on(s->probe, v->drop, false, why);
	agent_count(agent_parts_dropped_total, 1);
	log_warn("measuring no %s for now: %s", part->what, why);
}

static void take_up(struct self *s, const struct governor_verdict *v, const struct probe_part *part)
{
	probe_set_on(s->probe, v->restore, true, "");
	agent_count(agent_parts_restored_total, 1);
	log_info("measuring %s again: the agent took %.2f %% of a core", part->what, v->own * PERCENT);
}

static void obey(struct self *s, const struct governor_verdict *v, const struct probe_part *parts,
		 const struct probe_stats *stats)
{
	char why[120];

	say_why(s, v, stats, why, sizeof(why));
	if (v->drop >= 0)
		leave_out(s, v, &parts[v->drop], why);
	if (v->restore >= 0)
		take_up(s, v, &parts[v->restore]);
	if (v->helpless && !s->helpless)
		log_warn("%s, and nothing that could be left out has a share in it", why);
	s->helpless = v->helpless;
}

static void govern(struct self *s, uint64_t now_ns)
{
	struct probe_part parts[PROBE_PARTS_MAX];
	struct governor_part costs[PROBE_PARTS_MAX];
	struct probe_stats stats;
	int n = probe_parts(s->probe, parts);
	struct governor_verdict v;

	probe_stats(s->probe, &stats);
	for (int i = 0; i < n; i++)
		costs[i] = (struct governor_part){parts[i].open, parts[i].on, parts[i].pass_ns,
						  parts[i].others_share};
	v = governor_step(&s->governor, &s->budget,
			  &(struct governor_costs){.now_ns = now_ns, .cpu_ns = clock_process_ns(),
						   .measurements = stats.measurements,
						   .kernel = stats.others_share, .parts = costs, .n = n});
	obey(s, &v, parts, &stats);
}

void self_start(struct self *s, struct probe *p, const struct agent_options *o, uint32_t cpus, uint64_t now_ns)
{
	*s = (struct self){.probe = p, .options = o, .measure_at_ns = now_ns + SELF_MEASURE_FIRST_NS};
	governor_init(&s->governor);
	set_budget(s, 0, cpus);
}

void self_tick(struct self *s, uint64_t now_ns, uint32_t rows, uint32_t cpus)
{
	set_budget(s, rows, cpus);
	measure(s, now_ns);
	govern(s, now_ns);
}
