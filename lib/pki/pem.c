/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/scope.h"
#include "pki/issue.h"

void pem_begin(void)
{
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

static void bio_freep(BIO **b)
{
	BIO_free(*b);
}

void pem_free_certs(STACK_OF(X509) **certs)
{
	sk_X509_pop_free(*certs, X509_free);
	*certs = NULL;
}

static int unreadable(const char *path, int code, struct err *e)
{
	err_set(e, code, "%.200s: %s", path, code == -ENOENT ? "is missing" : "cannot be read");
	err_cause(e, "%s", strerror(-code));
	err_fix(e, code == -ENOENT ? "check the path; --tls-dir makes certificates where there are none" :
				     "check who may read it: ls -l");
	return code;
}

static int garbage(const char *path, const char *wanted, struct err *e)
{
	ERR_clear_error();
	err_set(e, -EBADMSG, "%.200s: holds no %s", path, wanted);
	err_cause(e, "the file is not in PEM form, is damaged or is locked with a passphrase");
	err_fix(e, "put the right file there, in PEM form and without a passphrase");
	return -EBADMSG;
}

static int open_file(const char *path, FILE **ret_file, struct err *e)
{
	FILE *f = fopen(path, "re");
	struct stat s;

	if (!f)
		return unreadable(path, -errno, e);
	if (fstat(fileno(f), &s) || !S_ISREG(s.st_mode)) {
		fclose(f);
		return unreadable(path, S_ISDIR(s.st_mode) ? -EISDIR : -EINVAL, e);
	}
	*ret_file = f;
	return 0;
}

/* No terminal in a daemon: a passphrase is an error and not a question. */
static int no_passphrase(char *buf, int size, int writing, void *data)
{
	(void)buf, (void)size, (void)writing, (void)data;
	return -1;
}

int pem_read_certs(const char *path, STACK_OF(X509) **ret_certs, struct err *e)
{
	scoped(fclosep) FILE *f = NULL;
	scoped(pem_free_certs) STACK_OF(X509) *certs = sk_X509_new_null();
	int error = open_file(path, &f, e);
	X509 *cert;

	if (error)
		return error;
	while (certs && (cert = PEM_read_X509(f, NULL, no_passphrase, NULL))) {
		if (!sk_X509_push(certs, cert))
			X509_free(cert);
	}
	/* The end of the file is an error to OpenSSL; a damaged block after a good one is one to us. */
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (!certs || !sk_X509_num(certs) || !ended)
		return garbage(path, "certificate", e);
	ERR_clear_error();
	*ret_certs = take(certs);
	return 0;
}

int pem_read_key(const char *path, EVP_PKEY **ret_key, struct err *e)
{
	scoped(fclosep) FILE *f = NULL;
	int error = open_file(path, &f, e);

	if (error)
		return error;
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	if (!key)
		return garbage(path, "private key", e);
	*ret_key = key;
	return 0;
}

static int unwritable(const char *path, struct err *e)
{
	int code = errno ? -errno : -EIO;

	err_set(e, code, "%.200s: cannot be written", path);
	err_cause(e, "%s", strerror(-code));
	err_fix(e, "check the directory's owner and the space that is left");
	return code;
}

/* A rename is durable only when its directory is. */
static int sync_folder_of(const char *path)
{
	scoped(freep) char *copy = mem_strdup(path);
	scoped(closep) int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

static int fill_file(int fd, const char *bytes, size_t size, mode_t mode)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes += n;
		size -= (size_t)n;
	}
	return fchmod(fd, mode) || fsync(fd) ? -1 : 0;
}

static int write_file(const char *path, BIO *from, mode_t mode, struct err *e)
{
	scoped(freep) char *fresh = mem_printf("%s.XXXXXX", path);
	scoped(closep) int fd = mkostemp(fresh, O_CLOEXEC); /* mode 0600 from the start */
	char *bytes;
	long size = BIO_get_mem_data(from, &bytes);

	if (fd < 0)
		return unwritable(path, e);
	if (fill_file(fd, bytes, (size_t)size, mode) || rename(fresh, path)) {
		int error = unwritable(path, e);

		unlink(fresh);
		return error;
	}
	return sync_folder_of(path) ? unwritable(path, e) : 0;
}

int pem_write_cert(const char *path, X509 *cert, struct err *e)
{
	scoped(bio_freep) BIO *b = BIO_new(BIO_s_mem());

	if (!b || !PEM_write_bio_X509(b, cert))
		return issue_err(e, -EIO, "a certificate cannot be encoded");
	return write_file(path, b, 0644, e);
}

int pem_write_key(const char *path, EVP_PKEY *key, struct err *e)
{
	scoped(bio_freep) BIO *b = BIO_new(BIO_s_secmem());

	if (!b || !PEM_write_bio_PrivateKey(b, key, NULL, NULL, 0, NULL, NULL))
		return issue_err(e, -EIO, "a key cannot be encoded");
	return write_file(path, b, 0600, e);
}
