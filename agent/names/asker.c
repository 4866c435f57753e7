/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/asker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/names/cri.h"
#include "agent/names/engine.h"
#include "agent/privilege.h"
#include "base/log.h"
#include "base/scope.h"

#define NAME "plimsoll-names" /* in ps and top */
#define FIRST_FD  3	      /* after stdin, stdout and stderr: words */
#define HANDLE_FD 4	      /* the socket's file */

enum { FINE = 0, FAILED = 1 };

struct helper {
	int fd;
	struct cri *cri; /* one of the two */
	struct engine *engine;
};

/* Blocks while the agent is slow: there is nothing else to do. */
static void tell(const struct names_word *w, void *data)
{
	const struct helper *h = data;

	while (send(h->fd, w, sizeof(*w), MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			_exit(FINE); /* the agent is gone */
}

static void hear(int events, void *data)
{
	struct helper *h = data;
	char byte;
	ssize_t n = recv(h->fd, &byte, sizeof(byte), MSG_DONTWAIT);

	(void)events;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		_exit(FINE);
	if (n != 1 || byte != NAMES_ASK)
		return;
	if (h->cri)
		cri_want(h->cri);
	else
		engine_want(h->engine);
}

static int ask_whom(enum names_kind kind, struct helper *h, const struct lister_options *o, struct err *e)
{
	if (kind != NAMES_CRI) {
		h->engine = engine_start(o);
		return 0;
	}
	rpc_init(NULL);
	return cri_start(o, &h->cri, e);
}

static int work(const struct asker_options *helper, int fd, int handle, struct err *e)
{
	struct helper h = {.fd = fd};
	struct loop *l = loop_new();
	const struct lister_options o = {
		.loop = l, .address = helper->address, .handle = handle, .tell = tell, .data = &h};
	int r;

	if (!l || !loop_fd_new(l, fd, LOOP_READ, hear, &h))
		return err_set(e, -EMFILE, "cannot make an event loop");
	r = ask_whom(helper->kind, &h, &o, e);
	if (r == 0)
		loop_run(l);
	return r;
}

/* What the agent has open is none of our business, nor what it does about signals. */
static void forget_parent(int *fd)
{
	*fd = dup2(*fd, FIRST_FD);
	(void)syscall(SYS_close_range, HANDLE_FD, ~0u, 0);
	signal(SIGINT, SIG_IGN); /* from a terminal it is for the agent, with which we end */
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	(void)prctl(PR_SET_NAME, NAME, 0, 0, 0);
}

static _Noreturn void be_helper(const struct asker_options *o, int fd, pid_t parent)
{
	const char *path = o->address + strlen("unix:");
	struct err e;
	int r, handle;

	forget_parent(&fd);
	handle = open(path, O_PATH | O_CLOEXEC); /* it is fine when it comes later, but in a directory of root's */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(FAILED);
	r = privilege_drop_to_socket(path, o->user, &e);
	if (r == 0)
		r = work(o, fd, handle, &e);
	if (r < 0)
		log_err(LOG_ERROR, &e, "no names from the container runtime");
	_exit(FAILED);
}

int asker_fork(const struct asker_options *o, int *ret_fd, struct err *e)
{
	pid_t parent = getpid(), child;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, -errno, "cannot make a socket for the helper");
	child = fork();
	if (child == 0)
		be_helper(o, pair[1], parent);
	close(pair[1]);
	if (child < 0) {
		close(pair[0]);
		return err_set(e, -errno, "cannot start the helper");
	}
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*ret_fd = pair[0];
	return 0;
}
