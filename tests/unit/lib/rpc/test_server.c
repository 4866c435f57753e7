/* SPDX-License-Identifier: Apache-2.0 */
/* Listening, stopping, and coming back after core stopped accepting. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "unit/lib/rpc/echo.h"

static int ask(struct echo *e, uint64_t timeout_ns)
{
	struct seen s = { 0 };

	seen_open(&s, e, SNAPSHOT, timeout_ns);
	send_query(s.call, 5, 0);
	run_until_closed(&s);
	return (int)s.code;
}

static void stops_with_calls_in_flight(void **state)
{
	enum { N = 30 };
	struct echo e;
	struct seen s[N] = { 0 };

	(void)state;
	echo_start(&e, true);
	for (int i = 0; i < N; i++) {
		s[i].stop_after = 2;
		seen_open(&s[i], &e, i % 2 ? WATCH : REPORT, 0);
		if (i % 2)
			send_query(s[i].call, 2, 1);
		else
			for (int j = 0; j < 2; j++)
				send_batch(s[i].call, 1);
		assert_true(run_for(e.loop, 20 * S));
	}
	e.running = 1;
	rpc_server_stop(e.server, 20 * S, echo_stopped, &e);
	e.server = NULL;
	while (e.running)
		assert_true(run_for(e.loop, 30 * S));
	for (int i = 0; i < N; i++) {
		while (!s[i].closed)
			assert_true(run_for(e.loop, 20 * S));
		assert_int_equal(s[i].code, RPC_UNAVAILABLE);
		assert_string_equal(s[i].text, "shutting down");
	}
	echo_end(&e);
}

static void cancels_after_the_grace_time(void **state)
{
	struct echo e;
	struct seen s = { .stop_after = 1 };

	(void)state;
	echo_start(&e, true);
	seen_open(&s, &e, WATCH, 0);
	send_query(s.call, 1, 1);
	assert_true(run_for(e.loop, 20 * S));
	e.running = 1;
	rpc_server_stop(e.server, 0, echo_stopped, &e);
	e.server = NULL;
	while (e.running)
		assert_true(run_for(e.loop, 30 * S));
	if (!s.closed)
		run_until_closed(&s);
	assert_int_not_equal(s.code, RPC_OK);
	echo_end(&e);
}

/* Connected, and then silent: neither the stop nor its grace time may wait for such a peer. */
static void silent_peer_cannot_hold_the_server(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct echo e;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	echo_start(&e, true);
	to.sin_port = htons((uint16_t)rpc_server_port(e.server));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(ask(&e, 20 * S), RPC_OK);
	e.running = 1;
	rpc_server_stop(e.server, 300 * MS, echo_stopped, &e);
	e.server = NULL;
	while (e.running)
		assert_true(run_for(e.loop, 8 * S)); /* less than the handshake's 30 s */
	close(fd);
	echo_end(&e);
}

