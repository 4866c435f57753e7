/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/toll.h"

#include <stdio.h>

#include "aggregator/store/node.h"
#include "base/buf.h"
#include "base/scope.h"

static const struct {
	const char *word, *unit, *fate, *fix;
} kinds[LOSSES] = {
#define LOSS(ID, name, word, KIND, unit, fate, fix) [LOSS_##ID] = {#word, unit, fate, fix},
#include "plimsoll/losses.def"
};

struct toll {
	size_t nodes;
	uint64_t sum;
	const struct store_node *worst[TOLL_NODES]; /* the first the most; NULL: no more */
};

static void place(struct toll *t, const struct store_node *n, enum loss_id kind)
{
	for (int i = 0; n && i < TOLL_NODES; i++) {
		const struct store_node *here = t->worst[i];

		if (here && here->losses.count[kind] >= n->losses.count[kind])
			continue;
		t->worst[i] = n;
		n = here;
	}
}

static struct toll toll_of(const struct store *s, enum loss_id kind, clock_boot_t now)
{
	struct toll t = {0};
	const struct store_node *n;
	size_t cursor = 0;

	while ((n = store_next_node(s, &cursor))) {
		if (!node_loses(n, kind, now))
			continue;
		t.nodes++;
		t.sum += n->losses.count[kind];
		place(&t, n, kind);
	}
	return t;
}

static void say(const struct store *s, enum loss_id kind, const struct toll *t, struct aggregator_notice *ret)
{
	scoped(buf_done) struct buf worst = {0};

	for (int i = 0; i < TOLL_NODES && t->worst[i]; i++)
		buf_printf(&worst, "%s%.40s %llu", i ? ", " : "", t->worst[i]->name,
			   (unsigned long long)t->worst[i]->losses.count[kind]);
	ret->id = kinds[kind].word;
	ret->level = "warn";
	snprintf(ret->text, sizeof(ret->text), "%llu %s on %zu of %zu nodes (%s%s) %s", (unsigned long long)t->sum,
		 kinds[kind].unit, t->nodes, store_nodes(s), t->nodes > TOLL_NODES ? "most: " : "", buf_text(&worst),
		 kinds[kind].fate);
	snprintf(ret->fix, sizeof(ret->fix), "%s", kinds[kind].fix);
}

size_t toll_notices(const struct store *s, clock_boot_t now, struct aggregator_notice *ret, size_t room)
{
	size_t n = 0;

	for (int i = 0; i < LOSSES && n < room; i++) {
		const struct toll t = toll_of(s, (enum loss_id)i, now);

		if (t.nodes)
			say(s, (enum loss_id)i, &t, &ret[n++]);
	}
	return n;
}
