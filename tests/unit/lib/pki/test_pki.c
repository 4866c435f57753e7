/* SPDX-License-Identifier: Apache-2.0 */
/* Each case works in its own directory; certificates of any age are made with the internal issue.h. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "pki/check.h"
#include "pki/issue.h"
#include "pki/pem.h"
#include "pki/pki.h"

#define DAY 86400
#define PROCESSES 4

struct fixture {
	char dir[64];
	char *cert, *key, *ca, *ca_key;
	struct err e;
};

static int setup(void **state)
{
	struct fixture *f = mem_new(struct fixture);

	strcpy(f->dir, "/tmp/plimsoll-pki-XXXXXX");
	*state = f;
	if (!mkdtemp(f->dir))
		return -1;
	f->cert = mem_printf("%s/agent.crt", f->dir);
	f->key = mem_printf("%s/agent.key", f->dir);
	f->ca = mem_printf("%s/ca.crt", f->dir);
	f->ca_key = mem_printf("%s/ca.key", f->dir);
	return 0;
}

static void remove_folder(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *entry; d && (entry = readdir(d));)
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	remove_folder(f->dir);
	free(f->cert);
	free(f->key);
	free(f->ca);
	free(f->ca_key);
	free(f);
	return 0;
}

static const char *const agent[] = { "agent" };

static void ensure(struct fixture *f)
{
	if (pki_ensure(f->dir, agent, 1, &f->e))
		fail_msg("%s: %s", f->e.what, f->e.cause);
}

static int check(struct fixture *f)
{
	return pki_check(f->cert, f->key, f->ca, NULL, &f->e);
}

static void refused(struct fixture *f, int code, const char *word)
{
	assert_int_equal(check(f), code);
	if (!strstr(f->e.what, word))
		fail_msg("\"%s\" does not say \"%s\"", f->e.what, word);
	assert_true(f->e.cause[0] && f->e.fix[0]);
}

static char *slurp(const char *path)
{
	char *text = mem_zero(16384);
	FILE *f = fopen(path, "re");

	assert_non_null(f);
	assert_true(fread(text, 1, 16383, f) > 0);
	fclose(f);
	return text;
}

static void spill(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static unsigned mode_of(const char *path)
{
	struct stat s;

	assert_int_equal(stat(path, &s), 0);
	return s.st_mode & 0777;
}

/* CA and leaf as if they had been made `ca_age` and `age` seconds ago. */
static void make(struct fixture *f, time_t ca_age, time_t age)
{
	struct issue_pair ca, leaf;
	time_t now = time(NULL);

	assert_int_equal(issue_ca(now - ca_age, &ca, &f->e), 0);
	assert_int_equal(issue_leaf(now - age, &ca, "agent", &leaf, &f->e), 0);
	assert_int_equal(pem_write_key(f->ca_key, ca.key, &f->e), 0);
	assert_int_equal(pem_write_cert(f->ca, ca.cert, &f->e), 0);
	assert_int_equal(pem_write_key(f->key, leaf.key, &f->e), 0);
	assert_int_equal(pem_write_cert(f->cert, leaf.cert, &f->e), 0);
	issue_done(&ca);
	issue_done(&leaf);
}

static void makes_what_is_missing(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "agent", "aggregator", "ctl" };
	int64_t days = 0;

	rmdir(f->dir);
	assert_int_equal(pki_ensure(f->dir, names, 3, &f->e), 0);
	assert_int_equal(mode_of(f->dir), 0700);
	assert_int_equal(mode_of(f->ca_key), 0600);
	assert_int_equal(mode_of(f->key), 0600);
	assert_int_equal(mode_of(f->cert), 0644);
	assert_int_equal(pki_check(f->cert, f->key, f->ca, &days, &f->e), 0);
	assert_in_range(days, PKI_LEAF_DAYS - 1, PKI_LEAF_DAYS);
	scoped(freep) char *cert = mem_printf("%s/ctl.crt", f->dir);
	scoped(freep) char *key = mem_printf("%s/ctl.key", f->dir);
	assert_int_equal(pki_check(cert, key, f->ca, NULL, &f->e), 0);
}

