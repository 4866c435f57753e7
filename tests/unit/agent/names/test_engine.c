/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of Docker and Podman against one that the test plays, both on one loop: for what a real one cannot be made
 * to do (tests/e2e/engines.py has real ones), to be away, silent, endless, and to be closed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/names/engine.h"
#include "base/err.h"

#define PATIENCE (20 * CLOCK_NS_PER_S)
#define WEB	 "7fff4ff15fb1b5c91c711cba97697f8a2e5b51483b44b81a5ce073dc41048cff"
#define ANSWER	 "HTTP/1.0 200 OK\r\nServer: Docker/20.10.24 (linux)\r\n\r\n[{\"Id\":\"" WEB "\",\"Names\":[\"/web\"]}]"

static char dir[64], address[96];
static struct loop *loop;
static struct engine *engine;

static struct { /* the daemon */
	int listening, fd;
	struct loop_fd *door, *watch;
	bool silent, endless, hangs_up;
	unsigned asked;
} far;

static struct { /* what the client told */
	unsigned lists, entries, states;
	struct names_state state;
} told;

static bool (*reached)(void);
static bool timed_out;

static void hang_up(void)
{
	loop_fd_close(far.watch);
	far.watch = NULL;
	if (far.fd >= 0)
		close(far.fd);
	far.fd = -1;
}

static void pour(int events, void *data)
{
	static char bytes[65536];

	(void)events;
	(void)data;
	memset(bytes, 'x', sizeof(bytes));
	if (send(far.fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		hang_up();
}

static void hear(int events, void *data)
{
	char question[200] = "";
	ssize_t n = recv(far.fd, question, sizeof(question) - 1, MSG_DONTWAIT);

	(void)events;
	(void)data;
	if (n <= 0 || far.silent) {
		if (n <= 0)
			hang_up();
		return;
	}
	assert_memory_equal(question, "GET /containers/json HTTP/1.0\r\n", 31);
	far.asked++;
	if (far.endless) {
		loop_fd_close(far.watch);
		far.watch = loop_fd_new(loop, far.fd, LOOP_WRITE, pour, NULL);
		return;
	}
	if (!far.hangs_up)
		assert_int_equal(send(far.fd, ANSWER, strlen(ANSWER), MSG_NOSIGNAL), strlen(ANSWER));
	hang_up();
}

static void come_in(int events, void *data)
{
	(void)events;
	(void)data;
	hang_up();
	far.fd = accept4(far.listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	far.watch = loop_fd_new(loop, far.fd, LOOP_READ, hear, NULL);
}

static void open_up(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", address + 5);
	far.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(far.listening, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(far.listening, 4), 0);
	far.door = loop_fd_new(loop, far.listening, LOOP_READ, come_in, NULL);
}

static void close_down(void)
{
	hang_up();
	loop_fd_close(far.door);
	far.door = NULL;
	if (far.listening >= 0)
		close(far.listening);
	far.listening = -1;
	unlink(address + 5);
}

static void look(void)
{
	if (reached && reached())
		loop_stop(loop);
}

static void tell(const struct names_word *w, void *data)
{
	(void)data;
	told.lists += w->tell == NAMES_END;
	told.entries += w->tell == NAMES_ENTRY;
	if (w->tell == NAMES_STATE) {
		told.state = w->state;
		told.states++;
	}
	look();
}

static void too_late(void *data)
{
	(void)data;
	timed_out = true;
	loop_stop(loop);
}

static void until(bool (*what)(void))
{
	struct loop_timer *t = loop_timer_new(loop, too_late, NULL);

	reached = what;
	if (!what()) {
		loop_timer_start(t, PATIENCE, 0);
		loop_run(loop);
	}
	loop_timer_close(t);
	reached = NULL;
	assert_false(timed_out);
}

static bool is_named(void)
{
	return told.lists && told.state.connected;
}

static bool has_failed(void)
{
	return told.states && !told.state.connected && told.state.failures;
}

static bool has_two_lists(void)
{
	return told.state.lists >= 2;
}

static void start(uint64_t answer_ns)
{
	const struct lister_options o = {
		.loop = loop, .address = address, .handle = -1, .answer_ns = answer_ns, .tell = tell};

	engine = engine_start(&o);
}

static int setup(void **state)
{
	(void)state;
	memset(&far, 0, sizeof(far));
	memset(&told, 0, sizeof(told));
	far.listening = far.fd = -1;
	timed_out = false;
	strcpy(dir, "/tmp/plimsoll-test-engine-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(address, sizeof(address), "unix:%s/engine.sock", dir);
	loop = loop_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	engine = engine_stop(engine);
	close_down();
	loop = loop_free(loop);
	return rmdir(dir);
}

static void containers_are_told(void **state)
{
	(void)state;
	open_up();
	start(0);
	until(is_named);
	assert_int_equal(told.entries, 1);
	assert_string_equal(told.state.runtime, "docker");
	assert_string_equal(told.state.text, "20.10.24");
	engine_want(engine); /* not before a second is over, and once */
	engine_want(engine);
	assert_int_equal(told.state.lists, 1);
	until(has_two_lists);
	assert_int_equal(far.asked, 2);
}

static void one_that_is_away_is_asked_again(void **state)
{
	(void)state;
	start(0);
	until(has_failed);
	assert_string_equal(told.state.text, "No such file or directory");
	assert_false(told.state.denied);
	open_up();
	until(is_named);
}

static void failure(const char *why)
{
	until(has_failed);
	if (!strstr(told.state.text, why))
		fail_msg("said \"%s\", not \"%s\"", told.state.text, why);
	assert_int_equal(told.lists, 0);
}

static void silence_has_an_end(void **state)
{
	(void)state;
	far.silent = true;
	open_up();
	start(100 * CLOCK_NS_PER_MS);
	failure("no answer in time");
	far.silent = false;
	until(is_named);
}

static void an_endless_answer_is_cut_off(void **state)
{
	(void)state;
	far.endless = true;
	open_up();
	start(0);
	failure("longer than 16 MiB");
	far.endless = false;
	until(is_named);
}

static void an_empty_answer_is_none(void **state)
{
	(void)state;
	far.hangs_up = true;
	open_up();
	start(0);
	failure("does not speak HTTP");
	far.hangs_up = false;
	until(is_named);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(containers_are_told),
		TEST(one_that_is_away_is_asked_again),
		TEST(silence_has_an_end),
		TEST(an_endless_answer_is_cut_off),
		TEST(an_empty_answer_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
