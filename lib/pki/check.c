/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/check.h"

#include <errno.h>
#include <stdbool.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <time.h>

#include "pki/issue.h"
#include "pki/pem.h"
#include "pki/pki.h"

#define SECONDS_PER_DAY 86400

struct files {
	const char *cert, *key, *ca;
	time_t now;
	struct err *e;
};

static void store_freep(X509_STORE **s)
{
	X509_STORE_free(*s);
}

static void context_freep(X509_STORE_CTX **c)
{
	X509_STORE_CTX_free(*c);
}

static time_t when(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? timegm(&tm) : 0;
}

static void day_of(const ASN1_TIME *t, char *ret_text, size_t size)
{
	time_t at = when(t);
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(ret_text, size, "%Y-%m-%d %H:%M UTC", &tm);
}

static int untimely(const struct files *f, const char *path, const X509 *cert)
{
	bool expired = when(X509_get0_notAfter(cert)) < f->now;
	char day[32];

	day_of(expired ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert), day, sizeof(day));
	err_set(f->e, expired ? -EKEYEXPIRED : -EKEYREJECTED, "%.200s: %s", path,
		expired ? "the certificate has expired" : "the certificate is not yet valid");
	err_cause(f->e, "it is valid %s %s", expired ? "until" : "from", day);
	err_fix(f->e, expired ? "renew it; with --tls-dir a restart does that" :
				"check this machine's clock");
	return expired ? -EKEYEXPIRED : -EKEYREJECTED;
}

static int check_times(const struct files *f, const char *path, const X509 *cert)
{
	bool valid = when(X509_get0_notBefore(cert)) <= f->now && f->now <= when(X509_get0_notAfter(cert));
	return valid ? 0 : untimely(f, path, cert);
}

static int stranger(const struct files *f, int reason)
{
	err_set(f->e, -EKEYREJECTED, "%.120s: not signed by the CA in %.120s", f->cert, f->ca);
	err_cause(f->e, "%s", X509_verify_cert_error_string(reason));
	err_fix(f->e, "use certificate and CA of the same place, or remove the certificate so that "
		      "--tls-dir makes a new one");
	return -EKEYREJECTED;
}

static int check_chain(const struct files *f, STACK_OF(X509) *certs, STACK_OF(X509) *cas)
{
	scoped(store_freep) X509_STORE *store = X509_STORE_new();
	scoped(context_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();

	for (int i = 0; store && i < sk_X509_num(cas); i++)
		X509_STORE_add_cert(store, sk_X509_value(cas, i));
	if (!store || !context ||
	    !X509_STORE_CTX_init(context, store, sk_X509_value(certs, 0), certs))
		return issue_err(f->e, -EIO, "certificates cannot be checked");
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context), f->now);
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	int valid = X509_verify_cert(context), reason = X509_STORE_CTX_get_error(context);
	ERR_clear_error();
	return valid == 1 ? 0 : stranger(f, reason);
}

static int check_key(const struct files *f, X509 *cert)
{
	scoped(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	int error = pem_read_key(f->key, &key, f->e);

	if (error || X509_check_private_key(cert, key) == 1)
		return error;
	ERR_clear_error();
	err_set(f->e, -EKEYREJECTED, "%.120s: the key does not belong to %.120s", f->key, f->cert);
	err_cause(f->e, "the certificate was made for another key");
	err_fix(f->e, "put key and certificate of one pair there");
	return -EKEYREJECTED;
}

int check_at(time_t now, const char *cert, const char *key, const char *ca, int64_t *ret_days_left,
	     struct err *e)
{
	struct files f = { cert, key, ca, now, e };
	scoped(pem_free_certs) STACK_OF(X509) *certs = NULL;
	scoped(pem_free_certs) STACK_OF(X509) *cas = NULL;
	int error = pem_read_certs(ca, &cas, e);

	if (!error)
		error = check_times(&f, ca, sk_X509_value(cas, 0));
	if (!error)
		error = pem_read_certs(cert, &certs, e);
	if (!error)
		error = check_key(&f, sk_X509_value(certs, 0));
	if (!error)
		error = check_times(&f, cert, sk_X509_value(certs, 0));
	if (!error)
		error = check_chain(&f, certs, cas);
	if (!error && ret_days_left)
		*ret_days_left = (when(X509_get0_notAfter(sk_X509_value(certs, 0))) - now) /
				 SECONDS_PER_DAY;
	return error;
}

int pki_check(const char *cert, const char *key, const char *ca, int64_t *ret_days_left,
	      struct err *e)
{
	pem_begin();
	return check_at(time(NULL), cert, key, ca, ret_days_left, e);
}
