/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PEM files. Reading says in plain words what is wrong; writing is atomic (a new file is synced, then
 * renamed over the old one), keys get mode 0600 and certificates 0644.
 */
#ifndef PKI_PEM_H
#define PKI_PEM_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/err.h"

/* To come before any other use of OpenSSL: it is not to clean up at exit, when threads of gRPC, which nobody can wait
 * for, may still use it, and own what it would forget. */
void pem_begin(void);

/* All certificates of a file, at least one; the caller's. -ENOENT and other errno: cannot be read,
 * -EBADMSG: holds no certificate. */
int pem_read_certs(const char *path, STACK_OF(X509) **ret_certs, struct err *e);
int pem_read_key(const char *path, EVP_PKEY **ret_key, struct err *e); /* never asks for a passphrase */
int pem_write_cert(const char *path, X509 *cert, struct err *e);
int pem_write_key(const char *path, EVP_PKEY *key, struct err *e);
void pem_free_certs(STACK_OF(X509) **certs); /* for scoped() */

#endif
