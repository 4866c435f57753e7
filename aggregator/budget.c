/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/budget.h"

#include <stdlib.h>

static uint64_t turn_ns(const struct budget_turn *t)
{
	return t->since_ns ? t->since_ns : UINT64_MAX;
}

static int by_turn(const void *a, const void *b)
{
	const struct budget_turn *x = *(const struct budget_turn *const *)a, *y = *(const struct budget_turn *const *)b;

	if (turn_ns(x) != turn_ns(y))
		return turn_ns(x) < turn_ns(y) ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

void budget_line_up(struct budget_turn **line, size_t n)
{
	if (n)
		qsort(line, n, sizeof(struct budget_turn *), by_turn);
}

void budget_round(struct budget *b)
{
	b->kept = 0;
}

static uint64_t spent(const struct budget *b, uint64_t now_ns)
{
	uint64_t now = now_ns / BUDGET_PART_NS, sum = 0;

	for (uint32_t i = 0; i < BUDGET_PARTS; i++)
		if (b->part[i] + BUDGET_PARTS > now)
			sum += b->added[i];
	return sum;
}

static uint32_t paid(const struct budget_turn *t, uint64_t now_ns, uint32_t from)
{
	return t->paid_to > from && now_ns - t->paid_ns < BUDGET_NS ? t->paid_to - from : 0;
}

uint32_t budget_room(const struct budget *b, const struct budget_turn *t, uint64_t now_ns, uint32_t from)
{
	uint64_t gone = spent(b, now_ns) + b->kept;

	return paid(t, now_ns, from) + (gone < b->a_minute ? (uint32_t)(b->a_minute - gone) : 0);
}

void budget_add(struct budget *b, uint64_t now_ns, uint32_t replicas)
{
	uint64_t now = now_ns / BUDGET_PART_NS;
	uint32_t i = (uint32_t)(now % BUDGET_PARTS);

	if (b->part[i] != now)
		b->added[i] = 0;
	b->part[i] = now;
	b->added[i] += replicas;
}

/* An order that is given again counts from now on, and no more from the first time: in between it always did. */
static void move(struct budget *b, const struct budget_turn *t, uint64_t now_ns, uint32_t from, uint32_t adds)
{
	uint32_t again = paid(t, now_ns, from);

	b->added[t->paid_ns / BUDGET_PART_NS % BUDGET_PARTS] -= again < adds ? again : adds;
	budget_add(b, now_ns, adds);
}

void budget_note(struct budget *b, struct budget_turn *t, uint64_t now_ns, uint32_t from, uint32_t to, uint32_t lacks)
{
	uint32_t adds = to > from ? to - from : 0;

	if (adds) {
		move(b, t, now_ns, from, adds);
		t->paid_ns = now_ns;
	}
	if (to != from)
		t->paid_to = 0;
	t->lacks = lacks;
	if (!lacks)
		t->since_ns = 0;
	else if (adds)
		t->since_ns = now_ns + 1; /* behind those that began to wait this instant */
	else if (!t->since_ns)
		t->since_ns = now_ns;
}

void budget_pass(struct budget *b, const struct budget_turn *t)
{
	b->kept += t->lacks;
}

void budget_failed(struct budget_turn *t, uint32_t to)
{
	t->paid_to = to;
}
