/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"

#define SERVER_MAGIC 0x72737276u
#define DEFAULT_AGE_NS (3600 * CLOCK_NS_PER_S)
/* After a failed accept: core needs a moment to close the old socket, and descriptors to come back. */
#define RELISTEN_AFTER_NS (200 * CLOCK_NS_PER_MS)
#define RELISTEN_AGAIN_NS (1 * CLOCK_NS_PER_S)

/* Every running server, for the one notice core gives that some listener died. */
static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rpc_server *known;

static void accept_failed(void)
{
	pthread_mutex_lock(&known_lock);
	for (struct rpc_server *s = known; s; s = s->next_known) {
		if (s->accept_told)
			continue;
		s->accept_told = true;
		rpc_inbox_push(s->inbox, &s->accept_event);
	}
	pthread_mutex_unlock(&known_lock);
}

static void make_known(struct rpc_server *s)
{
	pthread_mutex_lock(&known_lock);
	s->next_known = known;
	known = s;
	pthread_mutex_unlock(&known_lock);
	rpc_queue_on_accept_error(accept_failed);
}

static void make_unknown(struct rpc_server *s)
{
	pthread_mutex_lock(&known_lock);
	for (struct rpc_server **at = &known; *at; at = &(*at)->next_known)
		if (*at == s) {
			*at = s->next_known;
			break;
		}
	s->accept_told = true; /* nothing more */
	pthread_mutex_unlock(&known_lock);
}

/* Core does not say which listener died, so every one retires. Its calls go on; GOAWAY makes their
 * clients open the next one elsewhere. */
static void accept_died(struct rpc_event *e)
{
	struct rpc_server *s = rpc_owner(e, struct rpc_server, accept_event);

	must(s->magic == SERVER_MAGIC);
	if (s->stopping)
		return;
	if (s->current)
		rpc_listener_retire(s->current);
	s->current = NULL;
	loop_timer_start(s->relisten, RELISTEN_AFTER_NS, 0);
}

static void relisten(void *data)
{
	struct rpc_server *s = obj_cast(struct rpc_server, data, SERVER_MAGIC);

	if (s->stopping)
		return;
	pthread_mutex_lock(&known_lock);
	s->accept_told = false;
	pthread_mutex_unlock(&known_lock);
	if (rpc_listener_start(s, true, &s->current, NULL) < 0)
		loop_timer_start(s->relisten, RELISTEN_AGAIN_NS, 0);
}

