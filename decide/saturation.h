/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps a container from working, 0 to 1000 permille by cause, and what would help. Pure: from the
 * signals at two moments to a verdict, without clock, I/O or memory. docs/design/saturation.md argues
 * each formula; the aggregator computes it for every row as seconds come, the CLI for an agent's rows.
 */
#ifndef DECIDE_SATURATION_H
#define DECIDE_SATURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "plimsoll/signal.h"

/* X(ID, word, meaning) */
#define SATURATION_CAUSES_X(X) \
	X(CPU_RUNQUEUE, "cpu-runqueue", "ready to run, but other tasks had the CPUs") \
	X(CPU_THROTTLE, "cpu-throttle", "ready to run, but the CPU quota was used up") \
	X(MEMORY, "memory", "waiting for memory to be freed or read back") \
	X(IO, "io", "waiting for a block device") \
	X(ACCEPT_QUEUE, "accept-queue", "connections waiting to be accepted") \
	X(NETWORK, "network", "data lost on the way and sent again") \
	X(CONNECT, "connect", "calls that the peer did not answer")

enum saturation_cause {
#define X(ID, word, meaning) SATURATION_##ID,
	SATURATION_CAUSES_X(X)
#undef X
	SATURATION_CAUSES
};

/* X(ID, word, meaning): what a decider may conclude. */
#define SATURATION_ADVICE_X(X) \
	X(NONE, "", "nothing holds it back") \
	X(RAISE_CPU_LIMIT, "raise its CPU limit", "its own CPU quota stops it") \
	X(RAISE_MEMORY_LIMIT, "raise its memory limit", "its own memory limit makes it reclaim") \
	X(NODE_BUSY, "the node is busy", "others use what it wants: another node helps") \
	X(ADD_REPLICAS, "add replicas", "it does all it can with what it has") \
	X(WAITS_FOR_OTHERS, "waits for others", \
	  "its queue grows while it sleeps, or its calls are not answered: more replicas do not help") \
	X(SLOW_DISK, "its disk is slow", "more replicas help only if they bring disks of their own") \
	X(LOSSY_NETWORK, "its network loses data", "more replicas do not help")

enum saturation_advice {
#define X(ID, word, meaning) SATURATION_##ID,
	SATURATION_ADVICE_X(X)
#undef X
};

/* What an advice needs to know besides the figures, in bits. */
enum saturation_fact {
	SATURATION_WORKS = 1,         /* as much as its threads can; else it sleeps */
	SATURATION_CROWDED = 2,       /* others use more of the node's CPU time than it does */
	SATURATION_NODE_RECLAIMS = 4, /* more memory than its own limit makes it reclaim */
	SATURATION_THRASHES = 8,      /* its disk reads back what its own limit drove out */
};

#define SATURATION_FULL	      1000u /* permille */
#define SATURATION_NOTICEABLE 100u  /* below it is no reason to do anything: a tenth of the time */
#define SATURATION_NAMED      0.05  /* of 1: a share of time below it is nobody's trouble, and no cause is named */

struct saturation_input {
	const uint64_t *before, *now; /* [SIGNALS] */
	uint32_t missing;             /* SIGNAL_NO_… at either moment */
	uint64_t elapsed_ns;          /* between them, > 0 */
	uint32_t cpus;                /* of the node, > 0 */
	bool node_known;
	uint64_t node_busy_ns;        /* CPU time of the whole node between them, all CPUs */
};

struct saturation {
	uint32_t known; /* a bit a cause: 1u << SATURATION_… */
	uint16_t permille[SATURATION_CAUSES];
	uint8_t facts; /* SATURATION_WORKS … */
	enum saturation_advice advice; /* against its worst cause */
};

void saturation_of(const struct saturation_input *in, struct saturation *ret);
/* What helps against that cause; NONE while it is not noticeable. From means, too, with the facts of the last moment. */
enum saturation_advice saturation_advise(const struct saturation *s, enum saturation_cause c);
/* The known cause with the highest figure; SATURATION_CAUSES: none is known or all are 0. */
enum saturation_cause saturation_worst(const struct saturation *s);
/* Whether the highest figure says how saturated it is: 0 is only known where every cause is. */
bool saturation_tells(const struct saturation *s);
bool saturation_is_whole(const struct saturation *s); /* every cause is known */
/* What of the time in which a CPU was wanted, to run on or to wait for, was spent waiting, permille. Whoever wanted one
 * for less than a fifth of the interval is reckoned as if for a fifth. */
uint16_t saturation_wait_permille(uint64_t waited_ns, uint64_t wanted_ns, uint64_t elapsed_ns);
/* Of the wait for a CPU, what the quota caused, ns. 0 while there is none or it is not known. */
uint64_t saturation_quota_wait_ns(const struct saturation_input *in);

const char *saturation_word(enum saturation_cause c);
const char *saturation_meaning(enum saturation_cause c);
const char *saturation_advice_word(enum saturation_advice a); /* "" for NONE */
const char *saturation_advice_meaning(enum saturation_advice a);

#endif
