/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/tls.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"
#include "pki/pki.h"

#define LEAF "ctl" /* the aggregator makes it beside its own */

static bool own_files(const struct ctl_options *o)
{
	return *o->tls_cert || *o->tls_key || *o->tls_ca;
}

void tls_names(const struct ctl_options *o, struct tls_files *ret)
{
	if (own_files(o))
		*ret = (struct tls_files){mem_strdup(o->tls_cert), mem_strdup(o->tls_key),
					  mem_strdup(o->tls_ca)};
	else
		*ret = (struct tls_files){mem_printf("%s/" LEAF ".crt", o->tls_dir),
					  mem_printf("%s/" LEAF ".key", o->tls_dir),
					  mem_printf("%s/ca.crt", o->tls_dir)};
}

void tls_done(struct tls_files *f)
{
	free(f->cert);
	free(f->key);
	free(f->ca);
	*f = (struct tls_files){0};
}

static int check_given(const struct ctl_options *o, struct err *e)
{
	if (!own_files(o) || (*o->tls_cert && *o->tls_key && *o->tls_ca))
		return 0;
	err_set(e, -EINVAL, "--tls-cert, --tls-key and --tls-ca belong together");
	err_cause(e, "one of them is missing");
	return err_fix(e, "give all three, or none to use --tls-dir");
}

/* Where the local CA lives, its owner may have a certificate at any time. */
static void make_own(const struct ctl_options *o)
{
	static const char *const names[] = {LEAF};
	scoped(freep) char *ca_key = mem_printf("%s/ca.key", o->tls_dir);
	struct err ignored; /* the check that follows says what is wrong */

	if (!own_files(o) && access(ca_key, R_OK | W_OK) == 0)
		(void)pki_ensure(o->tls_dir, names, 1, &ignored);
}

static int check_files(const struct ctl_options *o, const struct tls_files *f, struct err *e)
{
	int r = pki_check(f->cert, f->key, f->ca, NULL, e);

	if (r == 0)
		return 0;
	if (!own_files(o) && (r == -ENOENT || r == -EACCES))
		err_fix(e,
			"copy ca.crt, ctl.crt and ctl.key from the aggregator's --tls-dir to "
			"%.120s, or name yours with --tls-cert, --tls-key and --tls-ca; --insecure "
			"is for servers of plain text",
			o->tls_dir);
	e->code = -EINVAL; /* whatever is wrong with them: nobody was asked yet */
	return -EINVAL;
}

int tls_choose(const struct ctl_options *o, const char *address, struct tls_files *ret,
	       struct err *e)
{
	struct tls_files f;
	int r = check_given(o, e);

	if (r < 0)
		return r;
	*ret = (struct tls_files){0};
	if (o->insecure || strncmp(address, "unix:", 5) == 0)
		return 0;
	make_own(o);
	tls_names(o, &f);
	r = check_files(o, &f, e);
	if (r < 0)
		tls_done(&f);
	else
		*ret = f;
	return r;
}
