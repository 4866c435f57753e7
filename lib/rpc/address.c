/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/address.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"
#include "rpc/rpc.h"

#define DEFAULT_MODE 0600
#define MAX_PORT 65535
#define PRIVATE_NAME "/s" /* short: a socket path has 107 bytes */

void rpc_address_init(struct rpc_address *a, const char *text, mode_t mode, gid_t group)
{
	*a = (struct rpc_address){ .text = mem_strdup(text), .mode = mode ? mode : DEFAULT_MODE, .group = group };
	if (strncmp(a->text, "unix:", 5) == 0)
		a->path = a->text + 5;
}

void rpc_address_done(struct rpc_address *a)
{
	struct stat st;

	if (a->path && a->ino && lstat(a->path, &st) == 0 && st.st_dev == a->dev &&
	    st.st_ino == a->ino)
		(void)unlink(a->path);
	free(a->text);
	a->text = NULL;
	a->path = NULL;
}

static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits <= 5 && !text[digits] && atoi(text) <= MAX_PORT;
}

/* Core takes "host:99999" for port 34463 and "host:" for 443. */
int rpc_address_check(const char *option, const char *text, struct err *e)
{
	const char *colon = strrchr(text, ':');

	if (strncmp(text, "unix:", 5) == 0 ? text[5] : colon && is_port(colon + 1))
		return 0;
	err_set(e, -EINVAL, "%s: \"%.120s\" is no address", option, text);
	err_cause(e, "it neither begins with unix: nor ends in a port from 0 to %d", MAX_PORT);
	return err_fix(e, "write for example 0.0.0.0:9461, [::1]:9461 or unix:/run/x.sock");
}

int rpc_address_check_peer(const char *option, const char *text, struct err *e)
{
	int r = rpc_address_check(option, text, e);

	if (r < 0 || strncmp(text, "unix:", 5) == 0 || atoi(strrchr(text, ':') + 1) > 0)
		return r;
	err_set(e, -EINVAL, "%s: \"%.120s\" has no port to connect to", option, text);
	err_cause(e, "port 0 is any free one, which only who listens can ask for");
	return err_fix(e, "write the port that the other side listens on, for example 10.0.0.5:9461");
}

static int fill_unix(const char *path, struct sockaddr_un *ret_un)
{
	*ret_un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret_un->sun_path))
		return -ENAMETOOLONG;
	strcpy(ret_un->sun_path, path);
	return 0;
}

int rpc_address_free(const char *path, struct err *e)
{
	scoped(closep) int fd = -1;
	struct sockaddr_un un;
	struct ucred who = {0};
	socklen_t size = sizeof(who);
	struct stat st;

	if (fill_unix(path, &un) < 0 || lstat(path, &st) < 0)
		return 0; /* binding will say it */
	if (!S_ISSOCK(st.st_mode)) {
		err_set(e, -EEXIST, "cannot listen on unix:%s", path);
		err_cause(e, "there is a file of that name that is no socket");
		return err_fix(e, "remove it, or choose another path");
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* EAGAIN: somebody listens but is busy. */
	if (fd < 0 || (connect(fd, (struct sockaddr *)&un, sizeof(un)) < 0 && errno != EAGAIN))
		return 0;
	err_set(e, -EADDRINUSE, "cannot listen on unix:%s", path);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid > 0)
		err_cause(e, "already running: process %d listens there", (int)who.pid);
	else /* of another process name space */
		err_cause(e, "already running: another process listens there");
	return err_fix(e, "stop it, or choose another socket");
}

static const char *fix_of_unix(int r)
{
	switch (r) {
	case -ENOENT:
		return "create its directory";
	case -ENAMETOOLONG:
		return "choose a path of at most 90 bytes";
	case -ENOSPC:
	case -EDQUOT:
		return "make room on that file system, or choose a directory elsewhere";
	default:
		return "choose a directory this user may write to";
	}
}

