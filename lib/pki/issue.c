/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/issue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "pki/pki.h"

#define SERIAL_BITS 159 /* RFC 5280, 4.1.2.2: at most 20 bytes, and positive */
#define BACKDATE_S 300  /* clocks of one fleet differ a little; a fresh certificate should still be valid */
#define MAX_DNS 253     /* RFC 1035, 2.3.4, without the final dot */

scope_define(GENERAL_NAMES, GENERAL_NAMES_free)

static void bn_freep(BIGNUM **b)
{
	BN_free(*b);
}

int issue_err(struct err *e, int code, const char *what)
{
	char cause[200];

	ERR_error_string_n(ERR_get_error(), cause, sizeof(cause));
	ERR_clear_error();
	err_set(e, code, "%.200s", what);
	return err_cause(e, "%s", cause), code;
}

void issue_done(struct issue_pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
	*p = (struct issue_pair){ 0 };
}

static bool set_serial(X509 *cert)
{
	scoped(bn_freep) BIGNUM *n = BN_new();

	return n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
	       BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
}

static bool set_subject(X509 *cert, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	const unsigned char *text = (const unsigned char *)name;

	return X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
					  (const unsigned char *)"plimsoll", -1, -1, 0) &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0);
}

static bool set_times(X509 *cert, time_t now, int days)
{
	return X509_time_adj_ex(X509_getm_notBefore(cert), 0, -BACKDATE_S, &now) &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, &now);
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	bool added = x && X509_add_ext(cert, x, -1);
	X509_EXTENSION_free(x);
	return added;
}

static bool add_dns(GENERAL_NAMES *names, const char *name)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (!g || !text || !ASN1_STRING_set(text, name, -1) || !sk_GENERAL_NAME_push(names, g)) {
		GENERAL_NAME_free(g);
		ASN1_IA5STRING_free(text);
		return false;
	}
	GENERAL_NAME_set0_value(g, GEN_DNS, text);
	return true;
}

static bool add_address(GENERAL_NAMES *names, int family, const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	int n = family == AF_INET ? 4 : 16;

	if (!g || !value || inet_pton(family, text, bytes) != 1 ||
	    !ASN1_OCTET_STRING_set(value, bytes, n) || !sk_GENERAL_NAME_push(names, g)) {
		GENERAL_NAME_free(g);
		ASN1_OCTET_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(g, GEN_IPADD, value);
	return true;
}

/* Built by hand and not from a "DNS:…,IP:…" text: no name can smuggle in another one. */
static bool add_names(X509 *cert, const char *name)
{
	scoped(GENERAL_NAMES_freep) GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	char host[MAX_DNS + 1] = "";

	if (gethostname(host, sizeof(host) - 1))
		host[0] = '\0';
	bool added = names && add_dns(names, name) && add_dns(names, "localhost");
	if (added && host[0] && strcmp(host, name) != 0 && strcmp(host, "localhost") != 0)
		added = add_dns(names, host);
	return added && add_address(names, AF_INET, "127.0.0.1") &&
	       add_address(names, AF_INET6, "::1") &&
	       X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
}

static bool fill(struct issue_pair *p, time_t now, const char *name, int days)
{
	p->key = EVP_EC_gen("P-256");
	p->cert = X509_new();
	return p->key && p->cert && X509_set_version(p->cert, X509_VERSION_3) &&
	       set_serial(p->cert) && set_subject(p->cert, name) && set_times(p->cert, now, days) &&
	       X509_set_pubkey(p->cert, p->key);
}

static bool make_ca(struct issue_pair *p, time_t now)
{
	return fill(p, now, "plimsoll local CA", PKI_CA_DAYS) &&
	       X509_set_issuer_name(p->cert, X509_get_subject_name(p->cert)) &&
	       add_extension(p->cert, p->cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(p->cert, p->cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(p->cert, p->cert, NID_subject_key_identifier, "hash") &&
	       add_extension(p->cert, p->cert, NID_authority_key_identifier, "keyid:always") &&
	       X509_sign(p->cert, p->key, EVP_sha256());
}

static bool bound_by(X509 *cert, const X509 *ca)
{
	const ASN1_TIME *end = X509_get0_notAfter(ca);

	return ASN1_TIME_compare(X509_get0_notAfter(cert), end) <= 0 || X509_set1_notAfter(cert, end);
}

static bool make_leaf(struct issue_pair *p, time_t now, const struct issue_pair *ca, const char *name)
{
	return fill(p, now, name, PKI_LEAF_DAYS) && bound_by(p->cert, ca->cert) &&
	       X509_set_issuer_name(p->cert, X509_get_subject_name(ca->cert)) &&
	       add_extension(p->cert, ca->cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(p->cert, ca->cert, NID_key_usage, "critical,digitalSignature") &&
	       add_extension(p->cert, ca->cert, NID_ext_key_usage, "serverAuth,clientAuth") &&
	       add_extension(p->cert, ca->cert, NID_subject_key_identifier, "hash") &&
	       add_extension(p->cert, ca->cert, NID_authority_key_identifier, "keyid:always") &&
	       add_names(p->cert, name) && X509_sign(p->cert, ca->key, EVP_sha256());
}

static int finish(bool made, struct issue_pair *p, struct issue_pair *ret, const char *what,
		  struct err *e)
{
	if (!made) {
		issue_done(p);
		return issue_err(e, -EIO, what);
	}
	*ret = *p;
	return 0;
}

int issue_ca(time_t now, struct issue_pair *ret_ca, struct err *e)
{
	struct issue_pair p = { 0 };
	return finish(make_ca(&p, now), &p, ret_ca, "no CA certificate could be made", e);
}

int issue_leaf(time_t now, const struct issue_pair *ca, const char *name, struct issue_pair *ret_leaf,
	       struct err *e)
{
	struct issue_pair p = { 0 };
	return finish(make_leaf(&p, now, ca, name), &p, ret_leaf, "no certificate could be made", e);
}
