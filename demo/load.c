/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "demo/replica.h"

#define LOAD_MAGIC   0x646c6f61u
#define TARGET_MAGIC 0x646c7467u
#define LINE_MAGIC   0x646c6c6eu
#define TICK_NS	     (2 * CLOCK_NS_PER_MS) /* at 275 requests/s one request every other tick: no bursts */
#define BURST	     32 /* most in one tick: what a stalled loop missed beyond that is not made up for */

struct line { /* a connection */
	unsigned magic;
	struct load_target *target;
	int fd;
	struct loop_fd *answers;
	bool busy; /* a request is out */
	char text[MESSAGE_BYTES];
	size_t size;
	struct line *next;
};

struct load_target {
	unsigned magic;
	struct load *load;
	int fd; /* who started it hears here that it serves, and that it is gone */
	struct loop_fd *news;
	uint16_t port; /* 0: it does not serve yet */
	uint32_t waiting;
	bool draining;
	struct line *line;
	struct load_target *next;
};

struct load {
	unsigned magic;
	struct loop *loop;
	struct loop_timer *timer;
	struct load_target *first;
	struct work each;
	uint32_t per_s;
	clock_boot_t then;
	uint64_t owed; /* billionths of a request */
	struct load_stats stats;
};

/* ---- connections ---- */

static void line_free(struct line *c)
{
	c->target->waiting -= c->busy;
	loop_fd_close(c->answers);
	close(c->fd);
	c->magic = 0;
	free(c);
}

static void line_end(struct line *c)
{
	struct line **p = &c->target->line;

	while (*p != c)
		p = &(*p)->next;
	*p = c->next;
	line_free(c);
}

/* False: the other side is gone, or says what is no answer. */
static bool take_answer(struct line *c)
{
	ssize_t n = recv(c->fd, c->text + c->size, sizeof(c->text) - c->size, MSG_DONTWAIT);
	int used;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->size += (size_t)n;
	used = message_read_answer(c->text, c->size);
	if (used == 0)
		return true;
	if (used != (int)c->size || !c->busy)
		return false;
	c->size = 0;
	c->busy = false;
	c->target->waiting--;
	c->target->load->stats.answered++;
	return true;
}

static void answered(int events, void *data)
{
	struct line *c = obj_cast(struct line, data, LINE_MAGIC);

	(void)events;
	if (!take_answer(c))
		line_end(c);
}

/* The replica is on this machine, and takes in as many as there ever are: this does not wait. -1: it is gone. */
static int reach(uint16_t port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		close(fd);
		return -1;
	}
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	return fd;
}

static struct line *line_new(struct load_target *t)
{
	struct line *c = mem_new(struct line);

	c->magic = LINE_MAGIC;
	c->target = t;
	c->fd = reach(t->port);
	c->answers = c->fd >= 0 ? loop_fd_new(t->load->loop, c->fd, LOOP_READ, answered, c) : NULL;
	if (!c->answers) {
		if (c->fd >= 0)
			close(c->fd);
		free(c);
		return NULL;
	}
	c->next = t->line;
	t->line = c;
	return c;
}

static struct line *idle_line(struct load_target *t)
{
	for (struct line *c = t->line; c; c = c->next)
		if (!c->busy)
			return c;
	return line_new(t);
}

/* ---- the load ---- */

static struct load_target *least_waiting(struct load *l)
{
	struct load_target *best = NULL;

	for (struct load_target *t = l->first; t; t = t->next) {
		if (t->port && !t->draining && t->waiting < LOAD_WAITING &&
		    (!best || t->waiting < best->waiting))
			best = t;
	}
	return best;
}

/* To the end of the list, so that equally idle replicas take turns. */
static void take_turns(struct load *l, struct load_target *t)
{
	struct load_target **p = &l->first;

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	while (*p)
		p = &(*p)->next;
	*p = t;
	t->next = NULL;
}

static void send_one(struct load *l)
{
	struct load_target *t = least_waiting(l);
	struct line *c = t ? idle_line(t) : NULL;
	char text[MESSAGE_BYTES];
	size_t n = message_request(text, l->each);

	if (!c || send(c->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n) {
		l->stats.dropped++;
		return;
	}
	c->busy = true;
	t->waiting++;
	l->stats.sent++;
	take_turns(l, t);
}

static void tick(void *data)
{
	struct load *l = obj_cast(struct load, data, LOAD_MAGIC);
	clock_boot_t now = clock_boot();

	l->owed += clock_since(now, l->then) * l->per_s;
	l->then = now;
	if (l->owed > BURST * CLOCK_NS_PER_S)
		l->owed = BURST * CLOCK_NS_PER_S;
	for (; l->owed >= CLOCK_NS_PER_S; l->owed -= CLOCK_NS_PER_S)
		send_one(l);
}

static void heard(int events, void *data)
{
	struct load_target *t = obj_cast(struct load_target, data, TARGET_MAGIC);
	struct replica_hello hello;
	ssize_t n = recv(t->fd, &hello, sizeof(hello), MSG_DONTWAIT);

	(void)events;
	if (n == sizeof(hello))
		t->port = hello.port;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_fd_close(t->news); /* the replica is gone; who started it will say so */
		t->news = NULL;
		t->draining = true;
	}
}

struct load *load_new(struct loop *loop)
{
	struct load *l = mem_new(struct load);

	l->magic = LOAD_MAGIC;
	l->loop = loop;
	l->then = clock_boot();
	l->timer = loop_timer_new(loop, tick, l);
	loop_timer_start(l->timer, TICK_NS, TICK_NS);
	return l;
}

struct load *load_free(struct load *l)
{
	if (!l)
		return NULL;
	must(!l->first);
	loop_timer_close(l->timer);
	l->magic = 0;
	free(l);
	return NULL;
}

void load_set(struct load *l, uint32_t per_s, struct work each)
{
	l->per_s = per_s;
	l->each = each;
}

void load_stop(struct load *l)
{
	l->per_s = 0;
}

struct load_stats load_stats(const struct load *l)
{
	return l->stats;
}

struct load_target *load_add(struct load *l, int fd)
{
	struct load_target *t = mem_new(struct load_target);

	t->magic = TARGET_MAGIC;
	t->load = l;
	t->fd = fd;
	t->news = loop_fd_new(l->loop, fd, LOOP_READ, heard, t);
	if (!t->news) {
		close(fd);
		free(t);
		return NULL;
	}
	t->next = l->first;
	l->first = t;
	return t;
}

bool load_serves(const struct load_target *t)
{
	return t->port != 0;
}

void load_drain(struct load_target *t)
{
	t->draining = true;
}

void load_remove(struct load_target *t)
{
	struct load_target **p = &t->load->first;

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	while (t->line)
		line_end(t->line);
	loop_fd_close(t->news);
	close(t->fd);
	t->magic = 0;
	free(t);
}
