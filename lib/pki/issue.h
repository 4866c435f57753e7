/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes keys and certificates in memory. `now` is a parameter, so that tests can make certificates of
 * any age. Outputs are the caller's; -EIO when OpenSSL fails, with its own words as the cause.
 */
#ifndef PKI_ISSUE_H
#define PKI_ISSUE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <time.h>

#include "base/err.h"
#include "base/scope.h"

scope_define(EVP_PKEY, EVP_PKEY_free)
scope_define(X509, X509_free)

struct issue_pair {
	EVP_PKEY *key;
	X509 *cert;
};

int issue_ca(time_t now, struct issue_pair *ret_ca, struct err *e);
/* A leaf never outlives its CA. */
int issue_leaf(time_t now, const struct issue_pair *ca, const char *name, struct issue_pair *ret_leaf,
	       struct err *e);
void issue_done(struct issue_pair *p); /* also for scoped() */

/* err_set() with the oldest error of OpenSSL's queue as the cause; empties the queue. */
int issue_err(struct err *e, int code, const char *what);

#endif
