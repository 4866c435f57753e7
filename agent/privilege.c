/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/sandbox/sandbox.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sanitizer.h"
#include "base/scope.h"
#include "pki/pki.h"
#include "rpc/rpc.h"

#define DNS_PORT	   53
#define DIRECTORY_MODE	   0755
#define DIRECTORY_OF_GROUP 01775 /* sticky: it may not remove or replace what others, such as the aggregator, have here */

/* What is read again while the agent runs, besides certificates. */
static const char *const always_read[] = {
	"/proc/stat", "/proc/meminfo", "/proc/pressure", "/proc/self/statm", "/proc/self/schedstat", /* node.c, self.c */
	"/sys/devices/system/cpu", "/proc/sys/net/core/somaxconn", /* how many CPUs, how long a queue */
	"/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", /* names */
	"/dev/urandom", "/usr/share/zoneinfo", /* ids of questions to name servers, times in core's log */
};

#define ALWAYS	  (sizeof(always_read) / sizeof(always_read[0]))
#define TLS_FILES 3

static char *directory_of(const char *path)
{
	scoped(freep) char *copy = mem_strdup(path);

	return mem_strdup(dirname(copy));
}

static int give_to_group(const char *dir, const struct user *u, struct err *e)
{
	scoped(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && fchown(fd, (uid_t)-1, u->gid) == 0 && fchmod(fd, DIRECTORY_OF_GROUP) == 0)
		return 0;
	err_set(e, -errno, "cannot let %s make its socket in %s", u->name, dir);
	return err_fix(e, "choose another path with --socket, or make the directory for that user");
}

/* One level only: that /run itself is missing is not ours to mend. Neither is a directory that somebody
 * else made: if the user may not write there, opening the socket says so. */
static int make_directory(const char *socket, const struct user *u, struct err *e)
{
	scoped(freep) char *dir = directory_of(socket);
	bool made = mkdir(dir, DIRECTORY_MODE) == 0;

	if (!made && errno != EEXIST) {
		err_set(e, -errno, "cannot make the directory %s for the socket", dir);
		return err_fix(e, "make it yourself, or choose another path with --socket");
	}
	return u->stay || !(made || strcmp(dir, PRIVILEGE_RUN_DIR) == 0) ? 0 : give_to_group(dir, u, e);
}

/* A killed agent leaves its socket. When that ran as somebody else, a sticky directory lets this one's user
 * neither remove nor replace it. ECONNREFUSED: nobody listens there any more. */
static void remove_leftover(const char *socket_path)
{
	scoped(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct stat st;

	if (fd < 0 || strlen(socket_path) >= sizeof(un.sun_path) || lstat(socket_path, &st) < 0 ||
	    !S_ISSOCK(st.st_mode))
		return;
	strcpy(un.sun_path, socket_path);
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0 && errno == ECONNREFUSED)
		(void)unlink(socket_path);
}

int privilege_name_user(const struct user *u, struct err *e)
{
	err_cause(e, "%s: with its programs loaded the agent is the user %s", strerror(EACCES), u->name);
	return err_fix(e, "choose another path with --socket, or give the user \"%s\" the right to write to that directory", u->name);
}

/* Now, since loading takes its time, and who then cannot serve has done it for nothing. */
static int check_place(const char *socket, const struct user *u, struct err *e)
{
	scoped(freep) char *dir = directory_of(socket);
	int r = rpc_address_free(socket, e);

	if (r < 0)
		return r;
	r = SANITIZER ? 0 : user_may_write(u, dir); /* such a build stays root */
	if (r == 0)
		return 0;
	err_set(e, r, "cannot listen on unix:%s", socket);
	if (r == -EACCES)
		return privilege_name_user(u, e);
	return err_fix(e, "choose a path with --socket in a directory that the user \"%s\" may write to", u->name);
}

static int prepare_socket(const char *socket, const struct user *u, struct err *e)
{
	int r = make_directory(socket, u, e);

	if (r < 0)
		return r;
	remove_leftover(socket);
	return check_place(socket, u, e);
}