static int unix_failed(const struct rpc_address *a, int r, struct err *e)
{
	err_set(e, r, "cannot listen on %s", a->text);
	err_cause(e, "%s", r == -ENAMETOOLONG ? "the path is too long for a socket" : strerror(-r));
	return err_fix(e, "%s", fix_of_unix(r));
}

/* Binds in `dir` and moves into place. Negative errno. */
static int bind_private(struct rpc_address *a, const char *dir, grpc_server *core,
			grpc_server_credentials *creds)
{
	scoped(freep) char *path = mem_printf("%s" PRIVATE_NAME, dir);
	scoped(freep) char *uri = mem_printf("unix:%s", path);
	struct sockaddr_un un;
	struct stat st;
	int r = fill_unix(path, &un);

	if (r < 0)
		return r;
	if (grpc_server_add_http2_port(core, uri, creds) <= 0)
		return -EIO;
	if ((a->group && chown(path, (uid_t)-1, a->group) < 0) || chmod(path, a->mode) < 0 ||
	    lstat(path, &st) < 0 || rename(path, a->path) < 0) {
		r = -errno;
		(void)unlink(path);
		return r;
	}
	a->dev = st.st_dev;
	a->ino = st.st_ino;
	return 0;
}

static int bind_unix(struct rpc_address *a, grpc_server *core, grpc_server_credentials *creds,
		     bool again, struct err *e)
{
	const char *slash = strrchr(a->path, '/');
	int before = slash ? (int)(slash - a->path + 1) : 0;
	scoped(freep) char *dir = mem_printf("%.*s.XXXXXX", before, a->path);
	struct sockaddr_un un;
	int r = again ? 0 : rpc_address_free(a->path, e);

	if (r < 0)
		return r;
	r = fill_unix(a->path, &un);
	if (r < 0)
		return unix_failed(a, r, e);
	if (!mkdtemp(dir))
		return unix_failed(a, -errno, e);
	r = bind_private(a, dir, core, creds);
	(void)rmdir(dir);
	return r < 0 ? unix_failed(a, r, e) : 0;
}

/* Core says only "no"; trying the same by hand tells why. */
static int why_not(const char *text)
{
	scoped(freep) char *host = mem_strdup(text);
	scoped(closep) int fd = -1;
	char *colon = strrchr(host, ':');
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found;
	int one = 1, r = 0;

	*colon = '\0';
	if (host[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return -EINVAL;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 1) < 0)
		r = -errno;
	freeaddrinfo(found);
	return r ? r : -EIO;
}

static int bind_tcp(struct rpc_address *a, grpc_server *core, grpc_server_credentials *creds,
		    struct err *e)
{
	/* Once ":0" has picked a port, a new listener must take the same one. */
	int host = (int)(strrchr(a->text, ':') - a->text);
	scoped(freep) char *uri =
		a->port ? mem_printf("%.*s:%d", host, a->text, a->port) : mem_strdup(a->text);
	int port = grpc_server_add_http2_port(core, uri, creds), r;

	if (port > 0) {
		a->port = port;
		return 0;
	}
	r = why_not(uri);
	err_set(e, r, "cannot listen on %s", uri);
	err_cause(e, "%s", r == -EADDRINUSE ? "already running: another process has this port" :
			   r == -EINVAL	    ? "this machine knows no such host" :
					      strerror(-r));
	return err_fix(e, r == -EADDRINUSE ? "stop it, or choose another port" :
					     "use for example 0.0.0.0:9461 or unix:/run/x.sock");
}

int rpc_address_bind(struct rpc_address *a, grpc_server *core, grpc_server_credentials *creds,
		     bool again, struct err *e)
{
	if (rpc_address_check("cannot listen", a->text, e) < 0)
		return -EINVAL;
	return a->path ? bind_unix(a, core, creds, again, e) : bind_tcp(a, core, creds, e);
}
