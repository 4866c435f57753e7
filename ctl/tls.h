/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates the CLI shows to a server, and whether it needs any. */
#ifndef CTL_TLS_H
#define CTL_TLS_H

#include "ctl/options.h"

struct tls_files { /* all NULL: plain text */
	char *cert, *key, *ca;
};

/* Files for `address`, checked; with the local CA's key at hand a missing or old certificate is made.
 * -EINVAL with *e filled when they will not do, nothing to free then. */
int tls_choose(const struct ctl_options *o, const char *address, struct tls_files *ret, struct err *e);
void tls_done(struct tls_files *f); /* also for scoped() */
/* Names the files that tls_choose() would take over the network, without reading them. */
void tls_names(const struct ctl_options *o, struct tls_files *ret);

#endif
