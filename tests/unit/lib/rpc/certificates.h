/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for tests, good and bad ones: lib/pki makes only good ones. */
#ifndef TEST_CERTIFICATES_H
#define TEST_CERTIFICATES_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct authority {
	X509 *cert;
	EVP_PKEY *key;
};

struct wish { /* for a leaf */
	const char *dns;         /* DNS name, NULL: none; 127.0.0.1 is always there unless no_ip */
	const char *common_name;
	long from_s, until_s;    /* relative to now */
	int no_ip;
};

static inline void extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static inline X509 *certificate(EVP_PKEY *key, const char *name, const struct wish *w,
				const struct authority *by)
{
	static long serial = 1;
	X509 *x = X509_new();
	char names[200];

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x), w->from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), w->until_s);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(by ? by->cert : x));
	if (by) {
		snprintf(names, sizeof(names), "%s%s%s%s", w->dns ? "DNS:" : "",
			 w->dns ? w->dns : "", w->dns && !w->no_ip ? "," : "",
			 w->no_ip ? "" : "IP:127.0.0.1");
		if (names[0])
			extension(x, by->cert, NID_subject_alt_name, names);
	} else {
		extension(x, x, NID_basic_constraints, "critical,CA:TRUE");
	}
	assert_true(X509_sign(x, by ? by->key : key, EVP_sha256()) > 0);
	return x;
}

static inline void write_pem(const char *dir, const char *name, const char *suffix, X509 *x,
			     EVP_PKEY *key)
{
	char path[256], temporary[280];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.%s", dir, name, suffix);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	f = fopen(temporary, "w");
	assert_non_null(f);
	if (x)
		PEM_write_X509(f, x);
	if (key)
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	assert_int_equal(rename(temporary, path), 0);
}

static inline struct authority authority_new(const char *dir, const char *name)
{
	static const struct wish ten_days = { .from_s = -3600, .until_s = 864000 };
	struct authority a = { .key = EVP_EC_gen("P-256") };

	a.cert = certificate(a.key, name, &ten_days, NULL);
	write_pem(dir, name, "crt", a.cert, NULL);
	return a;
}

static inline void authority_free(struct authority *a)
{
	X509_free(a->cert);
	EVP_PKEY_free(a->key);
}

/* DIR/NAME.crt and DIR/NAME.key */
static inline void leaf(const char *dir, const char *name, const struct authority *by,
			struct wish w)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x;

	if (!w.until_s)
		w.until_s = 86400;
	if (!w.from_s)
		w.from_s = -3600;
	x = certificate(key, w.common_name ? w.common_name : name, &w, by);
	write_pem(dir, name, "key", NULL, key);
	write_pem(dir, name, "crt", x, NULL);
	X509_free(x);
	EVP_PKEY_free(key);
}

#endif