int privilege_prepare(const struct agent_options *o, struct user *ret_user, struct err *e)
{
	int r = user_find(o->user, ret_user, e);

	if (r == 0 && *o->socket)
		r = prepare_socket(o->socket, ret_user, e);
	if (r == 0 && agent_options_tls(o) && !*o->tls_cert && !ret_user->stay)
		r = pki_share(o->tls_dir, "agent", ret_user->gid, e);
	return r;
}

/* What is still needed */

static uint16_t port_of(const char *address)
{
	const char *colon = strncmp(address, "unix:", 5) ? strrchr(address, ':') : NULL;

	return colon ? (uint16_t)atoi(colon + 1) : 0;
}

/* Port 0 in `listen` is how core asks whether there is IPv6; in `connect` it is none. */
struct needs {
	const char *read[ALWAYS + TLS_FILES + 1];
	char *owned[TLS_FILES + 1]; /* directories, made here */
	uint16_t listen[2], connect[2];
};

static void needs_done(struct needs *n)
{
	for (size_t i = 0; i < TLS_FILES + 1; i++)
		free(n->owned[i]);
}

static void fill_read(const struct agent_options *o, struct needs *n)
{
	const char *const files[TLS_FILES] = {o->tls_cert, o->tls_key, o->tls_ca};
	bool given = *o->tls_cert != '\0';

	memcpy(n->read, always_read, sizeof(always_read));
	for (size_t i = 0; i < TLS_FILES && agent_options_tls(o); i++) {
		n->owned[i] = given ? directory_of(files[i]) : mem_strdup(o->tls_dir);
		n->read[ALWAYS + i] = n->owned[i];
	}
}

static void fill_needs(const struct agent_options *o, struct needs *n, struct sandbox_options *ret)
{
	fill_read(o, n);
	n->listen[1] = port_of(o->listen);
	n->connect[0] = DNS_PORT;
	n->connect[1] = port_of(o->aggregator);
	n->owned[TLS_FILES] = *o->socket ? directory_of(o->socket) : NULL;
	ret->reach = (struct landlock_options){
		.read = n->read,
		.sockets = n->owned[TLS_FILES],
		.listen = n->listen,
		.n_listen = *o->listen ? 2 : 1,
		.connect = n->connect,
		.n_connect = !*o->aggregator ? 0 : n->connect[1] ? 2 : 1,
	};
}

static void say(const struct user *u, const struct sandbox_facts *f)
{
	log_info("gave up every privilege: user %s (%u), no capability, %s, Landlock %s", u->name,
		 (unsigned)u->uid, f->seccomp ? "few system calls" : "all system calls",
		 f->landlock_abi ? "on" : "not in this kernel");
	if (u->uid == 0)
		log_warn("still runs as root, though without capabilities: what root owns is open to it; "
			 "name another with --user, which needs CAP_SETUID and CAP_SETGID");
	if (!f->seccomp)
		log_warn("this kernel cannot limit system calls; boot one built with "
			 "CONFIG_SECCOMP_FILTER=y");
	if (f->bounding_left)
		log_debug("the bounding set stays as it was: CAP_SETPCAP is missing; nothing can be "
			  "gained from it, for this process executes nothing");
}

int privilege_drop(const struct agent_options *o, const struct user *u, struct err *e)
{
	scoped(needs_done) struct needs needs = {{NULL}};
	struct sandbox_options sandbox = {.user = *u};
	struct sandbox_facts facts;
	int r;

	if (SANITIZER) { /* its runtime has threads, and stops all by ptrace to look for leaks: neither lives in a sandbox */
		log_warn("keeps every privilege: built with a sanitizer");
		return 0;
	}
	fill_needs(o, &needs, &sandbox);
	r = sandbox_enter(&sandbox, &facts, e);
	if (r == 0)
		say(u, &facts);
	return r;
}

/* Its group is the socket's. One that is not there yet will be of root's, as the runtimes make theirs. */
int privilege_drop_to_socket(const char *socket, const struct user *u, struct err *e)
{
	static const char *const read[] = {"/sys/devices/system/cpu", "/dev/urandom", "/usr/share/zoneinfo", NULL};
	struct sandbox_options sandbox = {.user = *u, .reach = {.read = read}};
	struct sandbox_facts facts;
	struct stat st;

	sandbox.user.gid = stat(socket, &st) == 0 ? st.st_gid : 0;
	return SANITIZER ? 0 : sandbox_enter(&sandbox, &facts, e);
}
