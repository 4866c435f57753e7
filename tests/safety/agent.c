/* SPDX-License-Identifier: Apache-2.0 */
#include "safety/agent.h"

#include <stdio.h>
#include <string.h>

#include "base/hist.h"
#include "base/obj.h"

#define S	       CLOCK_NS_PER_S
#define SELF_MILLI     2u /* what the agent itself uses */
#define AHEAD_NS       (3600 * S)
#define NS_PER_MILLI_S 1000000ull

void agent_begin(const struct world *w, uint32_t node, struct agent *a)
{
	struct chance c = chance_of(w->seed ^ (node + 1) * 0x5851f42d4c957f2dull);

	chance_next(&c);
	a->world = w;
	a->node = node;
	a->epoch = chance_in(&c, 1, UINT32_MAX);
	a->sequence = a->sent = 0;
	a->boot_ns = chance_in(&c, 1000, 100000000) * S;
	a->ppm = (int64_t)chance_in(&c, 0, 1000) - 500;
	a->jump_ns = 0;
	a->down = false;
	a->struck = a->suspended = NULL;
	a->self_ns = 5 * S;
	a->idle_ns = 1000000 * S;
	a->stored = NULL;
	memset(a->lost, 0, sizeof(a->lost));
}

static bool is_struck_by(const struct agent *a, enum fault_kind k)
{
	return a->struck && a->struck->kind == k;
}

static uint64_t clock_of(const struct agent *a, uint32_t s)
{
	int64_t passed = (int64_t)(s * S);

	return (uint64_t)((int64_t)a->boot_ns + passed + passed / 1000000 * a->ppm + a->jump_ns);
}

static struct agent_report *newest(struct agent *a)
{
	return &a->report[a->sequence % AGENT_REPORTS];
}

static struct agent_row *lost(struct agent *a, uint32_t pod)
{
	return &a->lost[pod % (WORLD_PODS * 64)];
}

static struct agent_row row_of(struct agent *a, const struct plant_pod *x)
{
	const struct agent_row *less = lost(a, x->number);
	struct agent_row r = {.pod = x->number, .cpu_ns = x->cpu_ns - less->cpu_ns, .wait_ns = x->wait_ns,
			      .requests = x->requests - less->requests};

	for (uint32_t i = 0; i < WORLD_TIMES; i++)
		r.took[i] = x->took[i] - less->took[i];
	return r;
}

static void measure(struct agent *a, const struct plant *p, struct agent_report *r)
{
	r->row[r->n++] = (struct agent_row){.pod = AGENT_SELF, .cpu_ns = a->self_ns};
	for (uint32_t i = 0; i < p->n; i++) {
		const struct plant_pod *x = &p->pod[i];

		if (x->node == a->node && r->n < AGENT_ROWS)
			r->row[r->n++] = row_of(a, x);
	}
	r->idle_ns = a->idle_ns;
}

static bool is_hidden(const struct agent *a, const struct plant *p, uint32_t pod)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->pod[i].number == pod)
			return world_hides(a->world, a->struck, p->pod[i].born_s);
	return false;
}

static void silence(struct agent_row *r)
{
	r->requests = 0;
	memset(r->took, 0, sizeof(r->took));
}

static void corrupt(const struct agent *a, const struct plant *p, struct agent_report *r)
{
	struct chance c = chance_of(a->struck->random ^ r->sequence);

	for (uint32_t i = 0; i < r->n; i++) {
		bool self = r->row[i].pod == AGENT_SELF;

		switch (a->struck->kind) {
		case FAULT_ZERO:
			r->row[i].cpu_ns = r->row[i].wait_ns = r->idle_ns = 0;
			silence(&r->row[i]);
			break;
		case FAULT_ROWS_ZERO:
			if (!self && is_hidden(a, p, r->row[i].pod)) {
				r->row[i].cpu_ns = r->row[i].wait_ns = 0;
				silence(&r->row[i]);
			}
			break;
		case FAULT_HUGE:
			r->row[i].cpu_ns += chance_in(&c, 1ull << 40, 1ull << 62);
			break;
		case FAULT_NOT_A_NUMBER:
			r->row[i].cpu_ns = r->row[i].wait_ns = UINT64_MAX;
			break;
		case FAULT_NO_REQUESTS:
			silence(&r->row[i]);
			break;
		case FAULT_DURATIONS:
			r->row[i].took_top = 1000000 + (uint32_t)r->sequence * 1000;
			break;
		default:
			break;
		}
	}
	if (a->struck->kind == FAULT_ABSENT)
		r->flags = SIGNAL_NO_CPU;
	if (a->struck->kind == FAULT_UNHEARD)
		r->flags = SIGNAL_NO_REQUESTS;
	for (uint32_t i = 0; (r->flags & SIGNAL_NO_CPU) && i < r->n; i++)
		r->row[i].cpu_ns = r->row[i].wait_ns = 0;
	for (uint32_t i = 0; (r->flags & SIGNAL_NO_REQUESTS) && i < r->n; i++)
		silence(&r->row[i]);
}

