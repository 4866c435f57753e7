/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/replica.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

#define ROUNDS 512 /* between two looks at the clock: about 1 us */

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
static uint32_t work(uint32_t cpu_us)
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

/* False when the socket has nothing more: it is closed, or (stopping) drained. */
static bool serve_one(int socket)
{
	struct replica_request request;
	ssize_t n = recv(socket, &request, sizeof(request), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN && !stopping;
	if (n != sizeof(request) || request.cpu_us == 0 || request.cpu_us > REPLICA_REQUEST_US_MAX)
		return n != 0;
	struct replica_answer answer = { request.number, work(request.cpu_us) };
	return send(socket, &answer, sizeof(answer), MSG_NOSIGNAL) == sizeof(answer) ||
	       errno == EINTR;
}

int replica_serve(int socket)
{
	struct sigaction action = { .sa_handler = stop };
	struct pollfd poll_fd = { .fd = socket, .events = POLLIN };
	const struct replica_answer hello = { .number = 0 };
	sigset_t block, before;

	/* SIGTERM only comes through in ppoll(): between its check and its sleep nothing is lost. */
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	sigdelset(&before, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	if (send(socket, &hello, sizeof(hello), MSG_NOSIGNAL) < 0) {
		fprintf(stderr, "plimsoll-demo replica: no socket to serve: %s\n", strerror(errno));
		return 1;
	}
	for (;;) {
		int ready = ppoll(&poll_fd, 1, NULL, &before);
		if (ready < 0 && errno != EINTR) {
			fprintf(stderr, "plimsoll-demo replica: poll: %s\n", strerror(errno));
			return 1;
		}
		if (!serve_one(socket))
			return 0;
	}
}
