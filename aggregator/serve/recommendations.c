/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/recommendations.h"

#include <stdlib.h>

#include "aggregator/aggregator.h"
#include "aggregator/recommender.h"
#include "base/glob.h"
#include "base/mem.h"
#include "plimsoll/v1/scaling.pb-c.h"

struct answer {
	Plimsoll__V1__ListRecommendationsResponse m;
	size_t room;
};

/* protobuf-c has no const strings; nothing writes to these. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static Plimsoll__V1__Amounts *amounts(const struct vpa_recommendation *r, enum vpa_resource of)
{
	Plimsoll__V1__Amounts *a;

	if (!r->controlled[of])
		return NULL;
	a = mem_new(Plimsoll__V1__Amounts);
	plimsoll__v1__amounts__init(a);
	a->target = (uint64_t)r->target[of];
	a->lower = (uint64_t)r->lower[of];
	a->upper = (uint64_t)r->upper[of];
	a->uncapped = (uint64_t)r->uncapped[of];
	return a;
}

static void add(struct answer *to, const struct recommender_item *i, const char *container,
		const struct vpa_recommendation *r, int64_t samples)
{
	Plimsoll__V1__Recommendation *m = mem_new(Plimsoll__V1__Recommendation);

	plimsoll__v1__recommendation__init(m);
	m->policy = text(i->manifest.name);
	m->target = text(i->manifest.target);
	m->mode = text(i->manifest.mode);
	m->container = text(container);
	m->samples = (uint64_t)samples;
	if (r) {
		m->cpu_milli = amounts(r, VPA_CPU);
		m->memory_bytes = amounts(r, VPA_MEMORY);
	}
	if (to->m.n_recommendation == to->room) {
		to->room = to->room * 2 + 16;
		to->m.recommendation = mem_array(to->m.recommendation, to->room, sizeof(*to->m.recommendation));
	}
	to->m.recommendation[to->m.n_recommendation++] = m;
}

/* A VPA that has seen no container is there, too. */
static void add_item(struct answer *to, const struct recommender_item *i)
{
	struct vpa_recommendation r;

	for (size_t k = 0; k < i->n; k++)
		add(to, i, i->container[k]->name, recommender_item_recommend(i, k, &r) ? &r : NULL,
		    i->container[k]->aggregate.samples);
	if (!i->n)
		add(to, i, "", NULL, 0);
}

static void list_message(struct rpc_call *c, struct rpc_msg *m)
{
	const Plimsoll__V1__ListRecommendationsRequest *q =
		(const Plimsoll__V1__ListRecommendationsRequest *)rpc_msg_get(m);
	struct aggregator *a = rpc_server_data(rpc_call_server(c));
	struct answer answer = {.m = PLIMSOLL__V1__LIST_RECOMMENDATIONS_RESPONSE__INIT};

	answer.m.wall_unix_ns = clock_wall().ns;
	for (size_t i = 0; i < a->recommender->n; i++)
		if (glob_match_any(q->name, q->n_name, a->recommender->item[i].manifest.name))
			add_item(&answer, &a->recommender->item[i]);
	(void)rpc_send(c, &answer.m.base);
	rpc_finish(c, RPC_OK, NULL, NULL);
	for (size_t i = 0; i < answer.m.n_recommendation; i++) {
		free(answer.m.recommendation[i]->cpu_milli);
		free(answer.m.recommendation[i]->memory_bytes);
		free(answer.m.recommendation[i]);
	}
	free(answer.m.recommendation);
}

static const struct rpc_handler list = {.message = list_message};

const struct rpc_method serve_recommendations_methods[] = {
	{"/plimsoll.v1.Scaling/ListRecommendations", RPC_UNARY, &plimsoll__v1__list_recommendations_request__descriptor,
	 &plimsoll__v1__list_recommendations_response__descriptor, &list, 0},
};
const size_t serve_recommendations_n = sizeof(serve_recommendations_methods) / sizeof(serve_recommendations_methods[0]);