static void freeze(const struct agent_report *before, struct agent_report *r)
{
	r->n = before->n;
	r->idle_ns = before->idle_ns;
	memcpy(r->row, before->row, sizeof(r->row));
}

static const struct agent_row *find(const struct agent_report *r, uint32_t pod)
{
	for (uint32_t i = 0; r && i < r->n; i++)
		if (r->row[i].pod == pod)
			return &r->row[i];
	return NULL;
}

/* Requests alone stand still: what is answered meanwhile is never counted. */
static void stick(struct agent *a, const struct agent_report *before, struct agent_report *r)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct agent_row *then = find(before, r->row[i].pod);
		struct agent_row *x = &r->row[i], *less = lost(a, x->pod);

		if (!then || x->pod == AGENT_SELF)
			continue;
		less->requests += x->requests - then->requests;
		for (uint32_t k = 0; k < WORLD_TIMES; k++)
			less->took[k] += x->took[k] - then->took[k];
		x->requests = then->requests;
		memcpy(x->took, then->took, sizeof(then->took));
	}
}

static void keep(const struct plant_pod *x, struct agent_row *ret)
{
	ret->cpu_ns = x->cpu_ns;
	ret->requests = x->requests;
	memcpy(ret->took, x->took, sizeof(x->took));
}

/* A new run counts from 0. */
static void restart(struct agent *a, const struct plant *p)
{
	a->epoch++;
	a->sequence = a->sent = 0;
	a->stored = NULL;
	for (uint32_t i = 0; i < p->n; i++)
		keep(&p->pod[i], lost(a, p->pod[i].number));
}

static void note_faults(struct agent *a, const struct plant *p, uint32_t s)
{
	a->struck = world_fault(a->world, a->node, s);
	if (is_struck_by(a, FAULT_SUSPENDED) && a->suspended != a->struck) {
		a->jump_ns += (int64_t)AHEAD_NS;
		a->suspended = a->struck;
	}
	if (a->down && !is_struck_by(a, FAULT_RESTART))
		restart(a, p);
	a->down = is_struck_by(a, FAULT_RESTART);
}

void agent_look(struct agent *a, const struct plant *p, uint32_t s)
{
	const struct agent_report *before = a->sequence ? newest(a) : NULL;
	struct agent_report *r;

	a->self_ns += a->world->period_s * SELF_MILLI * NS_PER_MILLI_S;
	a->idle_ns += a->world->period_s * S;
	note_faults(a, p, s);
	if (a->down)
		return;
	a->sequence++;
	r = newest(a);
	r->sequence = a->sequence;
	r->made_s = s;
	r->n = r->flags = 0;
	r->boottime_ns = clock_of(a, s) - (is_struck_by(a, FAULT_CLOCK_BACK) ? AHEAD_NS / 4 : 0);
	r->wall_unix_ns = is_struck_by(a, FAULT_WALL) ? a->struck->random : 1700000000 * S + s * S;
	if (is_struck_by(a, FAULT_FROZEN) && before) {
		freeze(before, r);
		return;
	}
	measure(a, p, r);
	if (is_struck_by(a, FAULT_STUCK))
		stick(a, before, r);
	if (a->struck)
		corrupt(a, p, r);
}

/* --- the wire */

#define BUCKETS (AGENT_ROWS * (WORLD_TIMES + 1))

static struct wire { /* one batch in the making */
	struct store_batch b;
	struct store_identity identity[AGENT_ROWS];
	char path[AGENT_ROWS][32];
	uint32_t row[AGENT_ROWS], flags[AGENT_ROWS], gone[AGENT_ROWS];
	uint64_t cpu[AGENT_ROWS], wait[AGENT_ROWS], requests[AGENT_ROWS];
	uint32_t of[BUCKETS], bucket[BUCKETS], count[BUCKETS]; /* of durations: index of a row, bucket, count */
} wire;

static uint32_t row_number(const struct agent_row *r)
{
	return r->pod == AGENT_SELF ? 1 : r->pod + 2;
}

static void name(const struct agent_row *r)
{
	size_t i = wire.b.n_identities++;

	if (r->pod == AGENT_SELF)
		strcpy(wire.path[i], "/system/agent");
	else
		snprintf(wire.path[i], sizeof(wire.path[i]), "/pods/%u", r->pod);
	wire.identity[i] = (struct store_identity){.row = row_number(r),
						   .kind = STORE_KIND_CGROUP,
						   .cgroup = wire.path[i],
						   .runtime = "", .pod_uid = "", .container_id = "", .qos = "",
						   .name = "x", .pod_namespace = "", .pod_name = "", .workload = ""};
}

static void put_bucket(size_t row, uint32_t bucket, uint32_t count, uint32_t before)
{
	struct store_counts *c = &wire.b.hist[STORE_HISTS - 1];

	if (count == before && !(wire.b.keyframe && count))
		return;
	wire.of[c->n] = (uint32_t)row;
	wire.bucket[c->n] = SIGNAL_HIST_REQUEST * HIST_BUCKETS + bucket;
	wire.count[c->n++] = count;
}

