/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static bool plain(const struct rpc_tls *t)
{
	return !t->cert && !t->key && !t->ca;
}

static int readable(const char *path, const char *what, struct err *e)
{
	if (!path || access(path, R_OK) == 0)
		return 0;
	err_set(e, -errno, "cannot read the %s %s", what, path);
	err_cause(e, "%s", strerror(errno));
	return err_fix(e, "check the path and who may read it, or make certificates with --tls-dir");
}

static int check(const struct rpc_tls *t, struct err *e)
{
	int r;

	if (!t->cert != !t->key) {
		err_set(e, -EINVAL, "a certificate needs its key and a key its certificate");
		err_cause(e, "only the %s is set", t->cert ? "certificate" : "key");
		return err_fix(e, "set both, or neither");
	}
	r = readable(t->cert, "certificate", e);
	if (r == 0)
		r = readable(t->key, "private key", e);
	if (r == 0)
		r = readable(t->ca, "CA certificate", e);
	return r;
}

static grpc_tls_credentials_options *options_from_files(const struct rpc_tls *t)
{
	grpc_tls_credentials_options *o = grpc_tls_credentials_options_create();
	grpc_tls_certificate_provider *files = grpc_tls_certificate_provider_file_watcher_create(
		t->key, t->cert, t->ca, RPC_TLS_RELOAD_S);

	grpc_tls_credentials_options_set_certificate_provider(o, files);
	grpc_tls_certificate_provider_release(files);
	if (t->ca)
		grpc_tls_credentials_options_watch_root_certs(o);
	if (t->cert)
		grpc_tls_credentials_options_watch_identity_key_cert_pairs(o);
	return o;
}

int rpc_tls_server(const struct rpc_tls *t, grpc_server_credentials **ret_c, struct err *e)
{
	grpc_tls_credentials_options *o;
	int r = check(t, e);

	if (r < 0)
		return r;
	if (plain(t)) {
		*ret_c = grpc_insecure_server_credentials_create();
		return 0;
	}
	if (!t->cert || (t->require_client_cert && !t->ca)) {
		err_set(e, -EINVAL, "TLS is not complete");
		err_cause(e, "a server needs a certificate and a key; to check clients also a CA");
		return err_fix(e, "set the missing file");
	}
	o = options_from_files(t);
	grpc_tls_credentials_options_set_cert_request_type(
		o, t->require_client_cert ?
			   GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY :
		   t->ca ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY :
			   GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
	*ret_c = grpc_tls_server_credentials_create(o);
	return 0;
}

static struct shared {
	struct shared *next;
	char *files; /* the three paths */
	unsigned users;
	grpc_channel_credentials *creds;
} *shared;

static char *files_of(const struct rpc_tls *t)
{
	return mem_printf("%s\n%s\n%s", t->cert ? t->cert : "", t->key ? t->key : "",
			  t->ca ? t->ca : "");
}

static grpc_channel_credentials *make(const struct rpc_tls *t)
{
	return plain(t) ? grpc_insecure_credentials_create() :
			  grpc_tls_credentials_create(options_from_files(t));
}

static grpc_channel_credentials *share(const struct rpc_tls *t)
{
	char *files = files_of(t);
	struct shared *s = shared;

	while (s && strcmp(s->files, files) != 0)
		s = s->next;
	if (s) {
		free(files);
	} else {
		s = mem_new(struct shared);
		s->files = files;
		s->creds = make(t);
		s->next = shared;
		shared = s;
	}
	s->users++;
	return s->creds;
}

int rpc_tls_client(const struct rpc_tls *t, grpc_channel_credentials **ret_c, struct err *e)
{
	int r = check(t, e);

	if (r < 0)
		return r;
	if (!plain(t) && !t->ca) {
		err_set(e, -EINVAL, "TLS is not complete");
		err_cause(e, "without a CA the server could be anybody");
		return err_fix(e, "set the CA file");
	}
	*ret_c = share(t);
	return 0;
}

void rpc_tls_client_done(grpc_channel_credentials *c)
{
	struct shared **at = &shared, *s;

	while ((*at)->creds != c)
		at = &(*at)->next;
	s = *at;
	if (--s->users)
		return;
	*at = s->next;
	grpc_channel_credentials_release(s->creds);
	free(s->files);
	free(s);
}
