/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/health.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/obj.h"
#include "grpc/health/v1/health.pb-c.h"
#include "rpc/server.h"

typedef Grpc__Health__V1__HealthCheckRequest health_request;
typedef Grpc__Health__V1__HealthCheckResponse health_response;
typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus health_status;
#define STATUS(name) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name

struct service {
	char *name;
	bool serving;
};

struct watcher { /* one Watch call, its rpc_data() */
	struct watcher *next;
	struct rpc_call *call;
	char *service;
	health_status told;
};

struct rpc_health {
	struct service *services;
	size_t n;
	struct watcher *watchers;
	bool stopped;
};

static struct service *find(const struct rpc_health *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->services[i].name, name) == 0)
			return &h->services[i];
	return NULL;
}

static struct service *get(struct rpc_health *h, const char *name)
{
	struct service *s = find(h, name);

	if (s)
		return s;
	h->services = mem_array(h->services, h->n + 1, sizeof(h->services[0]));
	s = &h->services[h->n++];
	s->name = mem_strdup(name);
	s->serving = true;
	return s;
}

static health_status status_of(const struct rpc_health *h, const char *name)
{
	const struct service *s = find(h, name);

	if (!s)
		return STATUS(SERVICE_UNKNOWN);
	return s->serving && !h->stopped ? STATUS(SERVING) : STATUS(NOT_SERVING);
}

static int answer(struct rpc_call *c, health_status status)
{
	health_response r = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	r.status = status;
	return rpc_send(c, &r.base);
}

/* A watcher whose queue is full is told the newest status when it is writable again. */
static void tell_one(const struct rpc_health *h, struct watcher *w)
{
	health_status now = status_of(h, w->service);

	if (now != w->told && answer(w->call, now) == 0)
		w->told = now;
}

static void tell(struct rpc_health *h)
{
	for (struct watcher *w = h->watchers; w; w = w->next)
		tell_one(h, w);
}

void rpc_health_set(struct rpc_health *h, const char *service, bool serving)
{
	get(h, service ? service : "")->serving = serving;
	tell(h);
}

void rpc_health_stop(struct rpc_health *h)
{
	h->stopped = true;
	tell(h);
}

struct rpc_health *rpc_health_new(const struct rpc_method *const *methods, size_t n)
{
	struct rpc_health *h = mem_new(struct rpc_health);

	get(h, "");
	for (size_t i = 0; i < n; i++) {
		const char *path = methods[i]->path + 1; /* "/pkg.Service/Method" */
		const char *slash = strchr(path, '/');
		char *name = mem_printf("%.*s", slash ? (int)(slash - path) : 0, path);

		get(h, name);
		free(name);
	}
	return h;
}

void rpc_health_free(struct rpc_health *h)
{
	if (!h)
		return;
	must(!h->watchers);
	for (size_t i = 0; i < h->n; i++)
		free(h->services[i].name);
	free(h->services);
	free(h);
}

static void check(struct rpc_call *c, struct rpc_msg *m)
{
	const health_request *q = (const health_request *)rpc_msg_get(m);
	health_status status = status_of(rpc_call_server(c)->health, q->service);

	if (status == STATUS(SERVICE_UNKNOWN)) {
		rpc_finish(c, RPC_NOT_FOUND, "this server has no such service",
			   "ask for \"\" (the whole server), or server reflection for the list");
		return;
	}
	answer(c, status);
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static void watch(struct rpc_call *c, struct rpc_msg *m)
{
	const health_request *q = (const health_request *)rpc_msg_get(m);
	struct rpc_health *h = rpc_call_server(c)->health;
	struct watcher *w = mem_new(struct watcher);

	w->call = c;
	w->service = mem_strdup(q->service);
	w->told = status_of(h, w->service);
	w->next = h->watchers;
	h->watchers = w;
	rpc_set_data(c, w);
	answer(c, w->told);
}

static void caught_up(struct rpc_call *c)
{
	if (rpc_data(c))
		tell_one(rpc_call_server(c)->health, rpc_data(c));
}

static void unwatch(struct rpc_call *c, enum rpc_code code, const char *message)
{
	struct watcher *w = rpc_data(c);

	(void)code;
	(void)message;
	if (!w)
		return;
	for (struct watcher **at = &rpc_call_server(c)->health->watchers; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	free(w->service);
	free(w);
}

static const struct rpc_handler check_handler = { .message = check };
static const struct rpc_handler watch_handler = { .message = watch,
						  .writable = caught_up,
						  .closed = unwatch };

#define REQUEST  &grpc__health__v1__health_check_request__descriptor
#define RESPONSE &grpc__health__v1__health_check_response__descriptor

const struct rpc_method rpc_health_methods[RPC_HEALTH_METHODS] = {
	{ "/grpc.health.v1.Health/Check", RPC_UNARY, REQUEST, RESPONSE, &check_handler, 0 },
	{ "/grpc.health.v1.Health/Watch", RPC_SERVER_STREAM, REQUEST, RESPONSE, &watch_handler, 0 },
};
