/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/tls.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "pki/pki.h"

static bool own_files(const struct aggregator_options *o)
{
	return *o->tls_cert || *o->tls_key || *o->tls_ca;
}

int tls_options(const struct aggregator_options *o, struct err *e)
{
	if (!own_files(o))
		return 0;
	if (o->insecure) {
		err_set(e, -EINVAL, "--insecure and own certificates contradict each other");
		return err_fix(e, "leave --insecure away, or --tls-cert, --tls-key and --tls-ca");
	}
	if (*o->tls_cert && *o->tls_key && *o->tls_ca)
		return 0;
	err_set(e, -EINVAL, "--tls-cert, --tls-key and --tls-ca belong together");
	err_cause(e, "one of them is missing");
	return err_fix(e, "give all three, or none to use --tls-dir");
}

int tls_ensure(const struct aggregator_options *o, struct err *e)
{
	static const char *const names[] = {"aggregator", "agent", "ctl"};

	if (o->insecure)
		return 0;
	if (own_files(o))
		return pki_check(o->tls_cert, o->tls_key, o->tls_ca, NULL, e);
	return pki_ensure(o->tls_dir, names, sizeof(names) / sizeof(names[0]), e);
}

static struct rpc_tls files(const struct aggregator_options *o)
{
	if (o->insecure)
		return (struct rpc_tls){0};
	if (own_files(o))
		return (struct rpc_tls){.cert = mem_strdup(o->tls_cert),
					.key = mem_strdup(o->tls_key),
					.ca = mem_strdup(o->tls_ca)};
	return (struct rpc_tls){.cert = mem_printf("%s/aggregator.crt", o->tls_dir),
				.key = mem_printf("%s/aggregator.key", o->tls_dir),
				.ca = mem_printf("%s/ca.crt", o->tls_dir)};
}

struct rpc_tls tls_server(const struct aggregator_options *o)
{
	struct rpc_tls t = files(o);

	t.require_client_cert = !o->insecure;
	return t;
}

struct rpc_tls tls_to_agents(const struct aggregator_options *o)
{
	struct rpc_tls t = files(o);

	/* The local CA knows every agent by this name; other CAs by the host we dial. */
	if (!o->insecure && !own_files(o))
		t.server_name = "agent";
	return t;
}

void tls_done(struct rpc_tls *t)
{
	free((void *)(uintptr_t)t->cert);
	free((void *)(uintptr_t)t->key);
	free((void *)(uintptr_t)t->ca);
	*t = (struct rpc_tls){0};
}
