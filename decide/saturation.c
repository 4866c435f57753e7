/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/saturation.h"

#define SEGMENTS_LEAST 200u /* below, one lost segment would look like a bad network; so it is 5 % */
#define LOSS_FULL      10u  /* full at one segment, or one caller, in so many: TCP hardly moves there */
#define CALLERS_LEAST  10u  /* below, one caller turned away would look like a server that cannot keep up */
#define CALLS_LEAST    20u  /* below, one call that hangs, a thread's of many, would look like a peer that is not there */
#define BUSY_PERMILLE  700u /* a thread that is at work this much is the one to be had more of */
#define WORK_LEAST     5u   /* below 1 / 5 of the interval, a wait as long as the work would look like a standstill */
#define RECLAIM_TIME   50u  /* 1 / 50 of the interval goes into making room for what it reads, … */
#define RECLAIM_LEAST  20u  /* … or 1 / 20 of its work does */
#define BEHIND_A_QUEUE 500u /* what takes the half of a server's time, and no less, explains a queue in front of it */
#define OTHERS_HALF    2u   /* others use more than our share: 1 / 2 of what is used */

typedef const struct saturation_input input;

static uint64_t grown(input *in, enum signal_id s)
{
	return in->now[s] > in->before[s] ? in->now[s] - in->before[s] : 0;
}

static bool lacks(input *in, uint32_t groups)
{
	return (in->missing & groups) != 0;
}