static void leaf_is_good_for_both_ends(void **state)
{
	struct fixture *f = *state;
	STACK_OF(X509) *certs;

	ensure(f);
	assert_int_equal(pem_read_certs(f->cert, &certs, &f->e), 0);
	X509 *leaf = sk_X509_value(certs, 0);
	assert_int_equal(X509_check_host(leaf, "agent", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(leaf, "localhost", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(leaf, "elsewhere", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(leaf, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(leaf, "::1", 0), 1);
	assert_int_equal(X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0), 1);
	assert_int_equal(X509_check_purpose(leaf, X509_PURPOSE_SSL_CLIENT, 0), 1);
	assert_int_equal(X509_check_ca(leaf), 0);
	pem_free_certs(&certs);
}

static void nothing_good_is_replaced(void **state)
{
	struct fixture *f = *state;

	ensure(f);
	scoped(freep) char *ca = slurp(f->ca), *cert = slurp(f->cert);
	ensure(f);
	scoped(freep) char *ca_after = slurp(f->ca), *cert_after = slurp(f->cert);
	assert_string_equal(ca, ca_after);
	assert_string_equal(cert, cert_after);
}

static void old_leaves_are_renewed(void **state)
{
	struct fixture *f = *state;
	int64_t days = 0;

	make(f, 100 * DAY, (PKI_LEAF_DAYS - PKI_RENEW_DAYS + 1) * DAY);
	assert_int_equal(pki_check(f->cert, f->key, f->ca, &days, &f->e), 0);
	assert_in_range(days, PKI_RENEW_DAYS - 2, PKI_RENEW_DAYS - 1);
	scoped(freep) char *ca = slurp(f->ca);
	ensure(f);
	assert_int_equal(pki_check(f->cert, f->key, f->ca, &days, &f->e), 0);
	assert_in_range(days, PKI_LEAF_DAYS - 1, PKI_LEAF_DAYS);
	scoped(freep) char *ca_after = slurp(f->ca);
	assert_string_equal(ca, ca_after);
}

static void missing_files(void **state)
{
	struct fixture *f = *state;

	refused(f, -ENOENT, "ca.crt: is missing");
	ensure(f);
	unlink(f->key);
	refused(f, -ENOENT, "agent.key: is missing");
	unlink(f->cert);
	refused(f, -ENOENT, "agent.crt: is missing");
	ensure(f);
	assert_int_equal(check(f), 0);
}

static void unreadable_files(void **state)
{
	struct fixture *f = *state;

	ensure(f);
	unlink(f->cert);
	assert_int_equal(mkdir(f->cert, 0700), 0); /* even root cannot read a directory as a file */
	refused(f, -EISDIR, "agent.crt: cannot be read");
	rmdir(f->cert);
}

static void garbage(void **state)
{
	struct fixture *f = *state;

	ensure(f);
	scoped(freep) char *good = slurp(f->cert);
	spill(f->cert, "not a certificate\n");
	refused(f, -EBADMSG, "agent.crt: holds no certificate");
	good[200] = good[200] == 'A' ? 'B' : 'A';
	good[250] = '!';
	spill(f->cert, good);
	refused(f, -EBADMSG, "agent.crt: holds no certificate");
	ensure(f);
	spill(f->key, "");
	refused(f, -EBADMSG, "agent.key: holds no private key");
	ensure(f);
	assert_int_equal(check(f), 0);
	spill(f->ca, "-----BEGIN CERTIFICATE-----\n");
	refused(f, -EBADMSG, "ca.crt: holds no certificate");
	assert_int_equal(pki_ensure(f->dir, agent, 1, &f->e), -EBADMSG); /* a CA is never replaced */
}

static void a_passphrase_is_never_asked_for(void **state)
{
	struct fixture *f = *state;
	EVP_PKEY *key = EVP_EC_gen("P-256");

	ensure(f);
	FILE *file = fopen(f->key, "we");
	assert_true(PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), (unsigned char *)"pass", 4, NULL,
					 NULL));
	fclose(file);
	EVP_PKEY_free(key);
	refused(f, -EBADMSG, "agent.key: holds no private key");
}

static void expired(void **state)
{
	struct fixture *f = *state;

	make(f, 200 * DAY, 91 * DAY);
	refused(f, -EKEYEXPIRED, "agent.crt: the certificate has expired");
	ensure(f);
	assert_int_equal(check(f), 0);
}

static void an_expired_ca_is_not_replaced(void **state)
{
	struct fixture *f = *state;

	make(f, (PKI_CA_DAYS + 1) * (time_t)DAY, 0);
	refused(f, -EKEYEXPIRED, "ca.crt: the certificate has expired");
	assert_int_equal(pki_ensure(f->dir, agent, 1, &f->e), -EKEYEXPIRED);
}

static void not_yet_valid(void **state)
{
	struct fixture *f = *state;

	make(f, 0, -2 * DAY);
	refused(f, -EKEYREJECTED, "agent.crt: the certificate is not yet valid");
	assert_string_equal(f->e.fix, "check this machine's clock");
	assert_int_equal(check_at(time(NULL) + 3 * DAY, f->cert, f->key, f->ca, NULL, &f->e), 0);
}

static void leaves_end_with_their_ca(void **state)
{
	struct fixture *f = *state;
	int64_t days = 0;

	make(f, (PKI_CA_DAYS - 10) * (time_t)DAY, 0);
	assert_int_equal(pki_check(f->cert, f->key, f->ca, &days, &f->e), 0);
	assert_in_range(days, 9, 10);
}

static void key_of_another_pair(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "agent", "ctl" };
	scoped(freep) char *other = mem_printf("%s/ctl.key", f->dir);

	assert_int_equal(pki_ensure(f->dir, names, 2, &f->e), 0);
	assert_int_equal(rename(other, f->key), 0);
	refused(f, -EKEYREJECTED, "the key does not belong to");
}

