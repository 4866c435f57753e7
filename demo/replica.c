/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/replica.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "demo/message.h"

#define ROUNDS 512 /* between two looks at the clock: about 1 us */

enum { CONTROL, LISTENER, FIRST }; /* places in what is polled; connections from FIRST on */

struct connection {
	char text[MESSAGE_BYTES];
	size_t size;
};

struct service {
	struct pollfd poll[FIRST + REPLICA_CONNECTIONS];
	struct connection connection[FIRST + REPLICA_CONNECTIONS];
	nfds_t n, turn; /* of what is polled; who is served first */
};

static volatile sig_atomic_t stopping;

static void stop(int signum)
{
	(void)signum;
	stopping = 1;
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * CLOCK_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* CPU time, not wall time: on a busy machine a request takes longer, but never costs more. */
static uint32_t spend(uint32_t cpu_us)
{
	uint64_t end = thread_cpu_ns() + cpu_us * CLOCK_NS_PER_US;
	uint32_t x = 2463534242u;

	do {
		for (int i = 0; i < ROUNDS; i++) { /* Marsaglia's xorshift32 */
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
		}
	} while (thread_cpu_ns() < end);
	return x;
}

static void hold(uint32_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * CLOCK_NS_PER_US };

	while (us && clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

static bool answer(int fd, struct work w)
{
	char text[MESSAGE_BYTES];
	uint32_t checksum = spend(w.cpu_us);
	size_t n;

	hold(w.hold_us);
	n = message_answer(text, checksum);
	return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* What came on a connection, at most one request of it. False: it is over. */
static bool serve(int fd, struct connection *c)
{
	ssize_t n = recv(fd, c->text + c->size, sizeof(c->text) - c->size, MSG_DONTWAIT);
	struct work w;
	int used;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->size += (size_t)n;
	used = message_read_request(c->text, c->size, &w);
	if (used <= 0)
		return used == 0;
	c->size -= (size_t)used;
	memmove(c->text, c->text + used, c->size);
	return answer(fd, w);
}

static void let_go(struct service *s, nfds_t i)
{
	close(s->poll[i].fd);
	s->n--;
	s->poll[i] = s->poll[s->n];
	s->connection[i] = s->connection[s->n];
}

/* Each that is ready once, another one first each time: no connection waits longer than the others. */
static void serve_all(struct service *s)
{
	nfds_t n = s->n - FIRST;

	s->turn = n ? (s->turn + 1) % n : 0;
	for (nfds_t k = n; k > 0; k--) {
		nfds_t i = FIRST + (s->turn + k) % n;

		if (i < s->n && s->poll[i].revents && !serve(s->poll[i].fd, &s->connection[i]))
			let_go(s, i);
	}
}

static void take_in(struct service *s)
{
	int fd;

	while (s->n < FIRST + REPLICA_CONNECTIONS &&
	       (fd = accept4(s->poll[LISTENER].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		s->connection[s->n].size = 0;
		s->poll[s->n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
}

/* Until there is nothing more to do; false: poll() failed. */
static bool go_on(struct service *s, const sigset_t *mask)
{
	static const struct timespec at_once;

	for (;;) {
		int ready = ppoll(s->poll, s->n, stopping ? &at_once : NULL, mask);

		if (ready < 0 && errno != EINTR)
			return false;
		if (ready < 0)
			continue;
		if (s->poll[CONTROL].revents || (stopping && ready == 0))
			return true;
		serve_all(s); /* before others come, whose place nobody has polled */
		if (s->poll[LISTENER].revents)
			take_in(s);
	}
}

/* A port of the loopback; *ret_port in the host's order. Negative errno. */
static int open_port(uint16_t *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, REPLICA_CONNECTIONS) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static int complain(const char *what, int code)
{
	fprintf(stderr, "plimsoll-demo replica: %s: %s\n", what, strerror(code));
	return 1;
}

int replica_serve(int socket)
{
	static struct service s;
	struct sigaction action = { .sa_handler = stop };
	struct replica_hello hello;
	sigset_t block, before;
	int listener;

	/* SIGTERM only comes through in ppoll(): between its check and its sleep nothing is lost. */
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	sigdelset(&before, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	listener = open_port(&hello.port);
	if (listener < 0)
		return complain("no port to serve", -listener);
	if (send(socket, &hello, sizeof(hello), MSG_NOSIGNAL) < 0)
		return complain("nobody to tell that it serves", errno);
	s.poll[CONTROL] = (struct pollfd){ .fd = socket, .events = POLLIN };
	s.poll[LISTENER] = (struct pollfd){ .fd = listener, .events = POLLIN };
	s.n = FIRST;
	return go_on(&s, &before) ? 0 : complain("poll", errno);
}
