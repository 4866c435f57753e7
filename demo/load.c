/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/load.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "demo/replica.h"

#define LOAD_MAGIC   0x646c6f61u
#define TARGET_MAGIC 0x646c7467u
#define TICK_NS	     (2 * CLOCK_NS_PER_MS) /* at 275 requests/s one request every other tick: no bursts */
#define BURST	     32 /* most in one tick: what a stalled loop missed beyond that is not made up for */

struct load_target {
	unsigned magic;
	struct load *load;
	int fd;
	struct loop_fd *answers;
	uint32_t waiting;
	bool serves, draining;
	struct load_target *next;
};

struct load {
	unsigned magic;
	struct loop *loop;
	struct loop_timer *timer;
	struct load_target *first;
	uint32_t request_us, per_s, number;
	clock_boot_t then;
	uint64_t owed; /* billionths of a request */
	struct load_stats stats;
};

static struct load_target *least_waiting(struct load *l)
{
	struct load_target *best = NULL;

	for (struct load_target *t = l->first; t; t = t->next) {
		if (t->serves && !t->draining && t->waiting < LOAD_WAITING &&
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
	struct replica_request request = { ++l->number, l->request_us };

	if (!t || send(t->fd, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		l->stats.dropped++;
		return;
	}
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

static void answered(int events, void *data)
{
	struct load_target *t = obj_cast(struct load_target, data, TARGET_MAGIC);
	struct replica_answer answer;
	ssize_t n;

	(void)events;
	while ((n = recv(t->fd, &answer, sizeof(answer), MSG_DONTWAIT)) == sizeof(answer)) {
		t->serves = true;
		t->waiting -= answer.number != 0;
		t->load->stats.answered += answer.number != 0;
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_fd_close(t->answers); /* the replica is gone; who started it will say so */
		t->answers = NULL;
		t->draining = true;
	}
}

struct load *load_new(struct loop *loop, uint32_t request_us)
{
	struct load *l = mem_new(struct load);

	l->magic = LOAD_MAGIC;
	l->loop = loop;
	l->request_us = request_us;
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

void load_rate(struct load *l, uint32_t per_s)
{
	l->per_s = per_s;
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
	t->answers = loop_fd_new(l->loop, fd, LOOP_READ, answered, t);
	if (!t->answers) {
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
	return t->serves;
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
	loop_fd_close(t->answers);
	close(t->fd);
	t->magic = 0;
	free(t);
}
