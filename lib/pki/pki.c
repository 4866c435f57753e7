/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"
#include "pki/check.h"
#include "pki/issue.h"
#include "pki/pem.h"

/* The files of one directory, and the moment of this call. */
struct place {
	const char *dir;
	char *ca_cert, *ca_key;
	time_t now;
	struct err *e;
};

static void place_done(struct place *p)
{
	free(p->ca_cert);
	free(p->ca_key);
}

static int fail(struct err *e, const char *path, const char *what, const char *fix)
{
	int code = -errno;

	err_set(e, code, "%.200s: %s", path, what);
	err_cause(e, "%s", strerror(-code));
	return err_fix(e, "%s", fix), code;
}

static int make_parents(const char *dir)
{
	scoped(freep) char *path = mem_strdup(dir);

	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* A directory that others may write to is refused: they could put in a CA of their own. */
static int check_folder(const char *dir, struct err *e)
{
	struct stat s;

	if (stat(dir, &s))
		return fail(e, dir, "cannot be read", "check the path of --tls-dir");
	if (!S_ISDIR(s.st_mode)) {
		errno = ENOTDIR;
		return fail(e, dir, "is no directory", "name a directory with --tls-dir");
	}
	if (s.st_mode & (S_IWGRP | S_IWOTH)) {
		err_set(e, -EPERM, "%.200s: others may write to it", dir);
		err_cause(e, "its mode is %03o; keys in it could be replaced", s.st_mode & 0777u);
		err_fix(e, "chmod 0700 %.200s", dir);
		return -EPERM;
	}
	return 0;
}

static int make_folder(const char *dir, struct err *e)
{
	if (!*dir) {
		errno = ENOENT;
		return fail(e, "--tls-dir", "is empty", "name a directory with --tls-dir");
	}
	if (make_parents(dir) || (mkdir(dir, 0700) && errno != EEXIST))
		return fail(e, dir, "cannot be made", "check who may write to the directory above");
	return check_folder(dir, e);
}

static int lock_folder(const char *dir, int *ret_fd, struct err *e)
{
	scoped(freep) char *path = mem_printf("%s/.lock", dir);
	scoped(closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fail(e, path, "cannot be opened", "check the directory's owner");
	while (flock(fd, LOCK_EX)) {
		if (errno != EINTR)
			return fail(e, path, "cannot be locked", "keep the directory on a local disk");
	}
	*ret_fd = take_fd(fd);
	return 0;
}

static bool missing(const char *path)
{
	return access(path, F_OK) && errno == ENOENT;
}

/* Half a CA is never completed and a broken one never replaced: others may trust it already. */
static int ensure_ca(struct place *p)
{
	scoped(issue_done) struct issue_pair ca = { 0 };

	if (!missing(p->ca_cert))
		return 0;
	if (!missing(p->ca_key)) {
		err_set(p->e, -ENOENT, "%.200s: is missing", p->ca_cert);
		err_cause(p->e, "the key of this CA is there, its certificate is not");
		err_fix(p->e, "put ca.crt back, or remove ca.key to begin with a new CA");
		return -ENOENT;
	}
	int error = issue_ca(p->now, &ca, p->e);
	if (!error)
		error = pem_write_key(p->ca_key, ca.key, p->e);
	if (!error)
		error = pem_write_cert(p->ca_cert, ca.cert, p->e);
	if (error)
		unlink(p->ca_key); /* half a CA would stand in the way of the next start */
	return error;
}

static int read_ca(struct place *p, struct issue_pair *ret_ca)
{
	scoped(pem_free_certs) STACK_OF(X509) *certs = NULL;
	int error = check_at(p->now, p->ca_cert, p->ca_key, p->ca_cert, NULL, p->e);

	if (!error)
		error = pem_read_certs(p->ca_cert, &certs, p->e);
	if (!error)
		error = pem_read_key(p->ca_key, &ret_ca->key, p->e);
	if (!error)
		ret_ca->cert = sk_X509_shift(certs);
	return error;
}

/* The key goes first: a crash between the two leaves a pair that does not match, made anew then. */
static int make_leaf(struct place *p, const char *name, const char *cert, const char *key)
{
	scoped(issue_done) struct issue_pair ca = { 0 }, leaf = { 0 };
	int error = read_ca(p, &ca);

	if (!error)
		error = issue_leaf(p->now, &ca, name, &leaf, p->e);
	if (!error)
		error = pem_write_key(key, leaf.key, p->e);
	return error ? error : pem_write_cert(cert, leaf.cert, p->e);
}

/* Without the CA's key nothing can be made: certificates that somebody put here are used as long as
 * they are valid, and the complaint about a broken one is the one to show. */
static int ensure_leaf(struct place *p, const char *name)
{
	scoped(freep) char *cert = mem_printf("%s/%s.crt", p->dir, name);
	scoped(freep) char *key = mem_printf("%s/%s.key", p->dir, name);
	int64_t days = 0;
	int error = check_at(p->now, cert, key, p->ca_cert, &days, p->e);

	if (!error && days >= PKI_RENEW_DAYS)
		return 0;
	if (missing(p->ca_key) || error == -EACCES || error == -EPERM)
		return error;
	return make_leaf(p, name, cert, key);
}

static int check_name(const char *name, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	if (name[0] && name[strspn(name, allowed)] == '\0' && strlen(name) < 64 && strcmp(name, "ca") != 0)
		return 0;
	err_set(e, -EINVAL, "\"%.80s\" is no name for a certificate", name);
	err_cause(e, "it becomes a DNS name and the name of two files");
	err_fix(e, "use lower-case letters, digits and hyphens; \"ca\" is taken");
	return -EINVAL;
}

int pki_ensure(const char *dir, const char *const *names, size_t n, struct err *e)
{
	scoped(place_done) struct place p = { dir, NULL, NULL, time(NULL), e };
	scoped(closep) int lock = -1;
	int error = 0;

	pem_begin();
	for (size_t i = 0; i < n && !error; i++)
		error = check_name(names[i], e);
	if (!error)
		error = make_folder(dir, e);
	if (!error)
		error = lock_folder(dir, &lock, e);
	if (error)
		return error;
	p.ca_cert = mem_printf("%s/ca.crt", dir);
	p.ca_key = mem_printf("%s/ca.key", dir);
	error = ensure_ca(&p);
	for (size_t i = 0; i < n && !error; i++)
		error = ensure_leaf(&p, names[i]);
	return error;
}

int pki_share(const char *dir, const char *name, gid_t group, struct err *e)
{
	scoped(freep) char *path = mem_printf("%s/%s.key", dir, name);
	scoped(closep) int key = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (key < 0 || fchown(key, (uid_t)-1, group) || fchmod(key, 0640))
		return fail(e, path, "cannot be shared with the program's group", "check its owner");
	if (stat(dir, &st) || chmod(dir, (st.st_mode & 07777) | S_IXUSR | S_IXGRP | S_IXOTH))
		return fail(e, dir, "cannot be opened to the program's group", "check its owner");
	return 0;
}
