/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"

#define CHILD_MAGIC 0x64636864u

struct child {
	unsigned magic;
	char *name;
	pid_t pid;
	int pidfd, stderr_fd;
	struct loop_fd *died, *said;
	void (*exited)(struct child *c, void *data);
	void *data;
	siginfo_t info;
	char fate[96];
	char tail[CHILD_TAIL + 1];
	size_t tail_size;
};

static void child_free(struct child *c)
{
	loop_fd_close(c->died);
	loop_fd_close(c->said);
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->stderr_fd >= 0)
		close(c->stderr_fd);
	free(c->name);
	c->magic = 0;
	free(c);
}

static void tail_add(struct child *c, const char *bytes, size_t n)
{
	if (n > CHILD_TAIL) {
		bytes += n - CHILD_TAIL;
		n = CHILD_TAIL;
	}
	if (c->tail_size + n > CHILD_TAIL) {
		size_t drop = c->tail_size + n - CHILD_TAIL;
		memmove(c->tail, c->tail + drop, c->tail_size - drop);
		c->tail_size -= drop;
	}
	memcpy(c->tail + c->tail_size, bytes, n);
	c->tail_size += n;
	c->tail[c->tail_size] = '\0';
}

static void said(int events, void *data)
{
	struct child *c = obj_cast(struct child, data, CHILD_MAGIC);
	char bytes[1024];
	ssize_t n;

	(void)events;
	while ((n = read(c->stderr_fd, bytes, sizeof(bytes))) > 0)
		tail_add(c, bytes, (size_t)n);
	if (n == 0) { /* closed: would be ready for ever */
		loop_fd_close(c->said);
		c->said = NULL;
	}
}

static void died(int events, void *data)
{
	struct child *c = obj_cast(struct child, data, CHILD_MAGIC);

	(void)events;
	if (waitid(P_PIDFD, (id_t)c->pidfd, &c->info, WEXITED | WNOHANG) < 0 || !c->info.si_pid)
		return;
	if (c->said)
		said(LOOP_READ, c);
	if (c->info.si_code == CLD_EXITED)
		snprintf(c->fate, sizeof(c->fate), "exited with status %d", c->info.si_status);
	else
		snprintf(c->fate, sizeof(c->fate), "was killed by signal %d (%s)", c->info.si_status,
			 strsignal(c->info.si_status));
	c->exited(c, c->data);
	child_free(c);
}

/* Between fork and exec, in a process with threads: system calls only. */
static void become(const struct child_options *o, pid_t parent, int stderr_fd)
{
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, o->death_signal) < 0 || getppid() != parent)
		_exit(127);
	for (size_t i = 0; o->door && i < o->door->n; i++) {
		if (write(o->door->procs[i], "0", 1) != 1)
			_exit(126);
	}
	if (!o->terminal) {
		setsid(); /* where sessions share the CPU (autogroup), what else runs in ours does not starve it */
		int null = open("/dev/null", O_RDWR);
		if (null < 0 || dup2(null, 0) < 0 || dup2(stderr_fd, 1) < 0 || dup2(stderr_fd, 2) < 0)
			_exit(127);
	}
	if (o->socket == CHILD_SOCKET) /* dup2() onto itself would leave it close-on-exec */
		fcntl(CHILD_SOCKET, F_SETFD, 0);
	else if (o->socket >= 0 && dup2(o->socket, CHILD_SOCKET) < 0)
		_exit(127);
	close_range(o->socket >= 0 ? CHILD_SOCKET + 1 : CHILD_SOCKET, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int signum = 1; signum < 32; signum++)
		signal(signum, SIG_DFL);
	execv(o->argv[0], o->argv);
	_exit(127);
}

static int watch(struct child *c, struct loop *l)
{
	c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd < 0)
		return -errno;
	fcntl(c->pidfd, F_SETFD, FD_CLOEXEC);
	c->died = loop_fd_new(l, c->pidfd, LOOP_READ, died, c);
	if (c->stderr_fd >= 0)
		c->said = loop_fd_new(l, c->stderr_fd, LOOP_READ, said, c);
	return c->died ? 0 : -EMFILE;
}

static int fork_child(const struct child_options *o, int stderr_fd, pid_t *ret_pid)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(o, parent, stderr_fd);
	*ret_pid = pid;
	return 0;
}

int child_start(struct loop *l, const struct child_options *o, struct child **ret_c, struct err *e)
{
	int pipe_fds[2] = { -1, -1 };
	struct child *c = mem_new(struct child);
	int r = 0;

	c->magic = CHILD_MAGIC;
	c->name = mem_strdup(o->name);
	c->exited = o->exited;
	c->data = o->data;
	c->pidfd = c->stderr_fd = -1;
	if (!o->terminal && pipe2(pipe_fds, O_CLOEXEC) < 0)
		r = -errno;
	c->stderr_fd = pipe_fds[0];
	if (r == 0)
		r = fork_child(o, pipe_fds[1], &c->pid);
	if (pipe_fds[1] >= 0)
		close(pipe_fds[1]);
	if (r == 0 && (r = watch(c, l)) < 0)
		kill(c->pid, SIGKILL);
	if (r < 0) {
		child_free(c);
		return err_set(e, r, "cannot start %s (%s)", o->name, o->argv[0]);
	}
	*ret_c = c;
	return 0;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

const char *child_name(const struct child *c)
{
	return c->name;
}

void child_kill(struct child *c, int signum)
{
	(void)pidfd_send_signal(c->pidfd, signum, NULL, 0);
}

const char *child_tail(const struct child *c)
{
	return c->tail;
}

const char *child_fate(const struct child *c)
{
	return c->fate;
}

int child_status(const struct child *c)
{
	return c->info.si_code == CLD_EXITED ? c->info.si_status : -1;
}
