/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop (libuv, and the only folder that knows it). One thread runs it and owns all program
 * state; callbacks never nest. Handles are made by loop_*_new(), belong to the caller, and die by
 * loop_*_close(): after that call their callback never runs again and the memory goes when the loop
 * lets go of it. NULL may be closed. Everything here is loop-thread-only except loop_wake_signal().
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct loop *loop_new(void); /* NULL: out of fds. Ignores SIGPIPE in the whole process. */
void loop_run(struct loop *l);  /* until loop_stop() or nothing is left to wait for */
void loop_stop(struct loop *l);
struct loop *loop_free(struct loop *l); /* closes what is left, kills children; returns NULL */

struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *l, void (*fire)(void *data), void *data);
/* Fires after `first_ns`, then every `repeat_ns` (0: once), in phase: a late tick does not shift the
 * following ones, several missed ones become one late tick. Resolution is 1 ms, never early. Starting
 * a running one restarts it. */
void loop_timer_start(struct loop_timer *t, uint64_t first_ns, uint64_t repeat_ns);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_close(struct loop_timer *t);

enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_fd;
struct loop_fd *loop_fd_new(struct loop *l, int fd, int events,
			    void (*ready)(int events, void *data),
			    void *data); /* borrows fd; NULL: it cannot be polled */
void loop_fd_close(struct loop_fd *f);

struct loop_signal;
struct loop_signal *loop_signal_new(struct loop *l, int signum, void (*got)(int signum, void *data),
				    void *data);
void loop_signal_close(struct loop_signal *s); /* it does again what it did by default */
/* As a program ends: the signal is ignored from now on, so that one who asks a second time does not kill it
 * in its last instants. */
void loop_signal_end(struct loop_signal *s);

/* The one door for other threads: any number of loop_wake_signal() become one call of `wake`. */
struct loop_wake;
struct loop_wake *loop_wake_new(struct loop *l, void (*wake)(void *data), void *data);
void loop_wake_signal(struct loop_wake *w); /* any thread, until close */
void loop_wake_close(struct loop_wake *w);

/* A child with stdin from `input` (copied); its stdout and stderr go to `output` up to 4 KiB, then
 * are dropped. After `timeout_ns` its whole session gets SIGTERM, 1 s later SIGKILL. `done` comes
 * exactly once, when the child ends (not when a grandchild closes the output).
 * 0 or negative errno (then no done). */
struct loop_child_result {
	int status;      /* exit status, -1 when it died by a signal */
	int signal;      /* or 0 */
	bool timed_out;
	const char *output; /* NUL-terminated, valid during done */
};
int loop_child_run(struct loop *l, char *const argv[], const char *input, uint64_t timeout_ns,
		   void (*done)(const struct loop_child_result *r, void *data), void *data);

#endif
