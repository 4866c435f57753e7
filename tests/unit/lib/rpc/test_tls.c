/* SPDX-License-Identifier: Apache-2.0 */
/* Mutual TLS: who is let in, who is not and hears why, and renewed certificates. */
#include <dirent.h>

#include "unit/lib/rpc/certificates.h"
#include "unit/lib/rpc/echo.h"

struct pem { /* paths of one party */
	char cert[160], key[160], ca[160];
	struct rpc_tls tls;
};

struct fixture {
	struct echo e;
	struct authority ca, other;
	struct pem server;
};

static void pem(struct pem *p, const char *dir, const char *name, const char *ca)
{
	*p = (struct pem){ 0 };
	if (name) {
		snprintf(p->cert, sizeof(p->cert), "%s/%s.crt", dir, name);
		snprintf(p->key, sizeof(p->key), "%s/%s.key", dir, name);
		p->tls.cert = p->cert;
		p->tls.key = p->key;
	}
	snprintf(p->ca, sizeof(p->ca), "%s/%s.crt", dir, ca);
	p->tls.ca = p->ca;
}

static void begin_with(struct fixture *f, struct wish w)
{
	struct rpc_server_options o;

	echo_init(&f->e, true);
	f->ca = authority_new(f->e.dir, "ca");
	f->other = authority_new(f->e.dir, "other");
	leaf(f->e.dir, "server", &f->ca, w);
	leaf(f->e.dir, "client", &f->ca,
	     (struct wish){ .dns = "node-7", .common_name = "unused" });
	pem(&f->server, f->e.dir, "server", "ca");
	o = echo_options(&f->e);
	o.tls = f->server.tls;
	o.tls.require_client_cert = true;
	echo_serve(&f->e, &o);
}

static void begin(struct fixture *f)
{
	begin_with(f, (struct wish){ .dns = "aggregator" });
}

