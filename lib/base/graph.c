/* SPDX-License-Identifier: Apache-2.0 */
#include "base/graph.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"

#define MAPPED 12 /* bytes in front of an IPv4 address */

struct server {
	struct graph_place at;
	const char *owner;
	struct server *next; /* of the same address and port */
};

struct line { /* an edge while it grows */
	struct graph_edge out; /* first: it is handed out as this */
	struct strmap *addresses;
};

struct graph {
	struct strmap *names; /* each once: owners are compared by their address */
	struct strmap *servers, *lines;
	struct graph_edge **sorted;
};

static const uint8_t mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const uint8_t address[GRAPH_ADDRESS])
{
	return memcmp(address, mapped, MAPPED) == 0;
}

bool graph_is_loopback(const uint8_t address[GRAPH_ADDRESS])
{
	static const uint8_t one[GRAPH_ADDRESS] = {[GRAPH_ADDRESS - 1] = 1};

	return is_v4(address) ? address[MAPPED] == 127 : memcmp(address, one, sizeof(one)) == 0;
}

void graph_text(const struct graph_place *p, char ret[GRAPH_TEXT])
{
	char address[INET6_ADDRSTRLEN];
	bool v4 = is_v4(p->address);

	inet_ntop(v4 ? AF_INET : AF_INET6, p->address + (v4 ? MAPPED : 0), address, sizeof(address));
	snprintf(ret, GRAPH_TEXT, v4 ? "%s:%u" : "[%s]:%u", address, (unsigned)p->port);
}

struct graph *graph_new(void)
{
	struct graph *g = mem_new(struct graph);

	g->names = strmap_new();
	g->servers = strmap_new();
	g->lines = strmap_new();
	return g;
}

static void free_servers(struct graph *g)
{
	size_t cursor = 0;
	const char *key;
	void *at;

	while (strmap_next(g->servers, &cursor, &key, &at))
		for (struct server *s = at, *next; s; s = next) {
			next = s->next;
			free(s);
		}
	strmap_free(g->servers);
}

static void free_lines(struct graph *g)
{
	size_t cursor = 0;
	const char *key;
	void *at;

	while (strmap_next(g->lines, &cursor, &key, &at)) {
		struct line *l = at;

		strmap_free(l->addresses);
		free((char *)(uintptr_t)l->out.address);
		free(l);
	}
	strmap_free(g->lines);
}

struct graph *graph_free(struct graph *g)
{
	size_t cursor = 0;
	const char *key;
	void *name;

	if (!g)
		return NULL;
	free_servers(g);
	free_lines(g);
	while (strmap_next(g->names, &cursor, &key, &name))
		free(name);
	strmap_free(g->names);
	free(g->sorted);
	free(g);
	return NULL;
}

static const char *name(struct graph *g, const char *text)
{
	char *n = strmap_get(g->names, text);

	if (!n) {
		n = mem_strdup(text);
		strmap_put(g->names, text, n);
	}
	return n;
}

void graph_serves(struct graph *g, const char *owner, const struct graph_place *at)
{
	struct server *s = mem_new(struct server);
	char text[GRAPH_TEXT];

	graph_text(at, text);
	*s = (struct server){.at = *at, .owner = name(g, owner), .next = strmap_get(g->servers, text)};
	strmap_put(g->servers, text, s);
}

/* Joining */

struct found { /* whose an address is */
	const char *owner;
	bool several;
};

static void add_found(struct found *f, const char *owner)
{
	f->several |= f->owner && f->owner != owner;
	f->owner = owner;
}

static const char *owner_at(const struct graph *g, const struct graph_place *at)
{
	bool loopback = graph_is_loopback(at->address);
	struct found here = {0}, elsewhere = {0};
	char text[GRAPH_TEXT];

	graph_text(at, text);
	for (const struct server *s = strmap_get(g->servers, text); s; s = s->next) {
		bool near = s->at.node == at->node;

		if (loopback && !(near && at->net && s->at.net == at->net))
			continue;
		add_found(near ? &here : &elsewhere, s->owner);
	}
	if (here.owner)
		return here.several ? NULL : here.owner;
	return elsewhere.several ? NULL : elsewhere.owner;
}

static struct line *line_of(struct graph *g, const char *from, const char *to, const char *address)
{
	scoped(buf_done) struct buf key = {0};
	struct line *l;

	buf_printf(&key, "%s\n%s%s", from, to ? "" : "\n", to ? to : address);
	l = strmap_get(g->lines, buf_text(&key));
	if (l)
		return l;
	l = mem_new(struct line);
	l->out = (struct graph_edge){.from = from, .to = to, .address = mem_strdup(address)};
	l->addresses = strmap_new();
	strmap_put(g->lines, buf_text(&key), l);
	return l;
}

static void add_load(struct graph_edge *e, const struct graph_load *load)
{
	e->known++;
	e->load.calls += load->calls;
	e->load.errors += load->errors;
	e->load.timed += load->timed;
	e->load.ns += load->ns;
	for (unsigned b = 0; b < HIST_BUCKETS; b++)
		e->load.hist[b] += load->hist[b];
	if (load->age_ns > e->load.age_ns)
		e->load.age_ns = load->age_ns;
}

void graph_calls(struct graph *g, const char *owner, const struct graph_place *at, const struct graph_place *met,
		 const struct graph_load *load)
{
	const char *to = owner_at(g, at);
	char address[GRAPH_TEXT];
	struct line *l;

	if (!to && met)
		to = owner_at(g, met);
	graph_text(at, address);
	l = line_of(g, name(g, owner), to, address);
	if (!strmap_get(l->addresses, address)) {
		strmap_put(l->addresses, address, l);
		l->out.addresses++;
	}
	l->out.ends++;
	if (load)
		add_load(&l->out, load);
}

static int in_order(const void *a, const void *b)
{
	const struct graph_edge *x = *(const struct graph_edge *const *)a, *y = *(const struct graph_edge *const *)b;
	int r = strcmp(x->from, y->from);

	if (r == 0)
		r = (x->to == NULL) - (y->to == NULL); /* addresses last */
	if (r == 0 && x->to && y->to)
		r = strcmp(x->to, y->to);
	return r ? r : strcmp(x->address, y->address);
}

const struct graph_edge *const *graph_edges(struct graph *g, size_t *ret_n)
{
	size_t cursor = 0, n = 0;
	const char *key;
	void *l;

	free(g->sorted);
	g->sorted = mem_array(NULL, strmap_size(g->lines) + 1, sizeof(*g->sorted));
	while (strmap_next(g->lines, &cursor, &key, &l))
		g->sorted[n++] = &((struct line *)l)->out;
	qsort(g->sorted, n, sizeof(*g->sorted), in_order);
	*ret_n = n;
	return (const struct graph_edge *const *)g->sorted;
}