static void put_times(size_t row, const struct agent_row *x, const struct agent_row *then)
{
	static const struct agent_row none;

	then = then ? then : &none;
	for (uint32_t i = 0; i < WORLD_TIMES; i++)
		put_bucket(row, WORLD_TIMES_FROM + i, x->took[i], then->took[i]);
	put_bucket(row, HIST_BUCKETS - 1, x->took_top, then->took_top);
}

static void put_row(const struct agent_report *r, const struct agent_row *x, const struct agent_row *then)
{
	size_t i = wire.b.n_rows++;

	wire.row[i] = row_number(x);
	wire.flags[i] = r->flags;
	wire.cpu[i] = x->cpu_ns;
	wire.wait[i] = x->wait_ns;
	wire.requests[i] = x->requests;
	put_times(i, x, then);
}

/* `before`: what the reader knows already; NULL: nothing, so that everything is named and told. */
static void compose(const struct agent *a, const struct agent_report *r, const struct agent_report *before)
{
	wire.b = (struct store_batch){.epoch = a->epoch, .sequence = r->sequence, .boottime_ns = r->boottime_ns,
				      .wall_unix_ns = r->wall_unix_ns, .identity = wire.identity,
				      .row = wire.row, .flags = wire.flags, .gone = wire.gone};
	wire.b.keyframe = !before || r->sequence % WORLD_KEYFRAME == 1;
	wire.b.column[SIGNAL_CPU_NS] = wire.cpu;
	wire.b.column[SIGNAL_RUNQ_WAIT_NS] = wire.wait;
	wire.b.column[SIGNAL_REQUESTS] = wire.requests;
	wire.b.hist[STORE_HISTS - 1] = (struct store_counts){0, wire.of, wire.bucket, wire.count};
	wire.b.node = (struct store_node_sample){.known = true, .cpu_idle_ns = r->idle_ns,
						 .missing = r->flags & SIGNAL_NO_CPU ? STORE_NODE_NO_IDLE : 0};
	for (uint32_t i = 0; i < r->n; i++) {
		const struct agent_row *x = &r->row[i], *then = find(before, x->pod);

		if (!then || wire.b.keyframe)
			name(x);
		if (wire.b.keyframe || !then || x->cpu_ns != then->cpu_ns || x->requests != then->requests ||
		    r->flags != before->flags)
			put_row(r, x, then);
	}
	for (uint32_t i = 0; before && i < before->n; i++)
		if (!find(r, before->row[i].pod))
			wire.gone[wire.b.n_gone++] = row_number(&before->row[i]);
}

static const struct agent_report *kept(const struct agent *a, uint64_t sequence)
{
	if (!sequence || sequence > a->sequence || sequence + AGENT_REPORTS <= a->sequence)
		return NULL;
	return &a->report[sequence % AGENT_REPORTS];
}

static void hello(struct agent *a, struct store *to, uint64_t now_ns)
{
	char node[16], boot[32];
	struct store_source source = {.node = node, .boot_id = boot, .agent_version = "0",
				      .interval_ns = a->world->period_s * S, .cpus = WORLD_CPUS,
				      .memory_bytes = 1u << 30};

	snprintf(node, sizeof(node), "n%u", a->node);
	snprintf(boot, sizeof(boot), "boot-%u", a->node);
	compose(a, newest(a), NULL);
	wire.b.sequence = wire.b.n_rows = 0;
	must(store_hello(to, &source, &wire.b, (clock_boot_t){now_ns}, &a->stored, &a->sent) == 0);
}

/* One report. One that is refused is passed over: the stream goes on, as ingest lets it. */
static void put(struct agent *a, struct store *to, uint64_t sequence, uint64_t now_ns)
{
	enum store_refusal why;

	compose(a, kept(a, sequence), sequence == a->sent + 1 ? kept(a, a->sent) : NULL);
	(void)store_put(to, a->stored, &wire.b, (clock_boot_t){now_ns}, &why);
	a->sent = sequence;
}

static void put_twice(struct agent *a, struct store *to, uint64_t now_ns)
{
	uint64_t old = a->sent > 5 ? a->sent - a->struck->random % 5 : a->sent;
	enum store_refusal why;

	if (!kept(a, old) || !a->stored)
		return;
	compose(a, kept(a, old), NULL);
	must(store_put(to, a->stored, &wire.b, (clock_boot_t){now_ns}, &why) == 1);
}

void agent_send(struct agent *a, struct store *to, uint32_t s, uint64_t now_ns)
{
	uint64_t next, oldest;

	if (a->down || is_struck_by(a, FAULT_LOST) || !a->sequence) {
		a->stored = NULL;
		return;
	}
	if (!a->stored)
		hello(a, to, now_ns);
	oldest = a->sequence >= AGENT_REPORTS ? a->sequence - AGENT_REPORTS + 1 : 1;
	for (next = a->sent + 1 > oldest ? a->sent + 1 : oldest; next <= a->sequence; next++) {
		if (is_struck_by(a, FAULT_LATE) && kept(a, next)->made_s + a->struck->lag_s > s)
			break;
		put(a, to, next, now_ns);
	}
	if (is_struck_by(a, FAULT_DUPLICATED))
		put_twice(a, to, now_ns);
}
