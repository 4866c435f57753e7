/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child process: stdin from a string, stdout and stderr through one pipe (so that their order
 * stays), a time limit. It leads its own session, so that the limit reaches what it started too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scope.h"
#include "loop/handle.h"

#define CHILD_MAGIC 0x6c63686cu
#define OUTPUT_MAX  4096u                    /* enough for an error message, too little to hurt */
#define PIPE_CHUNKS 16                       /* a pipe holds 64 KiB */
#define KILL_AFTER_NS (1 * CLOCK_NS_PER_S)   /* between SIGTERM and SIGKILL */

struct child {
	unsigned magic; /* struct loop_handle */
	uv_close_cb released;
	uv_process_t uv;
	struct loop_timer *timer;
	struct loop_fd *reader, *writer;
	int out, in; /* our ends */
	char *input;
	size_t input_size, input_sent, output_size;
	bool running, timed_out;
	void (*done)(const struct loop_child_result *r, void *data);
	void *data;
	char output[OUTPUT_MAX + 1];
};

static void stop_writing(struct child *c)
{
	loop_fd_close(take(c->writer));
	if (c->in >= 0)
		close(c->in);
	c->in = -1;
}

static void feed(int events, void *data)
{
	struct child *c = obj_cast(struct child, data, CHILD_MAGIC);
	ssize_t n = send(c->in, c->input + c->input_sent, c->input_size - c->input_sent,
			 MSG_NOSIGNAL);

	(void)events;
	if (n > 0)
		c->input_sent += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		c->input_sent = c->input_size; /* it does not want the rest */
	if (c->input_sent == c->input_size)
		stop_writing(c);
}

/* Reads one chunk; above OUTPUT_MAX it is dropped. 0: end of file, negative: nothing now. */
static ssize_t read_chunk(struct child *c)
{
	char chunk[OUTPUT_MAX];
	ssize_t n = read(c->out, chunk, sizeof(chunk));
	size_t room = OUTPUT_MAX - c->output_size;

	if (n > 0) {
		size_t kept = (size_t)n < room ? (size_t)n : room;

		memcpy(c->output + c->output_size, chunk, kept);
		c->output_size += kept;
	}
	return n;
}

static void readable(int events, void *data)
{
	struct child *c = obj_cast(struct child, data, CHILD_MAGIC);

	(void)events;
	if (read_chunk(c) == 0)
		loop_fd_close(take(c->reader));
}

static void overdue(void *data)
{
	struct child *c = obj_cast(struct child, data, CHILD_MAGIC);

	kill(-c->uv.pid, c->timed_out ? SIGKILL : SIGTERM);
	c->timed_out = true;
	loop_timer_start(c->timer, KILL_AFTER_NS, 0);
}

static void exited(uv_process_t *uv, int64_t status, int signum)
{
	struct child *c = obj_cast(struct child, uv->data, CHILD_MAGIC);
	struct loop_child_result result = {
		.status = signum ? -1 : (int)status,
		.signal = signum,
		.timed_out = c->timed_out,
	};

	/* What is in the pipe; what a grandchild may still write later is not waited for. */
	for (int i = 0; i < PIPE_CHUNKS && read_chunk(c) > 0; i++)
		;
	c->running = false;
	if (c->timed_out)
		kill(-uv->pid, SIGKILL);
	c->output[c->output_size] = '\0';
	result.output = c->output;
	loop_timer_close(take(c->timer));
	loop_fd_close(take(c->reader));
	stop_writing(c);
	c->done(&result, c->data);
	loop_handle_close((uv_handle_t *)uv);
}

static void released(uv_handle_t *h)
{
	struct child *c = obj_cast(struct child, h->data, CHILD_MAGIC);

	if (c->running) /* the loop ends before the child: nobody would limit it any more */
		kill(-c->uv.pid, SIGKILL);
	if (c->out >= 0)
		close(c->out);
	if (c->in >= 0)
		close(c->in);
	free(c->input);
	c->magic = 0;
	free(c);
}

/* Sockets rather than pipes: writing to one whose reader is gone need not raise SIGPIPE. */
static int spawn(struct loop *l, struct child *c, char *const argv[])
{
	scoped(closep) int child_in = -1;
	scoped(closep) int child_out = -1;
	int in[2], out[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0)
		return -errno;
	c->in = in[0];
	child_in = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	c->out = out[0];
	child_out = out[1];
	fcntl(c->in, F_SETFL, O_NONBLOCK);
	fcntl(c->out, F_SETFL, O_NONBLOCK);
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_INHERIT_FD, .data.fd = child_in },
		{ .flags = UV_INHERIT_FD, .data.fd = child_out },
		{ .flags = UV_INHERIT_FD, .data.fd = child_out },
	};
	uv_process_options_t options = {
		.exit_cb = exited,
		.file = argv[0],
		.args = (char **)argv,
		.flags = UV_PROCESS_DETACHED,
		.stdio_count = 3,
		.stdio = stdio,
	};
	return uv_spawn(&l->uv, &c->uv, &options);
}

static void watch(struct loop *l, struct child *c, uint64_t timeout_ns)
{
	c->timer = loop_timer_new(l, overdue, c);
	loop_timer_start(c->timer, timeout_ns, 0);
	c->reader = loop_fd_new(l, c->out, LOOP_READ, readable, c);
	if (c->input_size)
		c->writer = loop_fd_new(l, c->in, LOOP_WRITE, feed, c);
	else
		stop_writing(c);
}

int loop_child_run(struct loop *l, char *const argv[], const char *input, uint64_t timeout_ns,
		   void (*done)(const struct loop_child_result *r, void *data), void *data)
{
	struct child *c = mem_new(struct child);
	int r;

	c->magic = CHILD_MAGIC;
	c->released = released;
	c->in = c->out = -1;
	c->done = done;
	c->data = data;
	c->input = mem_strdup(input);
	c->input_size = input ? strlen(input) : 0;
	c->uv.data = c;
	r = spawn(l, c, argv);
	c->uv.data = c;
	if (r < 0) {
		if (c->uv.loop) /* libuv has the handle already */
			uv_close((uv_handle_t *)&c->uv, released);
		else
			released((uv_handle_t *)&c->uv);
		return r;
	}
	c->running = true;
	watch(l, c, timeout_ns);
	return 0;
}
