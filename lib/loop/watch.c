/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from outside: file descriptors, signals, other threads. */
#include <signal.h>
#include <stdlib.h>

#include "loop/handle.h"

#define FD_MAGIC     0x6c666400u
#define SIGNAL_MAGIC 0x6c736967u
#define WAKE_MAGIC   0x6c77616bu

struct loop_fd {
	unsigned magic; /* struct loop_handle */
	uv_close_cb released;
	uv_poll_t uv;
	void (*ready)(int events, void *data);
	void *data;
};

static void fd_ready(uv_poll_t *uv, int status, int events)
{
	struct loop_fd *f = obj_cast(struct loop_fd, uv->data, FD_MAGIC);
	int ours = 0;

	/* A dead descriptor is ready for everything: the owner's read or write tells it why. */
	if (status < 0 || (events & UV_READABLE))
		ours |= LOOP_READ;
	if (status < 0 || (events & UV_WRITABLE))
		ours |= LOOP_WRITE;
	if (ours)
		f->ready(ours, f->data);
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, int events,
			    void (*ready)(int events, void *data), void *data)
{
	struct loop_fd *f = mem_new(struct loop_fd);
	int wanted = ((events & LOOP_READ) ? UV_READABLE : 0) |
		     ((events & LOOP_WRITE) ? UV_WRITABLE : 0);

	f->magic = FD_MAGIC;
	f->released = loop_handle_free;
	f->ready = ready;
	f->data = data;
	if (uv_poll_init(&l->uv, &f->uv, fd) < 0) {
		free(f);
		return NULL;
	}
	f->uv.data = f;
	uv_poll_start(&f->uv, wanted, fd_ready);
	return f;
}

void loop_fd_close(struct loop_fd *f)
{
	if (f)
		loop_handle_close((uv_handle_t *)&f->uv);
}

struct loop_signal {
	unsigned magic; /* struct loop_handle */
	uv_close_cb released;
	uv_signal_t uv;
	void (*got)(int signum, void *data);
	void *data;
};

static void signal_got(uv_signal_t *uv, int signum)
{
	struct loop_signal *s = obj_cast(struct loop_signal, uv->data, SIGNAL_MAGIC);

	s->got(signum, s->data);
}

struct loop_signal *loop_signal_new(struct loop *l, int signum, void (*got)(int signum, void *data),
				    void *data)
{
	struct loop_signal *s = mem_new(struct loop_signal);

	s->magic = SIGNAL_MAGIC;
	s->released = loop_handle_free;
	s->got = got;
	s->data = data;
	must(uv_signal_init(&l->uv, &s->uv) == 0);
	s->uv.data = s;
	must(uv_signal_start(&s->uv, signal_got, signum) == 0);
	return s;
}

void loop_signal_close(struct loop_signal *s)
{
	if (s)
		loop_handle_close((uv_handle_t *)&s->uv);
}

void loop_signal_end(struct loop_signal *s)
{
	int signum = s ? s->uv.signum : 0;

	loop_signal_close(s);
	if (signum)
		(void)signal(signum, SIG_IGN);
}

struct loop_wake {
	unsigned magic; /* struct loop_handle */
	uv_close_cb released;
	uv_async_t uv;
	void (*wake)(void *data);
	void *data;
};

static void woken(uv_async_t *uv)
{
	struct loop_wake *w = obj_cast(struct loop_wake, uv->data, WAKE_MAGIC);

	w->wake(w->data);
}

struct loop_wake *loop_wake_new(struct loop *l, void (*wake)(void *data), void *data)
{
	struct loop_wake *w = mem_new(struct loop_wake);

	w->magic = WAKE_MAGIC;
	w->released = loop_handle_free;
	w->wake = wake;
	w->data = data;
	must(uv_async_init(&l->uv, &w->uv, woken) == 0);
	w->uv.data = w;
	return w;
}

void loop_wake_signal(struct loop_wake *w)
{
	uv_async_send(&w->uv);
}

void loop_wake_close(struct loop_wake *w)
{
	if (w)
		loop_handle_close((uv_handle_t *)&w->uv);
}
