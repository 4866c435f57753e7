/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/hook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"

#define HOOK_MAGIC   0x64686f6bu
#define CALLER_MAGIC 0x6463616cu
#define DONE	     "done" /* the whole answer; anything else is an error's text */

struct caller {
	unsigned magic;
	struct hook *hook;
	int fd; /* -1: this place is free */
	struct loop_fd *watch;
	bool asked;
};

struct hook {
	unsigned magic;
	struct loop *loop;
	char *path;
	int fd;
	struct loop_fd *watch;
	int (*asked)(const struct scale_request *r, void *data, struct err *e);
	void *data;
	struct caller caller[HOOK_PENDING];
};

static int address(const char *path, struct sockaddr_un *ret, struct err *e)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path)) {
		err_set(e, -ENAMETOOLONG, "the socket path %s is too long", path);
		return err_fix(e, "set TMPDIR to a shorter directory");
	}
	strcpy(ret->sun_path, path);
	return 0;
}

static void caller_close(struct caller *c)
{
	loop_fd_close(c->watch);
	close(c->fd);
	c->watch = NULL;
	c->fd = -1;
	c->asked = false;
}

static void answer(struct caller *c, const char *text)
{
	(void)send(c->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	caller_close(c);
}

static void heard(int events, void *data)
{
	struct caller *c = obj_cast(struct caller, data, CALLER_MAGIC);
	char text[SCALE_REQUEST_BYTES + 1];
	struct scale_request request;
	struct err e = { .code = 0 };

	(void)events;
	ssize_t n = recv(c->fd, text, sizeof(text), MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || c->asked) { /* gone, or says more than it may */
		caller_close(c);
		return;
	}
	c->asked = true;
	if (scale_request_parse(text, (size_t)n, &request, &e) < 0 ||
	    c->hook->asked(&request, c->hook->data, &e) < 0) {
		snprintf(text, sizeof(text), "%s: %s", e.what,
			 e.cause[0] ? e.cause : strerror(-e.code));
		answer(c, text);
	}
}

static void arrived(int events, void *data)
{
	struct hook *h = obj_cast(struct hook, data, HOOK_MAGIC);
	int fd = accept4(h->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	for (int i = 0; i < HOOK_PENDING; i++) {
		struct caller *c = &h->caller[i];
		if (c->fd >= 0)
			continue;
		c->watch = loop_fd_new(h->loop, fd, LOOP_READ, heard, c);
		if (!c->watch)
			break;
		c->fd = fd;
		return;
	}
	close(fd);
}

int hook_listen(struct loop *l, const char *path,
		int (*asked)(const struct scale_request *r, void *data, struct err *e), void *data,
		struct hook **ret_h, struct err *e)
{
	struct sockaddr_un to;
	int r = address(path, &to, e);

	if (r < 0)
		return r;
	scoped(closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || chmod(path, 0600) < 0 ||
	    listen(fd, HOOK_PENDING) < 0)
		return err_set(e, -errno, "cannot listen on %s", path);
	struct hook *h = mem_new(struct hook);
	h->magic = HOOK_MAGIC;
	h->loop = l;
	h->path = mem_strdup(path);
	h->asked = asked;
	h->data = data;
	h->fd = take_fd(fd);
	h->watch = loop_fd_new(l, h->fd, LOOP_READ, arrived, h);
	for (int i = 0; i < HOOK_PENDING; i++)
		h->caller[i] = (struct caller){ .magic = CALLER_MAGIC, .hook = h, .fd = -1 };
	*ret_h = h;
	return 0;
}

void hook_settled(struct hook *h)
{
	for (int i = 0; i < HOOK_PENDING; i++) {
		if (h->caller[i].fd >= 0 && h->caller[i].asked)
			answer(&h->caller[i], DONE);
	}
}

struct hook *hook_close(struct hook *h)
{
	if (!h)
		return NULL;
	for (int i = 0; i < HOOK_PENDING; i++) {
		if (h->caller[i].fd >= 0)
			caller_close(&h->caller[i]);
	}
	loop_fd_close(h->watch);
	close(h->fd);
	unlink(h->path);
	free(h->path);
	h->magic = 0;
	free(h);
	return NULL;
}

static int fail(const struct err *e)
{
	err_print(e, "plimsoll-demo scale", stderr);
	return 1;
}

static int ask(const char *path, const char *text, size_t size, char *ret, size_t room,
	       struct err *e)
{
	const struct timeval wait = { .tv_sec = HOOK_WAIT_S };
	struct sockaddr_un to;
	int r = address(path, &to, e);

	if (r < 0)
		return r;
	scoped(closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		err_set(e, -errno, "cannot reach the demo at %s", path);
		return err_fix(e, "is plimsoll-demo run still there?");
	}
	ssize_t n = send(fd, text, size, MSG_NOSIGNAL);
	if (n >= 0)
		n = recv(fd, ret, room - 1, 0);
	if (n < 0)
		return err_set(e, -errno, "the demo did not answer within %d s", HOOK_WAIT_S);
	ret[n] = '\0';
	return 0;
}

int hook_scale(const char *socket_path)
{
	char text[SCALE_REQUEST_BYTES + 1], reply[1024];
	struct scale_request request;
	struct err e;

	size_t size = fread(text, 1, sizeof(text), stdin);
	if (scale_request_parse(text, size, &request, &e) < 0 ||
	    ask(socket_path, text, size, reply, sizeof(reply), &e) < 0)
		return fail(&e);
	if (strcmp(reply, DONE) == 0)
		return 0;
	err_set(&e, -EIO, "the demo did not scale %s to %u", request.workload, request.to);
	err_cause(&e, "%s", reply[0] ? reply : "it is ending");
	return fail(&e);
}
