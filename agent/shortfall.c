/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shortfall.h"

#include <stdio.h>

#include "agent/metrics.h"

static const struct {
	const char *word, *unit, *fate, *fix;
} kinds[LOSSES] = {
#define LOSS(ID, name, word, KIND, unit, fate, fix) [LOSS_##ID] = {#word, unit, fate, fix},
#include "plimsoll/losses.def"
};

void shortfall_take(struct shortfall *s, const struct losses *now, uint64_t now_ns)
{
	for (int i = 0; i < LOSSES; i++)
		if (now->count[i] > s->now.count[i])
			s->grew_ns[i] = now_ns;
	s->now = *now;
}

void shortfall_observe(const struct shortfall *s)
{
#define LOST_COUNTER(name) agent_set(agent_##name##_total, s->now.name);
#define LOST_GAUGE(name)   agent_set(agent_##name, s->now.name);
#define LOSS(ID, name, word, KIND, ...) LOST_##KIND(name)
#include "plimsoll/losses.def"
}

static bool is_news(const struct shortfall *s, int kind, uint64_t now_ns)
{
	if (LOSS_NOW & 1 << kind)
		return s->now.count[kind];
	return s->grew_ns[kind] && now_ns - s->grew_ns[kind] < SHORTFALL_NEWS_NS;
}

int shortfall_notices(const struct shortfall *s, uint64_t now_ns, struct probe_notice *ret, int room)
{
	int n = 0;

	for (int i = 0; i < LOSSES && n < room; i++) {
		if (!is_news(s, i, now_ns))
			continue;
		ret[n] = (struct probe_notice){.id = kinds[i].word, .level = "warn"};
		snprintf(ret[n].text, sizeof(ret->text), "%llu %s %s", (unsigned long long)s->now.count[i],
			 kinds[i].unit, kinds[i].fate);
		snprintf(ret[n++].fix, sizeof(ret->fix), "%s", kinds[i].fix);
	}
	return n;
}
