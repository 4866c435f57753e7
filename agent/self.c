/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/self.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "agent/metrics.h"
#include "agent/probe/probe.h"
#include "base/scope.h"

#define SHARE	1e9 /* scale of gauges that are parts of a core */

static uint64_t process_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

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
	agent_set(agent_cpu_seconds_total, process_cpu_ns());
}

/* The clock in the programs */

static void measure(struct self *s, uint64_t now_ns)
{
	if (!s->measuring_ns && now_ns >= s->measure_at_ns) {
		probe_measure(s->probe, true);
		s->measuring_ns = now_ns;
	} else if (s->measuring_ns && now_ns - s->measuring_ns >= SELF_MEASURE_FOR_NS) {
		probe_measure(s->probe, false);
		s->measuring_ns = 0;
		s->measure_at_ns = now_ns + SELF_MEASURE_EVERY_NS;
	}
}

void self_start(struct self *s, struct probe *p, uint64_t now_ns)
{
	*s = (struct self){.probe = p, .measure_at_ns = now_ns + SELF_MEASURE_FIRST_NS};
}

void self_tick(struct self *s, uint64_t now_ns)
{
	measure(s, now_ns);
}