static void another_ca(void **state)
{
	struct fixture *f = *state;
	struct issue_pair ca;

	ensure(f);
	assert_int_equal(issue_ca(time(NULL), &ca, &f->e), 0); /* same name, other key */
	assert_int_equal(pem_write_cert(f->ca, ca.cert, &f->e), 0);
	refused(f, -EKEYREJECTED, "not signed by the CA in");
	assert_int_equal(pki_ensure(f->dir, agent, 1, &f->e), -EKEYREJECTED); /* ca.key is of the old one */
	assert_int_equal(pem_write_key(f->ca_key, ca.key, &f->e), 0);
	issue_done(&ca);
	ensure(f);
	assert_int_equal(check(f), 0);
}

/* An operator who hands out certificates keeps the CA's key elsewhere. */
static void works_without_the_ca_key(void **state)
{
	struct fixture *f = *state;

	make(f, 100 * DAY, 80 * DAY); /* old enough to be renewed, but nobody can */
	unlink(f->ca_key);
	scoped(freep) char *before = slurp(f->cert);
	ensure(f);
	scoped(freep) char *after = slurp(f->cert);
	assert_string_equal(before, after);
	unlink(f->cert);
	assert_int_equal(pki_ensure(f->dir, agent, 1, &f->e), -ENOENT);
	assert_non_null(strstr(f->e.what, "agent.crt: is missing"));
	unlink(f->ca);
	ensure(f); /* nothing of a CA is left: a new one */
	unlink(f->ca);
	assert_int_equal(pki_ensure(f->dir, agent, 1, &f->e), -ENOENT);
	assert_non_null(strstr(f->e.what, "ca.crt: is missing"));
}

static void bad_places_and_names(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "", "../x", "ca", "Agent", "a,DNS:b" };
	scoped(freep) char *file = mem_printf("%s/file", f->dir);

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(pki_ensure(f->dir, &bad[i], 1, &f->e), -EINVAL);
	assert_int_equal(access(f->ca, F_OK), -1);
	assert_int_equal(pki_ensure("", agent, 1, &f->e), -ENOENT);
	spill(file, "x");
	assert_int_equal(pki_ensure(file, agent, 1, &f->e), -ENOTDIR);
	assert_int_equal(chmod(f->dir, 0777), 0);
	assert_int_equal(pki_ensure(f->dir, agent, 1, &f->e), -EPERM);
	assert_non_null(strstr(f->e.what, "others may write to it"));
}

/* Several programs that start in the same instant agree on one CA. */
static void processes_at_once(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "agent", "aggregator", "ctl", "other" };
	int gate[2], status;
	pid_t pids[PROCESSES];

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i]) {
			char c;

			close(gate[1]);
			if (read(gate[0], &c, 1) < 0)
				_exit(2);
			_exit(pki_ensure(f->dir, &names[i], 1, NULL) ? 1 : 0);
		}
	}
	close(gate[1]); /* all of them read the end of the pipe now */
	close(gate[0]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		scoped(freep) char *cert = mem_printf("%s/%s.crt", f->dir, names[i]);
		scoped(freep) char *key = mem_printf("%s/%s.key", f->dir, names[i]);

		assert_int_equal(pki_check(cert, key, f->ca, NULL, &f->e), 0);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(makes_what_is_missing),
		CASE(leaf_is_good_for_both_ends),
		CASE(nothing_good_is_replaced),
		CASE(old_leaves_are_renewed),
		CASE(missing_files),
		CASE(unreadable_files),
		CASE(garbage),
		CASE(a_passphrase_is_never_asked_for),
		CASE(expired),
		CASE(an_expired_ca_is_not_replaced),
		CASE(not_yet_valid),
		CASE(leaves_end_with_their_ca),
		CASE(key_of_another_pair),
		CASE(another_ca),
		CASE(works_without_the_ca_key),
		CASE(bad_places_and_names),
		CASE(processes_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
