/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's last 300 seconds. Two lanes of cumulative counters: 64 slots of about a second, and 32
 * slots of about 10 s for what is older. When a slot was taken is the same for every row of a node,
 * so it is kept once a node, in the ring_clock; a row's ring holds values only, and only from its
 * first change on. A row that does not change writes nothing: reading a slot after its last write
 * gives that last value, and writing after a pause fills the pause.
 *
 * Memory. Counters are kept in ticks in 32 bits, modulo 2^32, so differences are right up to a bound. CPU time in ticks
 * of 2^17 ns: 562,949 s between two slots, 310 s on 1,815 busy CPUs; resolution 131 us. Waits in ticks of 2^20 ns:
 * 310 s of 14,500 tasks that wait all the time; resolution 1 ms. A ring is
 *	8 + 64 x 8 (cpu, wait) + 16 x 12 (pressure) + 32 x 8 (cpu, wait at 10 s) = 968 bytes.
 * A whole row: ring 968 + struct store_row 936, of which the newest value of each signal is 672 +
 * wait histogram ~300 (24 buckets, three times) + other histograms ~150 (16 buckets) + identity ~350 +
 * its place in the node's table ~40 = about 2.6 KiB, so that 5,000 agents x 110 rows = 550,000 rows take 1.41 GiB and
 * leave 0.09 GiB, 19 KiB an agent, for the connections: within 1.5 GiB. A row that never changes has no ring and no
 * histogram; one that reads no disk and calls nobody has no other one. Where agents hear requests, one that answered any
 * has ~300 more (struct heard 88, its durations 16 buckets, three times): 20 such rows an agent take 28 MiB of the rest.
 * Those that a policy with a latency selects have ~700 more (store/recent.h).
 */
#ifndef AGGREGATOR_STORE_RING_H
#define AGGREGATOR_STORE_RING_H

#include <stdbool.h>
#include <stdint.h>

#define RING_FINE 64u      /* slots of >= RING_FINE_NS: windows up to 60 s at 1 Hz */
#define RING_PRESSURE 16u  /* pressure is looked at over the last seconds only */
#define RING_COARSE 32u    /* slots of >= RING_COARSE_NS: 310 s */
#define RING_FINE_NS 900000000ull    /* a sample sooner than this after a slot began goes into it */
#define RING_COARSE_NS 9900000000ull /* the same for the 10 s lane */

enum { RING_PSI_CPU, RING_PSI_MEMORY, RING_PSI_IO, RING_PSIS };

/* Slots are numbered from 1 and never reused; slot s lives at index s modulo the lane's length. */
struct ring_clock {
	uint32_t fine, coarse;                /* newest slots, 0: none yet */
	uint64_t fine_began_ns, coarse_began_ns;
	uint64_t fine_ns[RING_FINE];          /* the agent's boottime of the newest sample in it */
	uint64_t coarse_ns[RING_COARSE];
};

struct ring {
	uint32_t fine_last, coarse_last; /* slots written last */
	uint32_t cpu[RING_FINE], wait[RING_FINE];
	uint32_t psi[RING_PSIS][RING_PRESSURE];
	uint32_t coarse_cpu[RING_COARSE], coarse_wait[RING_COARSE];
};

struct ring_values {
	uint64_t cpu_ns, wait_ns, psi_ns[RING_PSIS];
};

struct ring_rate { /* differences between two slots */
	uint64_t cover_ns; /* time between them */
	uint64_t cpu_ns, wait_ns;
	uint64_t psi_cover_ns, psi_ns[RING_PSIS]; /* over at most RING_PRESSURE - 1 slots */
};

/* The node's next sample: opens slots as time goes on. `at_ns` must not be below the newest.
 * `fresh` (an agent's first second) opens new slots whatever the time says. */
void ring_tick(struct ring_clock *c, uint64_t at_ns, bool fresh);

/* A ring whose every slot so far holds `v`; NULL: out of memory. The caller frees it. */
struct ring *ring_new(const struct ring_clock *c, const struct ring_values *v);
/* `v` at the newest slots. `r` was written at older ones or at these. */
void ring_write(struct ring *r, const struct ring_clock *c, const struct ring_values *v);

/* Differences over the last window_ns up to fine slot `newest`, not reaching before fine slot `first`
 * or coarse slot `coarse_first`. r NULL: a row that never changed, all differences 0. -ENODATA: fewer
 * than two samples, or the older one is further back than window_ns + slack_ns. */
int ring_rate(const struct ring *r, const struct ring_clock *c, uint32_t newest, uint32_t first,
	      uint32_t coarse_first, uint64_t window_ns, uint64_t slack_ns, struct ring_rate *ret);

#endif