static void finish(struct fixture *f)
{
	struct dirent *d;
	DIR *dir = opendir(f->e.dir);
	char path[400];

	while ((d = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", f->e.dir, d->d_name);
		if (d->d_name[0] != '.')
			unlink(path);
	}
	closedir(dir);
	authority_free(&f->ca);
	authority_free(&f->other);
	echo_end(&f->e);
}

/* One unary call of a fresh client. */
static struct seen ask(struct fixture *f, const struct rpc_tls *tls)
{
	struct seen s = { 0 };
	struct rpc_client *c;

	echo_connect(&f->e, tls);
	c = f->e.client;
	seen_open(&s, &f->e, SNAPSHOT, 20 * S);
	send_query(s.call, 5, 0);
	run_until_closed(&s);
	rpc_client_close(c, NULL, NULL);
	f->e.client = NULL;
	return s;
}

static void mutual(void **state)
{
	struct fixture f;
	struct pem client;
	struct seen s;

	(void)state;
	begin(&f);
	pem(&client, f.e.dir, "client", "ca");
	s = ask(&f, &client.tls);
	assert_int_equal(s.code, RPC_OK);
	assert_int_equal(s.last, 5);
	assert_string_equal(f.e.identity, "node-7");
	client.tls.server_name = "aggregator";
	assert_int_equal(ask(&f, &client.tls).code, RPC_OK);
	finish(&f);
}

static void identity_is_the_common_name_without_dns_names(void **state)
{
	struct fixture f;
	struct pem client;

	(void)state;
	begin(&f);
	leaf(f.e.dir, "plain", &f.ca, (struct wish){ .common_name = "node-8", .no_ip = 1 });
	pem(&client, f.e.dir, "plain", "ca");
	assert_int_equal(ask(&f, &client.tls).code, RPC_OK);
	assert_string_equal(f.e.identity, "node-8");
	finish(&f);
}

static void refuses(struct fixture *f, const struct rpc_tls *tls, const char *text)
{
	struct rpc_counters before, after;
	int opened = f->e.opened;
	struct seen s;

	rpc_counters(&before);
	s = ask(f, tls);
	assert_int_equal(s.code, RPC_UNAVAILABLE);
	if (!strstr(s.text, text))
		print_error("expected \"%s\" in: %s\n", text, s.text);
	assert_non_null(strstr(s.text, text));
	assert_int_equal(f->e.opened, opened);
	/* Core tells of the failure from a thread of its own. */
	for (int i = 0; i < 1000; i++) {
		rpc_counters(&after);
		if (after.handshake_errors > before.handshake_errors)
			break;
		run_for(f->e.loop, 10 * MS);
	}
	assert_true(after.handshake_errors > before.handshake_errors);
}

static void bad_clients_are_refused(void **state)
{
	struct fixture f;
	struct pem p;
	struct rpc_tls nothing = { 0 };

	(void)state;
	begin(&f);
	refuses(&f, &nothing, "connection was closed"); /* plain text */
	pem(&p, f.e.dir, NULL, "ca");
	refuses(&f, &p.tls, "connection was closed"); /* no certificate */
	leaf(f.e.dir, "stranger", &f.other, (struct wish){ .dns = "node-7" });
	pem(&p, f.e.dir, "stranger", "ca");
	refuses(&f, &p.tls, "connection was closed");
	leaf(f.e.dir, "expired", &f.ca,
	     (struct wish){ .dns = "node-7", .from_s = -7200, .until_s = -3600 });
	pem(&p, f.e.dir, "expired", "ca");
	refuses(&f, &p.tls, "connection was closed");
	pem(&p, f.e.dir, "client", "ca");
	assert_int_equal(ask(&f, &p.tls).code, RPC_OK);
	finish(&f);
}

static void bad_servers_are_refused(void **state)
{
	struct fixture f;
	struct pem p;

	(void)state;
	begin(&f);
	pem(&p, f.e.dir, "client", "other");
	refuses(&f, &p.tls, "not signed by this CA, has expired");
	finish(&f);
	begin_with(&f, (struct wish){ .dns = "aggregator", .from_s = -7200, .until_s = -3600 });
	pem(&p, f.e.dir, "client", "ca");
	refuses(&f, &p.tls, "not signed by this CA, has expired");
	finish(&f);
}

static void name_must_match(void **state)
{
	struct fixture f;
	struct pem p;
	struct seen s;

	(void)state;
	begin(&f);
	pem(&p, f.e.dir, "client", "ca");
	p.tls.server_name = "somebody-else";
	s = ask(&f, &p.tls);
	assert_int_equal(s.code, RPC_UNAVAILABLE);
	assert_non_null(strstr(s.text, "for another name"));
	finish(&f);
}

static void tls_to_a_plain_port(void **state)
{
	struct fixture f;
	struct pem p;
	struct rpc_server_options o;
	struct seen s;

	(void)state;
	echo_init(&f.e, true);
	f.ca = authority_new(f.e.dir, "ca");
	f.other = authority_new(f.e.dir, "other");
	leaf(f.e.dir, "client", &f.ca, (struct wish){ .dns = "node-7" });
	o = echo_options(&f.e);
	echo_serve(&f.e, &o);
	pem(&p, f.e.dir, "client", "ca");
	s = ask(&f, &p.tls);
	assert_int_equal(s.code, RPC_UNAVAILABLE);
	assert_non_null(strstr(s.text, "plain text, not TLS"));
	finish(&f);
}

static void unreadable_files_are_explained(void **state)
{
	struct rpc_tls missing = { .cert = "/nonexistent.crt", .key = "/nonexistent.key" };
	struct rpc_tls half = { .cert = "/etc/hostname" };
	struct rpc_client *c;
	struct rpc_server *s;
	struct err err;
	struct loop *l = loop_new();
	struct rpc_server_options so = { .address = "127.0.0.1:0", .tls = missing };
	struct rpc_client_options co = { .address = "127.0.0.1:1", .tls = half };

	(void)state;
	assert_int_equal(rpc_server_start(l, &so, &s, &err), -ENOENT);
	assert_non_null(strstr(err.what, "/nonexistent.crt"));
	assert_true(err.fix[0]);
	assert_int_equal(rpc_client_new(l, &co, &c, &err), -EINVAL);
	assert_non_null(strstr(err.cause, "only the certificate"));
	loop_free(l);
}

/* A new CA signs new pairs for both sides: new connections use them, without a restart. */
static void renewed_certificates_are_used(void **state)
{
	struct fixture f;
	struct pem fresh;
	struct seen s = { .code = RPC_UNKNOWN };

	(void)state;
	begin(&f);
	leaf(f.e.dir, "fresh", &f.other, (struct wish){ .dns = "node-9" });
	pem(&fresh, f.e.dir, "fresh", "other");
	assert_int_equal(ask(&f, &fresh.tls).code, RPC_UNAVAILABLE);
	leaf(f.e.dir, "server", &f.other, (struct wish){ .dns = "aggregator" });
	write_pem(f.e.dir, "ca", "crt", f.other.cert, NULL);
	for (int i = 0; i < 300 && s.code != RPC_OK; i++) {
		run_for(f.e.loop, 100 * MS);
		s = ask(&f, &fresh.tls);
	}
	assert_int_equal(s.code, RPC_OK);
	assert_string_equal(f.e.identity, "node-9");
	finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutual),
		cmocka_unit_test(identity_is_the_common_name_without_dns_names),
		cmocka_unit_test(bad_clients_are_refused),
		cmocka_unit_test(bad_servers_are_refused),
		cmocka_unit_test(name_must_match),
		cmocka_unit_test(tls_to_a_plain_port),
		cmocka_unit_test(unreadable_files_are_explained),
		cmocka_unit_test(renewed_certificates_are_used),
	};
	return cmocka_run_group_tests(tests, echo_setup, echo_teardown);
}
