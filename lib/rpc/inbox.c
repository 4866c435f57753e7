/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/inbox.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/obj.h"

#define INBOX_MAGIC 0x72696e62u
#define TURNS	    16 /* lists taken before the loop looks after its other descriptors */

struct rpc_inbox {
	unsigned magic;
	struct loop *loop;
	struct rpc_inbox *next_open; /* under `open_lock` */
	unsigned users;          /* loop thread only, as the next */
	bool delivering;
	bool awake;              /* under `lock`: the loop will look again by itself */
	struct loop_wake *wake;
	pthread_mutex_t lock;
	struct rpc_event *first, **last;
};

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rpc_inbox *open_inboxes;

static struct rpc_event *take_all(struct rpc_inbox *b)
{
	struct rpc_event *first;

	pthread_mutex_lock(&b->lock);
	first = b->first;
	b->first = NULL;
	b->last = &b->first;
	b->awake = first != NULL;
	pthread_mutex_unlock(&b->lock);
	return first;
}

static struct rpc_inbox **find(struct loop *l)
{
	struct rpc_inbox **at = &open_inboxes;

	while (*at && (*at)->loop != l)
		at = &(*at)->next_open;
	return at;
}

static void free_inbox(struct rpc_inbox *b)
{
	must(!b->first);
	pthread_mutex_lock(&open_lock);
	*find(b->loop) = b->next_open;
	pthread_mutex_unlock(&open_lock);
	loop_wake_close(b->wake);
	pthread_mutex_destroy(&b->lock);
	b->magic = 0;
	free(b);
}

static void deliver_list(struct rpc_event *e)
{
	struct rpc_event *next;

	for (; e; e = next) {
		next = e->next;
		e->next = NULL;
		e->deliver(e);
	}
}

/* Looks again after each list: while the loop is at it the poller need not wake it. */
static void deliver_all(void *data)
{
	struct rpc_inbox *b = obj_cast(struct rpc_inbox, data, INBOX_MAGIC);
	struct rpc_event *e = NULL;
	int turn = 0;

	b->delivering = true;
	while (turn++ < TURNS && (e = take_all(b)))
		deliver_list(e);
	b->delivering = false;
	if (b->users == 0)
		free_inbox(b);
	else if (e)
		loop_wake_signal(b->wake);
}

static struct rpc_inbox *inbox_new(struct loop *l)
{
	struct rpc_inbox *b = mem_new(struct rpc_inbox);

	b->magic = INBOX_MAGIC;
	b->loop = l;
	b->last = &b->first;
	pthread_mutex_init(&b->lock, NULL);
	b->wake = loop_wake_new(l, deliver_all, b);
	return b;
}

struct rpc_inbox *rpc_inbox_open(struct loop *l)
{
	struct rpc_inbox **at, *b;

	pthread_mutex_lock(&open_lock);
	at = find(l);
	if (!*at)
		*at = inbox_new(l);
	b = *at;
	b->users++;
	pthread_mutex_unlock(&open_lock);
	return b;
}

void rpc_inbox_push(struct rpc_inbox *b, struct rpc_event *e)
{
	must(b->magic == INBOX_MAGIC);
	pthread_mutex_lock(&b->lock);
	must(!e->next && b->last != &e->next); /* twice in the list would cut it */
	*b->last = e;
	b->last = &e->next;
	/* Inside the lock: once the loop has seen the event the inbox may be gone. */
	if (!b->awake)
		loop_wake_signal(b->wake);
	b->awake = true;
	pthread_mutex_unlock(&b->lock);
}

void rpc_inbox_close(struct rpc_inbox *b)
{
	if (--b->users == 0 && !b->delivering)
		free_inbox(b);
}