static int by_path(const void *a, const void *b)
{
	const struct rpc_method *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static int path_of(const void *key, const void *member)
{
	const struct rpc_method *const *m = member;

	return strcmp(key, (*m)->path);
}

const struct rpc_method *rpc_server_method(const struct rpc_server *s, const char *path)
{
	const struct rpc_method **found = bsearch(path, s->methods, s->n_methods,
						  sizeof(s->methods[0]), path_of);

	return found ? *found : NULL;
}

static void add_methods(struct rpc_server *s, const struct rpc_method *methods, size_t n)
{
	s->methods = mem_array(s->methods, s->n_methods + n, sizeof(s->methods[0]));
	for (size_t i = 0; i < n; i++)
		s->methods[s->n_methods++] = &methods[i];
}

static void fill_methods(struct rpc_server *s, const struct rpc_server_options *o)
{
	add_methods(s, o->methods, o->n_methods);
	add_methods(s, rpc_health_methods, RPC_HEALTH_METHODS);
	if (o->descriptors.n)
		add_methods(s, rpc_reflection_methods, RPC_REFLECTION_METHODS);
	qsort(s->methods, s->n_methods, sizeof(s->methods[0]), by_path);
	s->health = rpc_health_new(s->methods, s->n_methods);
	if (o->descriptors.n)
		s->reflection = rpc_reflection_new(o->descriptors, s->methods, s->n_methods);
}

static struct rpc_server *server_new(struct loop *l, const struct rpc_server_options *o)
{
	struct rpc_server *s = mem_new(struct rpc_server);

	s->magic = SERVER_MAGIC;
	s->loop = l;
	s->inbox = rpc_inbox_open(l);
	s->data = o->data;
	rpc_address_init(&s->address, o->address, o->socket_mode, o->socket_group);
	s->tls = o->tls;
	s->tls.cert = mem_strdup(o->tls.cert);
	s->tls.key = mem_strdup(o->tls.key);
	s->tls.ca = mem_strdup(o->tls.ca);
	s->max_message = o->max_message ? o->max_message : RPC_MAX_MESSAGE;
	s->max_calls = o->max_calls ? o->max_calls : RPC_MAX_CALLS;
	s->connection_age_ns = o->connection_age_ns ? o->connection_age_ns : DEFAULT_AGE_NS;
	s->relisten = loop_timer_new(l, relisten, s);
	s->accept_event.deliver = accept_died;
	fill_methods(s, o);
	return s;
}

static void server_free(struct rpc_server *s)
{
	rpc_inbox_close(s->inbox);
	loop_timer_close(s->relisten);
	loop_timer_close(s->grace);
	rpc_address_done(&s->address);
	free((char *)(uintptr_t)s->tls.cert);
	free((char *)(uintptr_t)s->tls.key);
	free((char *)(uintptr_t)s->tls.ca);
	free(s->methods);
	rpc_health_free(s->health);
	rpc_reflection_free(s->reflection);
	s->magic = 0;
	free(s);
}

int rpc_server_start(struct loop *l, const struct rpc_server_options *o, struct rpc_server **ret_s,
		     struct err *e)
{
	struct rpc_server *s = server_new(l, o);
	int r = rpc_listener_start(s, false, &s->current, e);

	if (r < 0) {
		server_free(s);
		return r;
	}
	make_known(s);
	*ret_s = s;
	return 0;
}

bool rpc_server_stopping(const struct rpc_server *s)
{
	return s->stopping;
}

int rpc_server_port(const struct rpc_server *s)
{
	return s->address.port;
}

void *rpc_server_data(const struct rpc_server *s)
{
	return s->data;
}

void rpc_server_set_serving(struct rpc_server *s, const char *service, bool serving)
{
	rpc_health_set(s->health, service, serving);
}

void rpc_server_link(struct rpc_server *s, struct rpc_listener *l)
{
	rpc_listener_link(l, s->listeners);
	s->listeners = l;
}

void rpc_server_unlink(struct rpc_server *s, struct rpc_listener *l)
{
	struct rpc_listener *before = NULL;

	for (struct rpc_listener *i = s->listeners; i != l; i = rpc_listener_next(i))
		before = i;
	if (before)
		rpc_listener_link(before, rpc_listener_next(l));
	else
		s->listeners = rpc_listener_next(l);
}

void rpc_server_maybe_done(struct rpc_server *s)
{
	void (*done)(void *) = s->done;
	void *data = s->done_data;

	if (!s->stopping || s->listeners)
		return;
	server_free(s);
	if (done)
		done(data);
}

static void finish_one(struct rpc_call *c)
{
	rpc_finish(c, RPC_UNAVAILABLE, "shutting down", "connect to another server, or try again");
}

static void grace_over(void *data)
{
	struct rpc_server *s = obj_cast(struct rpc_server, data, SERVER_MAGIC);

	for (struct rpc_listener *l = s->listeners; l; l = rpc_listener_next(l))
		rpc_listener_cancel(l);
	rpc_server_maybe_done(s); /* stopped between two listeners: nothing comes back */
}

/* The order matters and was found by trying: health first, then GOAWAY, then the streams, then the
 * axe; core's server is destroyed only when its shutdown and every call have come back. */
void rpc_server_stop(struct rpc_server *s, uint64_t grace_ns, void (*done)(void *data), void *data)
{
	must(s->magic == SERVER_MAGIC && !s->stopping);
	make_unknown(s);
	s->done = done;
	s->done_data = data;
	rpc_health_stop(s->health);
	s->stopping = true;
	loop_timer_stop(s->relisten);
	for (struct rpc_listener *l = s->listeners; l; l = rpc_listener_next(l)) {
		rpc_listener_retire(l);
		rpc_listener_each(l, finish_one);
	}
	s->grace = loop_timer_new(s->loop, grace_over, s);
	loop_timer_start(s->grace, s->listeners ? grace_ns : 0, 0);
}