static uint16_t permille(uint64_t part, uint64_t whole)
{
	if (!whole)
		return 0;
	if (part >= whole)
		return SATURATION_FULL;
	return (uint16_t)((unsigned __int128)part * SATURATION_FULL / whole);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void set(struct saturation *s, enum saturation_cause c, uint16_t value)
{
	s->known |= 1u << c;
	s->permille[c] = value;
}

uint16_t saturation_wait_permille(uint64_t waited_ns, uint64_t wanted_ns, uint64_t elapsed_ns)
{
	return permille(waited_ns, most(wanted_ns, elapsed_ns / WORK_LEAST));
}

/* The kernel counts a throttled moment once for each CPU it stops, but every task queued there waits:
 * with more tasks than CPUs each of those moments stands for several. */
uint64_t saturation_quota_wait_ns(input *in)
{
	uint64_t waited = grown(in, SIGNAL_RUNQ_WAIT_NS), room = in->cpus * in->elapsed_ns;
	uint64_t stopped = grown(in, SIGNAL_CPU_THROTTLED_NS);
	uint64_t runnable = waited + grown(in, SIGNAL_CPU_NS);

	if (lacks(in, SIGNAL_NO_CPU | SIGNAL_NO_BANDWIDTH))
		return 0;
	if (runnable > room)
		stopped = (uint64_t)((unsigned __int128)stopped * runnable / room);
	return least(stopped, waited);
}

static void cpu(input *in, struct saturation *s)
{
	uint64_t waited = grown(in, SIGNAL_RUNQ_WAIT_NS), quota = saturation_quota_wait_ns(in);
	uint64_t wanted = waited + grown(in, SIGNAL_CPU_NS);

	if (lacks(in, SIGNAL_NO_CPU))
		return;
	set(s, SATURATION_CPU_RUNQUEUE, saturation_wait_permille(waited - quota, wanted, in->elapsed_ns));
	if (!lacks(in, SIGNAL_NO_BANDWIDTH))
		set(s, SATURATION_CPU_THROTTLE, saturation_wait_permille(quota, wanted, in->elapsed_ns));
}

static void memory(input *in, struct saturation *s)
{
	uint64_t reclaimed = grown(in, SIGNAL_RECLAIM_NS) + grown(in, SIGNAL_LIMIT_RECLAIM_NS);

	if (!lacks(in, SIGNAL_NO_PSI))
		set(s, SATURATION_MEMORY,
		    permille(grown(in, SIGNAL_PSI_MEMORY_SOME_NS), in->elapsed_ns));
	else if (!lacks(in, SIGNAL_NO_RECLAIM))
		set(s, SATURATION_MEMORY, permille(reclaimed, in->elapsed_ns));
	if (!lacks(in, SIGNAL_NO_DETAIL) && grown(in, SIGNAL_OOM_KILLS))
		set(s, SATURATION_MEMORY, SATURATION_FULL);
}

static void io(input *in, struct saturation *s)
{
	if (!lacks(in, SIGNAL_NO_PSI))
		set(s, SATURATION_IO, permille(grown(in, SIGNAL_PSI_IO_SOME_NS), in->elapsed_ns));
	else if (!lacks(in, SIGNAL_NO_IO))
		set(s, SATURATION_IO, permille(grown(in, SIGNAL_IO_NS), in->elapsed_ns));
}

/* A queue that was full between two looks. A listener also drops what a filter or a policy denies, with an empty queue,
 * and whoever can send packets can have it do that. */
static uint16_t overflow(input *in)
{
	uint64_t dropped = grown(in, SIGNAL_ACCEPT_OVERFLOWS), all = dropped;

	if (!in->now[SIGNAL_ACCEPT_QUEUE_FILL] && !in->before[SIGNAL_ACCEPT_QUEUE_FILL])
		return 0;
	if (!lacks(in, SIGNAL_NO_TCP))
		all += grown(in, SIGNAL_TCP_ACCEPTS);
	return permille(LOSS_FULL * dropped, most(all, CALLERS_LEAST));
}

static void accept_queue(input *in, struct saturation *s)
{
	uint16_t fill = (uint16_t)least(in->now[SIGNAL_ACCEPT_QUEUE_FILL], SATURATION_FULL), over = overflow(in);

	if (!lacks(in, SIGNAL_NO_LISTEN))
		set(s, SATURATION_ACCEPT_QUEUE, (uint16_t)most(over, fill));
}

static void network(input *in, struct saturation *s)
{
	uint64_t sent = grown(in, SIGNAL_TCP_SEGMENTS);

	if (lacks(in, SIGNAL_NO_TCP))
		return;
	set(s, SATURATION_NETWORK,
	    permille(LOSS_FULL * grown(in, SIGNAL_TCP_RETRANSMITS), most(sent, SEGMENTS_LEAST)));
}

/* A SYN is sent again ever later: in between, those that hang now tell. */
static void connect(input *in, struct saturation *s)
{
	uint64_t again = grown(in, SIGNAL_TCP_SYN_RETRANSMITS);
	uint64_t hanging = lacks(in, SIGNAL_NO_CONNECTS) ? 0 : in->now[SIGNAL_TCP_CONNECTS_UNANSWERED];
	uint64_t unanswered = most(again, hanging);

	if (lacks(in, SIGNAL_NO_TCP))
		return;
	set(s, SATURATION_CONNECT,
	    permille(unanswered, most(unanswered + grown(in, SIGNAL_TCP_CONNECTS), CALLS_LEAST)));
}

/* Does it work as much as its threads can, or does it sleep? */
static bool works(input *in)
{
	uint64_t runnable = grown(in, SIGNAL_CPU_NS) + grown(in, SIGNAL_RUNQ_WAIT_NS);
	uint64_t threads = in->now[SIGNAL_THREADS], at_once;

	if (lacks(in, SIGNAL_NO_CPU))
		return true; /* not known to sleep */
	if (lacks(in, SIGNAL_NO_TASKS))
		return permille(runnable, in->elapsed_ns) >= BUSY_PERMILLE;
	at_once = least(threads ? threads : 1, in->cpus);
	return in->now[SIGNAL_BUSIEST_THREAD] >= BUSY_PERMILLE ||
	       permille(runnable, at_once * in->elapsed_ns) >= BUSY_PERMILLE;
}

static bool others_use_the_cpus(input *in)
{
	return in->node_known && OTHERS_HALF * grown(in, SIGNAL_CPU_NS) < in->node_busy_ns;
}

/* Its disk is busy with reading back what its own limit drove out. The slower the disk, the less of the time that
 * takes, but not the less of its work. */
static bool thrashes(input *in)
{
	uint64_t reclaimed = grown(in, SIGNAL_LIMIT_RECLAIM_NS);

	if (lacks(in, SIGNAL_NO_RECLAIM) || !reclaimed)
		return false;
	return reclaimed >= in->elapsed_ns / RECLAIM_TIME ||
	       (!lacks(in, SIGNAL_NO_CPU) && reclaimed >= grown(in, SIGNAL_CPU_NS) / RECLAIM_LEAST);
}

static bool node_reclaims(input *in)
{
	return grown(in, SIGNAL_RECLAIM_NS) > grown(in, SIGNAL_LIMIT_RECLAIM_NS);
}

static uint8_t facts(input *in)
{
	return (uint8_t)((works(in) ? SATURATION_WORKS : 0) | (others_use_the_cpus(in) ? SATURATION_CROWDED : 0) |
			 (node_reclaims(in) ? SATURATION_NODE_RECLAIMS : 0) | (thrashes(in) ? SATURATION_THRASHES : 0));
}

enum saturation_cause saturation_worst(const struct saturation *s)
{
	enum saturation_cause worst = SATURATION_CAUSES;
	uint16_t highest = 0;

	for (int c = 0; c < SATURATION_CAUSES; c++)
		if ((s->known & 1u << c) && s->permille[c] > highest) {
			highest = s->permille[c];
			worst = (enum saturation_cause)c;
		}
	return worst;
}

bool saturation_is_whole(const struct saturation *s)
{
	return s->known == (1u << SATURATION_CAUSES) - 1;
}

bool saturation_tells(const struct saturation *s)
{
	return saturation_worst(s) < SATURATION_CAUSES || saturation_is_whole(s);
}

static bool matters(const struct saturation *s, int c)
{
	return (s->known & 1u << c) && s->permille[c] >= SATURATION_NOTICEABLE;
}

/* A server that sleeps does not do so for want of a CPU. */
static bool explains_a_queue(const struct saturation *s, int c)
{
	if (c == SATURATION_CPU_RUNQUEUE || c == SATURATION_CPU_THROTTLE)
		return (s->facts & SATURATION_WORKS) && matters(s, c);
	return c != SATURATION_ACCEPT_QUEUE && (s->known & 1u << c) && s->permille[c] >= BEHIND_A_QUEUE;
}

/* A full queue follows from whatever slows its server down: that is what to mend. */
static enum saturation_cause behind_the_queue(const struct saturation *s)
{
	enum saturation_cause behind = SATURATION_ACCEPT_QUEUE;

	for (int c = 0; c < SATURATION_CAUSES; c++)
		if (explains_a_queue(s, c) &&
		    (behind == SATURATION_ACCEPT_QUEUE || s->permille[c] > s->permille[behind]))
			behind = (enum saturation_cause)c;
	return behind;
}

static enum saturation_advice against(enum saturation_cause c, unsigned facts)
{
	switch (c) {
	case SATURATION_CPU_THROTTLE:
		return SATURATION_RAISE_CPU_LIMIT;
	case SATURATION_CPU_RUNQUEUE:
		return facts & SATURATION_CROWDED ? SATURATION_NODE_BUSY : SATURATION_ADD_REPLICAS;
	case SATURATION_MEMORY:
		return facts & SATURATION_NODE_RECLAIMS ? SATURATION_NODE_BUSY : SATURATION_RAISE_MEMORY_LIMIT;
	case SATURATION_ACCEPT_QUEUE:
		return facts & SATURATION_WORKS ? SATURATION_ADD_REPLICAS : SATURATION_WAITS_FOR_OTHERS;
	case SATURATION_IO:
		return facts & SATURATION_THRASHES ? SATURATION_RAISE_MEMORY_LIMIT : SATURATION_SLOW_DISK;
	case SATURATION_NETWORK:
		return SATURATION_LOSSY_NETWORK;
	case SATURATION_CONNECT:
		return SATURATION_WAITS_FOR_OTHERS;
	case SATURATION_CAUSES:
		break;
	}
	return SATURATION_NONE;
}

enum saturation_advice saturation_advise(const struct saturation *s, enum saturation_cause c)
{
	if (c == SATURATION_CAUSES || !matters(s, c))
		return SATURATION_NONE;
	return against(c == SATURATION_ACCEPT_QUEUE ? behind_the_queue(s) : c, s->facts);
}

void saturation_of(input *in, struct saturation *ret)
{
	struct saturation s = {0};

	cpu(in, &s);
	memory(in, &s);
	io(in, &s);
	accept_queue(in, &s);
	network(in, &s);
	connect(in, &s);
	s.facts = facts(in);
	s.advice = saturation_advise(&s, saturation_worst(&s));
	*ret = s;
}

/* Words */

static const struct {
	const char *word, *meaning;
} causes[] = {
#define X(ID, word, meaning) {word, meaning},
	SATURATION_CAUSES_X(X)
#undef X
}, advices[] = {
#define X(ID, word, meaning) {word, meaning},
	SATURATION_ADVICE_X(X)
#undef X
};

const char *saturation_word(enum saturation_cause c)
{
	return causes[c].word;
}

const char *saturation_meaning(enum saturation_cause c)
{
	return causes[c].meaning;
}

const char *saturation_advice_word(enum saturation_advice a)
{
	return advices[a].word;
}

const char *saturation_advice_meaning(enum saturation_advice a)
{
	return advices[a].meaning;
}
