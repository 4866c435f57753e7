/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/governor.h"

void governor_init(struct governor *g)
{
	*g = (struct governor){.wait = GOVERNOR_WAIT_FIRST, .last = {.drop = -1, .restore = -1}};
}

static void begin_window(struct governor *g, const struct governor_costs *c)
{
	g->since_ns = g->step_ns = c->now_ns;
	g->cpu_ns = c->cpu_ns;
	g->allowed_ns = 0;
	for (int i = 0; i < c->n && i < GOVERNOR_PARTS; i++)
		g->pass_ns[i] = c->parts[i].pass_ns;
}

static bool kernel_is_too_dear(struct governor *g, const struct governor_budget *b, const struct governor_costs *c)
{
	if (c->measurements != g->measurements)
		g->too_dear = b->kernel > 0 && c->kernel > b->kernel ? g->too_dear + 1 : 0;
	g->measurements = c->measurements;
	return g->too_dear >= GOVERNOR_TOO_OFTEN;
}

static enum governor_excess judge(struct governor *g, const struct governor_budget *b,
				  const struct governor_costs *c, double own)
{
	bool kernel = kernel_is_too_dear(g, b, c);

	if (b->own > 0 && own > b->own)
		return GOVERNOR_OWN;
	return kernel ? GOVERNOR_KERNEL : GOVERNOR_WITHIN;
}

/* Of what is too dear. */
static double cost_of(const struct governor *g, const struct governor_costs *c, int i, enum governor_excess excess)
{
	if (!c->parts[i].open || !c->parts[i].on)
		return 0;
	return excess == GOVERNOR_OWN ? (double)(c->parts[i].pass_ns - g->pass_ns[i]) : c->parts[i].kernel;
}

static int dearest(const struct governor *g, const struct governor_costs *c, enum governor_excess excess)
{
	double most = 0;
	int found = -1;

	for (int i = 0; i < c->n && i < GOVERNOR_PARTS; i++) {
		double cost = cost_of(g, c, i, excess);

		if (cost > 0 && cost >= most) {
			most = cost;
			found = i;
		}
	}
	return found;
}

static void drop(struct governor *g, int part)
{
	if (g->trial) /* it came back too early */
		g->wait = 2 * g->wait < GOVERNOR_WAIT_MOST ? 2 * g->wait : GOVERNOR_WAIT_MOST;
	g->trial = 0;
	g->too_dear = 0; /* measured with the part, which is gone */
	g->dropped[g->n_dropped++] = part;
}

static bool is_calm(const struct governor_budget *b, const struct governor_costs *c, double own)
{
	return (b->own <= 0 || own < GOVERNOR_CALM * b->own) &&
	       (b->kernel <= 0 || c->kernel < GOVERNOR_CALM * b->kernel);
}

/* A window after another without a drop. The part that came back last has proved itself when it has stayed
 * for as long as it had to wait. */
static void prove(struct governor *g)
{
	if (!g->trial || ++g->trial <= g->wait)
		return;
	g->trial = 0;
	g->wait = g->wait / 2 > GOVERNOR_WAIT_FIRST ? g->wait / 2 : GOVERNOR_WAIT_FIRST;
}

static int restore(struct governor *g)
{
	if (!g->n_dropped || g->calm < g->wait)
		return -1;
	g->calm = 0;
	g->trial = 1;
	return g->dropped[--g->n_dropped];
}

static void within(struct governor *g, const struct governor_budget *b, const struct governor_costs *c,
		   struct governor_verdict *v)
{
	prove(g);
	g->calm = is_calm(b, c, v->own) ? g->calm + 1 : 0;
	v->restore = restore(g);
}

static void above(struct governor *g, const struct governor_costs *c, struct governor_verdict *v)
{
	g->calm = 0;
	v->drop = dearest(g, c, v->excess);
	v->helpless = v->drop < 0;
	if (v->drop >= 0)
		drop(g, v->drop);
}

static struct governor_verdict end_window(struct governor *g, const struct governor_budget *now,
					  const struct governor_costs *c)
{
	double elapsed = (double)(c->now_ns - g->since_ns);
	struct governor_budget mean = {g->allowed_ns / elapsed, now->kernel, now->patience_ns};
	struct governor_verdict v = {.drop = -1, .restore = -1, .own = (double)(c->cpu_ns - g->cpu_ns) / elapsed,
				     .allowed = mean.own};

	v.excess = judge(g, &mean, c, v.own);
	if (v.excess == GOVERNOR_WITHIN)
		within(g, &mean, c, &v);
	else
		above(g, c, &v);
	begin_window(g, c);
	return v;
}

struct governor_verdict governor_step(struct governor *g, const struct governor_budget *b,
				      const struct governor_costs *c)
{
	g->last.drop = g->last.restore = -1;
	if (!g->since_ns) {
		begin_window(g, c);
		return g->last;
	}
	g->allowed_ns += b->own * (double)(c->now_ns - g->step_ns);
	g->step_ns = c->now_ns;
	if (c->now_ns - g->since_ns >= b->patience_ns)
		g->last = end_window(g, b, c);
	return g->last;
}
