/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "loop/loop.h"

struct ticks {
	struct loop *loop;
	struct loop_timer *timer;
	uint64_t started_ns;
	uint64_t at_ns[8];
	int n, want, slow_at;
};

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void tick(void *data)
{
	struct ticks *t = data;

	t->at_ns[t->n++] = monotonic_ns() - t->started_ns;
	if (t->n == t->slow_at)
		nanosleep(&(struct timespec){ .tv_nsec = 70 * (long)CLOCK_NS_PER_MS }, NULL);
	if (t->n == t->want)
		loop_timer_close(t->timer);
}

static void run_ticks(struct ticks *t, uint64_t first_ms, uint64_t repeat_ms)
{
	t->loop = loop_new();
	t->timer = loop_timer_new(t->loop, tick, t);
	t->started_ns = monotonic_ns();
	loop_timer_start(t->timer, first_ms * CLOCK_NS_PER_MS, repeat_ms * CLOCK_NS_PER_MS);
	loop_run(t->loop);
	loop_free(t->loop);
}

static void never_fires_early(void **state)
{
	struct ticks t = { .want = 4 };

	(void)state;
	run_ticks(&t, 5, 20);
	for (int i = 0; i < 4; i++)
		assert_true(t.at_ns[i] >= (5 + 20 * (uint64_t)i) * CLOCK_NS_PER_MS);
}

/* The second tick, at 40 ms, takes 70 ms: those at 60, 80 and 100 become one late tick at 110 and the
 * next comes at 120. A busy machine may delay any tick, so one undisturbed run in many is enough; a
 * timer that shifts its phase (130) never has one. */
static void late_ticks_do_not_shift_the_phase(void **state)
{
	bool seen = false;

	(void)state;
	for (int i = 0; i < 50 && !seen; i++) {
		struct ticks t = { .want = 4, .slow_at = 2 };

		run_ticks(&t, 20, 20);
		assert_true(t.at_ns[2] >= t.at_ns[1] + 70 * CLOCK_NS_PER_MS);
		seen = t.at_ns[3] >= 120 * CLOCK_NS_PER_MS && t.at_ns[3] < 126 * CLOCK_NS_PER_MS;
	}
	assert_true(seen);
}

static void fires_once_without_repeat(void **state)
{
	struct ticks t = { .want = 8 };

	(void)state;
	run_ticks(&t, 1, 0); /* ends because a timer that fired is nothing to wait for */
	assert_int_equal(t.n, 1);
}

struct waker {
	struct loop_wake *wake;
	int calls;
};

static void *signal_it(void *data)
{
	struct waker *w = data;

	for (int i = 0; i < 1000; i++)
		loop_wake_signal(w->wake);
	return NULL;
}

static void was_woken(void *data)
{
	struct waker *w = data;

	w->calls++;
}

static void end_loop(void *data)
{
	loop_stop(data);
}

static void wakes_from_another_thread(void **state)
{
	struct loop *l = loop_new();
	struct waker w = { .wake = loop_wake_new(l, was_woken, &w) };
	struct loop_timer *end = loop_timer_new(l, end_loop, l);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, signal_it, &w), 0);
	pthread_join(thread, NULL);
	loop_timer_start(end, 20 * CLOCK_NS_PER_MS, 0);
	loop_run(l);
	assert_true(w.calls >= 1);
	assert_true(w.calls < 1000);
	loop_free(l);
}

static void got_signal(int signum, void *data)
{
	assert_int_equal(signum, SIGUSR1);
	loop_stop(data);
}

static void delivers_signals(void **state)
{
	struct loop *l = loop_new();

	(void)state;
	loop_signal_new(l, SIGUSR1, got_signal, l);
	raise(SIGUSR1);
	loop_run(l);
	loop_free(l);
}

/* A raised signal would end the test if it were not ignored. */
static void an_ended_signal_is_ignored(void **state)
{
	struct loop *l = loop_new();

	(void)state;
	loop_signal_end(loop_signal_new(l, SIGUSR1, got_signal, l));
	raise(SIGUSR1);
	loop_free(l);
	raise(SIGUSR1);
	assert_true(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
	loop_signal_end(NULL);
}

struct reader {
	struct loop_fd *fd;
	int pipe[2];
	int reads;
};

static void read_one(int events, void *data)
{
	struct reader *r = data;
	char c;

	assert_int_equal(events, LOOP_READ);
	assert_int_equal(read(r->pipe[0], &c, 1), 1);
	if (++r->reads == 3)
		loop_fd_close(r->fd);
}

static void watches_descriptors(void **state)
{
	struct loop *l = loop_new();
	struct reader r = { 0 };

	(void)state;
	assert_int_equal(pipe(r.pipe), 0);
	assert_int_equal(write(r.pipe[1], "abcd", 4), 4);
	r.fd = loop_fd_new(l, r.pipe[0], LOOP_READ, read_one, &r);
	loop_run(l);
	assert_int_equal(r.reads, 3); /* closed inside its own callback: the fourth byte stays */
	close(r.pipe[0]);
	close(r.pipe[1]);
	assert_null(loop_fd_new(l, 9999, LOOP_READ, read_one, &r));
	loop_free(l);
}

static void frees_what_was_left_open(void **state)
{
	struct loop *l = loop_new();

	(void)state;
	loop_timer_start(loop_timer_new(l, end_loop, l), CLOCK_NS_PER_S, 0);
	loop_wake_new(l, was_woken, NULL);
	loop_signal_new(l, SIGUSR2, got_signal, l);
	assert_null(loop_free(l)); /* asan's leak check is the assertion */
	assert_null(loop_free(NULL));
	loop_timer_close(NULL);
	loop_fd_close(NULL);
	loop_signal_close(NULL);
	loop_wake_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_fires_early),
		cmocka_unit_test(late_ticks_do_not_shift_the_phase),
		cmocka_unit_test(fires_once_without_repeat),
		cmocka_unit_test(wakes_from_another_thread),
		cmocka_unit_test(delivers_signals),
		cmocka_unit_test(an_ended_signal_is_ignored),
		cmocka_unit_test(watches_descriptors),
		cmocka_unit_test(frees_what_was_left_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
