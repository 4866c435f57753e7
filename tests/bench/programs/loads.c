/* SPDX-License-Identifier: Apache-2.0 */
#include "loads.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/obj.h"
#include "base/scope.h"
#include "crew.h"
#include "own_file.h"
#include "own_net.h"
#include "truth.h"

#define LIMIT_BYTES (16u * OWN_FILE_MIB)
#define FILE_BYTES  (64u * OWN_FILE_MIB) /* of which no page stays below that limit */
#define DISK_MIB    8u
#define PAGES_MIB   256u /* pages of 4 KiB */
#define REQUEST	    "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define ANSWER	    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static char home[OWN_PATH + 16], other[OWN_PATH + 16], made[OWN_PATH + 16], tight[OWN_PATH + 16];
static int disk_file;
static struct sockaddr_in address; /* of a listener of ours */
static int listener;

/* Switches: two tasks of one CPU that wake each other. */
static void answer_bytes(int from, int to)
{
	char byte;

	while (read(from, &byte, 1) == 1)
		must(write(to, &byte, 1) == 1);
	_exit(0);
}

static void ping_pong(const struct own_cgroups *own, unsigned n)
{
	int there[2], back[2];
	char byte = 0;
	pid_t pid;

	(void)own;
	must(pipe(there) == 0 && pipe(back) == 0 && (pid = fork()) >= 0);
	crew_pin(pid, 0);
	if (pid == 0) {
		close(there[1]);
		answer_bytes(there[0], back[1]);
	}
	for (unsigned i = 0; i < n; i++)
		must(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1);
	close(there[1]);
	must(waitpid(pid, NULL, 0) == pid);
	close(there[0]);
	close(back[0]);
	close(back[1]);
}

static void make_and_remove(const struct own_cgroups *own, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		own_make(own, made);
		own_remove(own, made);
	}
}

static void move_to_and_fro(const struct own_cgroups *own, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		own_move(own, i % 2 ? home : other, 0);
	own_move(own, home, 0);
}

static void begin_and_end(const struct own_cgroups *own, unsigned n)
{
	(void)own;
	for (unsigned i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		must(waitpid(pid, NULL, 0) == pid);
	}
}

static void read_pages(const struct own_cgroups *own, unsigned n)
{
	(void)own;
	for (unsigned i = 0; i < n; i += DISK_MIB * PAGES_MIB) {
		own_file_forget(disk_file);
		own_file_walk(disk_file);
	}
}

/* In a cgroup that its pages do not fit into. */
static void walk_too_much(const void *data)
{
	int fd = own_file_hole(FILE_BYTES);

	for (unsigned i = 0; i < *(const unsigned *)data; i += FILE_BYTES / OWN_FILE_MIB)
		own_file_walk(fd);
}

static void reclaim_pages(const struct own_cgroups *own, unsigned n)
{
	pid_t pid = own_spawn(own, tight, walk_too_much, &n);

	must(waitpid(pid, NULL, 0) == pid);
}

static void take_too_much(const void *unused)
{
	(void)unused;
	memset(mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, FILE_BYTES);
}

static void be_killed(const struct own_cgroups *own, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int status;
		pid_t pid = own_spawn(own, tight, take_too_much, NULL);

		must(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	}
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

static int answer_call(void)
{
	int fd = accept(listener, NULL, NULL);

	must(fd >= 0);
	return fd;
}

static void connect_and_close(const struct own_cgroups *own, unsigned n)
{
	(void)own;
	for (unsigned i = 0; i < n; i++) {
		int here = dial(), there = answer_call();

		must(setsockopt(here, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger)) == 0);
		close(here); /* by a reset: no port waits for a minute */
		close(there);
	}
}

static void send_datagrams(const struct own_cgroups *own, unsigned n)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	scoped(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(to);
	char text[64] = "";

	(void)own;
	must(bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && getsockname(fd, (struct sockaddr *)&to, &size) == 0);
	for (unsigned i = 0; i < n; i++) {
		must(sendto(fd, text, sizeof(text), 0, (struct sockaddr *)&to, size) == (ssize_t)sizeof(text));
		must(recv(fd, text, sizeof(text), 0) == (ssize_t)sizeof(text));
	}
}

static void say(int from, int to, const char *text)
{
	size_t n = strlen(text);
	char heard[128];

	must(write(from, text, n) == (ssize_t)n && recv(to, heard, n, MSG_WAITALL) == (ssize_t)n);
}

static void ask_and_answer(const struct own_cgroups *own, unsigned n)
{
	scoped(closep) int here = dial(), there = answer_call();

	(void)own;
	for (unsigned i = 0; i < n; i++) {
		say(here, there, REQUEST);
		say(there, here, ANSWER);
	}
}

/* In a network of its own that loses every fifth segment. */
static void talk_over_losses(const void *data)
{
	char text[100] = "";
	int here, there;

	own_net_enter();
	own_net_pair(&here, &there);
	own_net_drop("tcp dport 4712 numgen random mod 100 '<' 20");
	for (unsigned i = 0; i < *(const unsigned *)data; i++)
		must(write(here, text, sizeof(text)) == (ssize_t)sizeof(text) &&
		     recv(there, text, sizeof(text), MSG_WAITALL) == (ssize_t)sizeof(text));
}

static void lose_segments(const struct own_cgroups *own, unsigned n)
{
	pid_t pid = own_spawn(own, home, talk_over_losses, &n);

	must(waitpid(pid, NULL, 0) == pid);
}

const struct load loads[] = {
	{"a round trip between two tasks of one CPU: two switches", 20000, ping_pong},
	{"a cgroup made and removed, in every hierarchy", 200, make_and_remove},
	{"a process moved to another cgroup, in every hierarchy", 200, move_to_and_fro},
	{"a process that begins and ends", 400, begin_and_end},
	{"a page of 4 KiB read from the disk", 2 * DISK_MIB * PAGES_MIB, read_pages},
	{"a MiB read through a memory limit that has no room", 256, reclaim_pages},
	{"a process killed at its memory limit", 4, be_killed},
	{"a TCP connection made, accepted and reset", 1000, connect_and_close},
	{"a datagram of 64 bytes sent and received", 10000, send_datagrams},
	{"an HTTP request and its answer on one connection", 5000, ask_and_answer},
	{"100 bytes over a network that loses a fifth", 20, lose_segments},
};
const unsigned loads_n = sizeof(loads) / sizeof(loads[0]);

static void open_listener(void)
{
	socklen_t size = sizeof(address);

	address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(listener, 16) == 0);
	must(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
}

const char *loads_open(const struct own_cgroups *own)
{
	snprintf(home, sizeof(home), "%s/home", own->top);
	snprintf(other, sizeof(other), "%s/other", own->top);
	snprintf(made, sizeof(made), "%s/made", own->top);
	snprintf(tight, sizeof(tight), "%s/tight", own->top);
	own_make(own, home);
	own_make(own, other);
	own_make(own, tight);
	truth_set_limit(own, tight, LIMIT_BYTES);
	disk_file = own_file(DISK_MIB * OWN_FILE_MIB);
	open_listener();
	return home;
}
