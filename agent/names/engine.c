/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/names/door.h"
#include "agent/names/reply.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/obj.h"

#define ENGINE_MAGIC 0x656e676eu
#define READ_BYTES   65536
#define QUESTION     "GET /containers/json HTTP/1.0\r\nHost: localhost\r\n\r\n" /* the running ones */

struct engine {
	unsigned magic;
	struct lister lister;
	int fd; /* -1: nothing is being asked */
	struct loop_fd *watch;
	struct loop_timer *patience;
	struct buf answer;
};

static void hang_up(struct engine *n)
{
	loop_fd_close(n->watch);
	n->watch = NULL;
	loop_timer_stop(n->patience);
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	buf_done(&n->answer);
	n->answer = (struct buf){0};
}

static void failed(struct engine *n, const char *why, bool denied)
{
	hang_up(n);
	lister_failed(&n->lister, why, denied);
}

static void keep_entry(const struct names_entry *e, void *data)
{
	struct engine *n = data;

	lister_entry(e, &n->lister);
}

static void answered(struct engine *n)
{
	struct names_state *s = &n->lister.state;
	struct reply r;
	struct err e;

	lister_open(&n->lister);
	if (reply_read(n->answer.data, n->answer.size, keep_entry, n, &r, &e) < 0) {
		failed(n, e.what, false); /* the list that was opened is never closed: nothing is forgotten */
		return;
	}
	lister_close(&n->lister, r.refused);
	(void)names_text_put(s->runtime, NAMES_LABEL_MAX, r.runtime);
	(void)names_text_put(s->text, NAMES_TEXT_MAX, r.version);
	hang_up(n);
	lister_finished(&n->lister);
}

static void hear(int events, void *data)
{
	struct engine *n = obj_cast(struct engine, data, ENGINE_MAGIC);
	static char bytes[READ_BYTES];
	ssize_t size = recv(n->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	(void)events;
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < 0)
		failed(n, strerror(errno), false);
	else if (size == 0)
		answered(n);
	else if (n->answer.size + (size_t)size > ENGINE_MAX_ANSWER)
		failed(n, "its answer is longer than 16 MiB", false);
	else
		buf_add(&n->answer, bytes, (size_t)size);
}

static void impatient(void *data)
{
	struct engine *n = obj_cast(struct engine, data, ENGINE_MAGIC);

	failed(n, "no answer in time", false);
}

/* Podman's socket is in a directory of root's: by the file that was opened before, it can still be reached. */
static int call_up(const struct lister_options *o, int fd)
{
	char handle[32];

	if (door_call(fd, o->address + strlen("unix:")) == 0)
		return 0;
	if (errno != EACCES || o->handle < 0)
		return -1;
	snprintf(handle, sizeof(handle), "/proc/self/fd/%d", o->handle);
	return door_call(fd, handle);
}

static void ask(void *data)
{
	struct engine *n = obj_cast(struct engine, data, ENGINE_MAGIC);

	n->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd < 0 || call_up(&n->lister.options, n->fd) < 0 ||
	    send(n->fd, QUESTION, strlen(QUESTION), MSG_NOSIGNAL) != (ssize_t)strlen(QUESTION)) {
		failed(n, strerror(errno), errno == EACCES);
		return;
	}
	n->watch = loop_fd_new(n->lister.options.loop, n->fd, LOOP_READ, hear, n);
	loop_timer_start(n->patience, n->lister.options.answer_ns, 0);
}

struct engine *engine_start(const struct lister_options *o)
{
	struct engine *n = mem_new(struct engine);

	n->magic = ENGINE_MAGIC;
	n->fd = -1;
	n->patience = loop_timer_new(o->loop, impatient, n);
	lister_start(&n->lister, o, ask, n);
	return n;
}

void engine_want(struct engine *n)
{
	lister_want(&n->lister);
}

struct engine *engine_stop(struct engine *n)
{
	if (!n)
		return NULL;
	hang_up(n);
	loop_timer_close(n->patience);
	lister_stop(&n->lister);
	n->magic = 0;
	free(n);
	return NULL;
}