static void socket_has_its_mode_and_group(void **state)
{
	struct echo e;
	struct stat st;
	struct rpc_server_options o;

	(void)state;
	echo_start(&e, false);
	assert_int_equal(stat(e.address + 5, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	echo_end(&e);
	echo_init(&e, false);
	o = echo_options(&e);
	o.socket_mode = 0660;
	o.socket_group = geteuid() == 0 ? 1 : getegid();
	echo_serve(&e, &o);
	assert_int_equal(stat(e.address + 5, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, o.socket_group);
	echo_end(&e);
}

static void second_server_is_refused(void **state)
{
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		struct echo e;
		struct rpc_server_options o;
		struct rpc_server *second = NULL;
		struct err err;

		echo_start(&e, tcp);
		o = echo_options(&e);
		assert_int_equal(rpc_server_start(e.loop, &o, &second, &err), -EADDRINUSE);
		assert_null(second);
		assert_non_null(strstr(err.what, e.address));
		assert_non_null(strstr(err.cause, "already running"));
		assert_true(err.fix[0]);
		assert_int_equal(ask(&e, 20 * S), RPC_OK);
		echo_end(&e);
	}
}

static void stale_socket_is_replaced(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct rpc_server_options o;
	struct echo e;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	echo_init(&e, false);
	strcpy(un.sun_path, e.address + 5);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd); /* the file stays, as after a crash */
	o = echo_options(&e);
	echo_serve(&e, &o);
	echo_connect(&e, NULL);
	assert_int_equal(ask(&e, 20 * S), RPC_OK);
	echo_end(&e);
}

static void other_file_is_not_replaced(void **state)
{
	struct rpc_server_options o;
	struct rpc_server *s;
	struct err err;
	struct echo e;
	int fd;

	(void)state;
	echo_init(&e, false);
	fd = open(e.address + 5, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	o = echo_options(&e);
	assert_int_equal(rpc_server_start(e.loop, &o, &s, &err), -EEXIST);
	assert_int_equal(unlink(e.address + 5), 0);
	echo_end(&e);
}

static void bad_addresses_are_explained(void **state)
{
	static const struct {
		const char *address;
		int code;
	} cases[] = {
		{ "unix:/nonexistent/dir/sock", -ENOENT },
		{ "unix:/tmp/"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  -ENAMETOOLONG },
		{ "192.0.2.1:1", -EADDRNOTAVAIL },
		{ "nonsense", -EINVAL },
		{ "127.0.0.1:65536", -EINVAL },
		{ "127.0.0.1:", -EINVAL },
		{ "127.0.0.1:4294967297", -EINVAL },
		{ "127.0.0.1:http", -EINVAL },
		{ "no.such.host.invalid:1", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loop *l = loop_new();
		struct rpc_server_options o = { .address = cases[i].address };
		struct rpc_server *s;
		struct err err;

		assert_int_equal(rpc_server_start(l, &o, &s, &err), cases[i].code);
		assert_true(err.what[0] && err.cause[0] && err.fix[0]);
		loop_free(l);
	}
}

static void addresses_are_checked_by_form(void **state)
{
	static const char *const good[] = { "0.0.0.0:9461", "[::1]:0", "h:65535", "unix:/run/x" };
	static const char *const bad[] = { "", "h", "h:", "h:65536", "h:-1", "h:1x", "unix:", "h:000001" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(rpc_address_check("--listen", good[i], &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(rpc_address_check("--listen", bad[i], &e), -EINVAL);
		assert_true(strstr(e.what, "--listen: ") == e.what && e.cause[0] && e.fix[0]);
	}
}

static void a_peer_has_a_port(void **state)
{
	static const char *const good[] = { "10.0.0.5:9461", "[::1]:1", "unix:/run/x:0" };
	static const char *const bad[] = { "h:0", "[::1]:0", "h:00000", "h" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(rpc_address_check_peer("--aggregator", good[i], &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(rpc_address_check_peer("--aggregator", bad[i], &e), -EINVAL);
		assert_true(strstr(e.what, "--aggregator: ") == e.what && e.cause[0] && e.fix[0]);
	}
}

/* Core 1.51 never accepts again after one failed accept. Take every descriptor, let a connection
 * arrive, give them back: without the new listener the last question would hang for ever. */
static void survives_running_out_of_descriptors(void **state)
{
	struct rlimit old, low;
	struct rpc_counters before, now;
	struct rpc_client *late;
	struct rpc_client_options o;
	struct seen s = { 0 };
	struct echo e;
	int fds[512], n = 0, spare;

	(void)state;
	echo_start(&e, true);
	rpc_counters(&before);
	assert_int_equal(ask(&e, 20 * S), RPC_OK);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	while (n < 512 && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	assert_true(n > 0 && n < 512);
	/* One descriptor for the connecting side; none is left for accept(). */
	spare = fds[--n];
	close(spare);
	o = (struct rpc_client_options){ .address = e.address, .backoff_min_ns = 100 * MS,
					 .backoff_max_ns = 300 * MS };
	assert_int_equal(rpc_client_new(e.loop, &o, &late, NULL), 0);
	s.echo = &e;
	s.call = rpc_open(late, &echo_methods[SNAPSHOT], &seen_handler, 60 * S, true, &s);
	send_query(s.call, 5, 0);
	do {
		run_for(e.loop, 20 * MS);
		rpc_counters(&now);
	} while (now.accept_errors == before.accept_errors && !s.closed);
	assert_false(s.closed);
	while (n > 0)
		close(fds[--n]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	run_until_closed(&s);
	assert_int_equal(s.code, RPC_OK);
	rpc_client_close(late, NULL, NULL);
	echo_end(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stops_with_calls_in_flight),
		cmocka_unit_test(cancels_after_the_grace_time),
		cmocka_unit_test(silent_peer_cannot_hold_the_server),
		cmocka_unit_test(socket_has_its_mode_and_group),
		cmocka_unit_test(second_server_is_refused),
		cmocka_unit_test(stale_socket_is_replaced),
		cmocka_unit_test(other_file_is_not_replaced),
		cmocka_unit_test(bad_addresses_are_explained),
		cmocka_unit_test(addresses_are_checked_by_form),
		cmocka_unit_test(a_peer_has_a_port),
		cmocka_unit_test(survives_running_out_of_descriptors),
	};
	return cmocka_run_group_tests(tests, echo_setup, echo_teardown);
}
