/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ROOM_LEAST 64
#define MAPPED	   12 /* bytes in front of an IPv4 address */

static const uint8_t mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};

static void grow(void *array, size_t room, size_t size)
{
	void **p = array;

	*p = mem_array(*p, room, size);
}

static size_t more(size_t room)
{
	return room ? 2 * room : ROOM_LEAST;
}

void calls_clear(struct calls *c)
{
	Plimsoll__V1__Calls *m = &c->columns;

	c->n_peers = 0;
	m->n_peer = m->n_hist_peer = 0;
}

static void make_room_peers(struct calls *c)
{
	if (c->n_peers < c->room_peers)
		return;
	c->room_peers = more(c->room_peers);
	grow(&c->peer, c->room_peers, sizeof(*c->peer));
	grow(&c->peer_p, c->room_peers, sizeof(*c->peer_p));
}

void calls_add_peer(struct calls *c, const struct calls_peer *p)
{
	size_t front = memcmp(p->address, mapped, MAPPED) ? 0 : MAPPED;
	Plimsoll__V1__Peer *m;

	make_room_peers(c);
	m = &c->peer[c->n_peers++];
	plimsoll__v1__peer__init(m);
	m->peer = p->peer;
	m->row = p->row;
	m->serves = p->serves;
	m->address = (ProtobufCBinaryData){CALLS_ADDRESS - front, (uint8_t *)(uintptr_t)p->address + front};
	m->port = p->port;
	m->net = p->net;
}

static void make_room(struct calls *c)
{
	Plimsoll__V1__Calls *m = &c->columns;

	if (m->n_peer < c->room)
		return;
	c->room = more(c->room);
	grow(&m->peer, c->room, sizeof(*m->peer));
	grow(&m->calls, c->room, sizeof(*m->calls));
	grow(&m->errors, c->room, sizeof(*m->errors));
	grow(&m->untimed, c->room, sizeof(*m->untimed));
	grow(&m->ns, c->room, sizeof(*m->ns));
	grow(&m->connection, c->room, sizeof(*m->connection));
}

static void make_room_hist(struct calls *c)
{
	Plimsoll__V1__Calls *m = &c->columns;

	if (m->n_hist_peer < c->room_hist)
		return;
	c->room_hist = more(c->room_hist);
	grow(&m->hist_peer, c->room_hist, sizeof(*m->hist_peer));
	grow(&m->hist_bucket, c->room_hist, sizeof(*m->hist_bucket));
	grow(&m->hist_count, c->room_hist, sizeof(*m->hist_count));
}

static void add_bucket(struct calls *c, uint32_t index, uint32_t bucket, uint32_t count)
{
	Plimsoll__V1__Calls *m = &c->columns;

	make_room_hist(c);
	m->hist_peer[m->n_hist_peer] = index;
	m->hist_bucket[m->n_hist_peer] = bucket;
	m->hist_count[m->n_hist_peer++] = count;
}

void calls_add_values(struct calls *c, uint32_t peer, const struct calls_values *v)
{
	Plimsoll__V1__Calls *m = &c->columns;
	uint32_t index = (uint32_t)m->n_peer;

	make_room(c);
	m->peer[index] = peer;
	m->calls[index] = v->calls;
	m->errors[index] = v->errors;
	m->untimed[index] = v->untimed;
	m->ns[index] = v->ns;
	m->connection[index] = v->connection;
	m->n_peer++;
	for (uint32_t b = 0; b < CALLS_BUCKETS; b++)
		if (v->hist[b] != (v->known ? v->known[b] : 0))
			add_bucket(c, index, b, v->hist[b]);
}

void calls_point(struct calls *c, bool heard, Plimsoll__V1__Batch *to)
{
	Plimsoll__V1__Calls *m = &c->columns;
	Plimsoll__V1__Calls begun = PLIMSOLL__V1__CALLS__INIT;

	m->base = begun.base;
	m->n_calls = m->n_errors = m->n_untimed = m->n_ns = m->n_connection = m->n_peer;
	m->n_hist_bucket = m->n_hist_count = m->n_hist_peer;
	for (size_t i = 0; i < c->n_peers; i++)
		c->peer_p[i] = &c->peer[i];
	to->n_peers = heard ? c->n_peers : 0;
	to->peers = c->peer_p;
	to->calls = heard ? m : NULL;
}

void calls_done(struct calls *c)
{
	free(c->peer);
	free(c->peer_p);
	free(c->columns.peer);
	free(c->columns.calls);
	free(c->columns.errors);
	free(c->columns.untimed);
	free(c->columns.ns);
	free(c->columns.connection);
	free(c->columns.hist_peer);
	free(c->columns.hist_bucket);
	free(c->columns.hist_count);
	*c = (struct calls){0};
}

bool calls_address(const ProtobufCBinaryData *from, uint8_t ret[CALLS_ADDRESS])
{
	if (from->len != CALLS_ADDRESS && from->len != CALLS_ADDRESS - MAPPED)
		return false;
	memcpy(ret, mapped, MAPPED);
	memcpy(ret + CALLS_ADDRESS - from->len, from->data, from->len);
	return true;
}

bool calls_have_shape(const Plimsoll__V1__Calls *c)
{
	size_t n = c->n_peer;

	if (c->n_calls != n || c->n_errors != n || c->n_untimed != n || c->n_ns != n || c->n_connection != n ||
	    c->n_hist_bucket != c->n_hist_peer || c->n_hist_count != c->n_hist_peer)
		return false;
	for (size_t i = 0; i < c->n_hist_peer; i++)
		if (c->hist_peer[i] >= n || c->hist_bucket[i] >= CALLS_BUCKETS)
			return false;
	return true;
}
