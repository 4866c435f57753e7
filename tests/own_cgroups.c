/* SPDX-License-Identifier: Apache-2.0 */
#include "own_cgroups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"

#define PREFIX      "plimsoll-test-"
#define CANNOT_RUN  77
#define FULL        (HIERARCHY_PATH + OWN_PATH + 32)
#define PATIENCE_MS 20000 /* for processes that were killed to leave their cgroup */

__attribute__((format(printf, 2, 3), noreturn)) static void stop(int status, const char *text, ...)
{
	va_list args;

	va_start(args, text);
	vfprintf(stderr, text, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/* The hierarchies that have our cgroups; returns the count. */
static int roots(const struct own_cgroups *o, const char *ret_roots[PLIMSOLL_HIERARCHIES])
{
	int n = 0;

	for (int i = 0; i < PLIMSOLL_HIERARCHIES; i++)
		if (o->at.mount[i][0])
			ret_roots[n++] = o->at.mount[i];
	return n;
}

static bool write_text(const char *directory, const char *file, const char *text)
{
	char path[FULL + 64];
	scoped(closep) int fd = -1;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* What is made below `path` gets the controllers that v2 has here; the root's own business is not ours. */
static void share_controllers(const struct own_cgroups *o, const char *path, size_t length)
{
	static const char *const controllers[] = {"+cpu", "+memory", "+io"};
	char full[FULL];

	snprintf(full, sizeof(full), "%s%.*s", o->at.mount[PLIMSOLL_UNIFIED], (int)length, path);
	for (size_t i = 0; length && i < sizeof(controllers) / sizeof(controllers[0]); i++)
		(void)write_text(full, "cgroup.subtree_control", controllers[i]); /* it may be on v1 */
}

/* Removal */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)f;
	if (kind != FTW_DP)
		return 0;
	for (int ms = 0; rmdir(path) < 0 && errno == EBUSY && ms < PATIENCE_MS; ms++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	return 0;
}

void own_remove(const struct own_cgroups *o, const char *path)
{
	const char *root[PLIMSOLL_HIERARCHIES];
	char full[FULL];

	for (int i = 0, n = roots(o, root); i < n; i++) {
		snprintf(full, sizeof(full), "%s%s", root[i], path);
		nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
}

void own_clear(const struct own_cgroups *o, const char *top)
{
	char full[FULL];

	snprintf(full, sizeof(full), "%s%s", o->at.mount[PLIMSOLL_UNIFIED], top);
	(void)write_text(full, "cgroup.kill", "1");
	own_remove(o, top);
}

static void make(const struct own_cgroups *o, const char *path)
{
	const char *root[PLIMSOLL_HIERARCHIES];
	char full[FULL];

	for (int i = 0, n = roots(o, root); i < n; i++) {
		snprintf(full, sizeof(full), "%s%s", root[i], path);
		if (mkdir(full, 0755) == 0)
			continue;
		if (errno == EEXIST) {
			own_clear(o, path); /* what a test that failed before this one left */
			if (mkdir(full, 0755) == 0)
				continue;
		}
		stop(1, "cannot make the cgroup %s: %s", full, strerror(errno));
	}
}

void own_make(const struct own_cgroups *o, const char *path)
{
	share_controllers(o, path, (size_t)(strrchr(path, '/') - path));
	make(o, path);
}

/* What a run that was killed with SIGKILL left. */
static void sweep(const struct own_cgroups *o)
{
	DIR *d = opendir(o->at.mount[PLIMSOLL_UNIFIED]);
	struct dirent *entry;
	char top[OWN_PATH];

	while (d && (entry = readdir(d))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		if (kill(atoi(entry->d_name + strlen(PREFIX)), 0) == 0 || errno != ESRCH)
			continue;
		snprintf(top, sizeof(top), "/%.100s", entry->d_name);
		own_clear(o, top);
	}
	if (d)
		closedir(d);
}

/* The two processes */

static volatile pid_t child;

static void pass_on(int signum)
{
	if (child > 0)
		kill(child, signum);
}

_Noreturn static void guard(const struct own_cgroups *o)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	own_clear(o, o->top);
	if (WIFSIGNALED(status))
		fprintf(stderr, "ended by signal %d\n", WTERMSIG(status));
	exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void find_hierarchies(struct own_cgroups *o)
{
	scoped(fclosep) FILE *f = fopen("/proc/self/mountinfo", "re");
	struct err e;

	if (geteuid() != 0)
		stop(CANNOT_RUN, "SKIP: needs root");
	if (!f || hierarchy_find(f, &o->at, &e) < 0 || !o->at.mount[PLIMSOLL_UNIFIED][0])
		stop(CANNOT_RUN, "SKIP: no cgroup v2 hierarchy is mounted");
}

void own_split(struct own_cgroups *ret)
{
	pid_t parent = getpid();

	find_hierarchies(ret);
	snprintf(ret->top, sizeof(ret->top), "/" PREFIX "%d", (int)parent);
	sweep(ret);
	own_make(ret, ret->top);
	signal(SIGINT, pass_on);
	signal(SIGTERM, pass_on);
	child = fork();
	if (child != 0)
		guard(ret); /* also when fork() failed */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

/* Processes */

static void move(const struct own_cgroups *o, const char *path, const char *v2, const char *v1, pid_t who)
{
	const char *root[PLIMSOLL_HIERARCHIES];
	char full[FULL], number[16];

	snprintf(number, sizeof(number), "%d", (int)who);
	for (int i = 0, n = roots(o, root); i < n; i++) {
		snprintf(full, sizeof(full), "%s%s", root[i], path);
		if (!write_text(full, root[i] == o->at.mount[PLIMSOLL_UNIFIED] ? v2 : v1, number))
			stop(1, "cannot move %d to the cgroup %s: %s", (int)who, full, strerror(errno));
	}
}

void own_move(const struct own_cgroups *o, const char *path, pid_t pid)
{
	move(o, path, "cgroup.procs", "cgroup.procs", pid);
}

void own_move_thread(const struct own_cgroups *o, const char *path, pid_t tid)
{
	move(o, path, "cgroup.threads", "tasks", tid);
}

void own_make_threaded(const struct own_cgroups *o, const char *path)
{
	char full[FULL];

	make(o, path); /* memory and io are for whole processes */
	snprintf(full, sizeof(full), "%s%s", o->at.mount[PLIMSOLL_UNIFIED], path);
	if (!write_text(full, "cgroup.type", "threaded"))
		stop(1, "cannot make the cgroup %s threaded: %s", full, strerror(errno));
}

pid_t own_spawn(const struct own_cgroups *o, const char *path, void (*work)(const void *),
		const void *data)
{
	int inside[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(inside, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		stop(1, "cannot start a process: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		own_move(o, path, 0);
		if (write(inside[1], &byte, 1) != 1)
			_exit(1);
		close(inside[0]);
		close(inside[1]);
		work(data);
		_exit(0);
	}
	close(inside[1]);
	if (read(inside[0], &byte, 1) != 1)
		stop(1, "a process did not get into %s", path);
	close(inside[0]);
	return pid;
}

void own_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
