/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's options, one member a row of options.def. */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "base/opt.h"

struct agent_options {
	char *config, *node, *socket, *listen, *aggregator, *server_name, *user, *cri, *docker, *podman;
	char *tls_dir, *tls_cert, *tls_key, *tls_ca;
	char *log_level, *log_format;
	uint64_t interval, spool, budget_patience; /* ns */
	int64_t max_cgroups, budget, kernel_budget;
	bool insecure, requests, check, version, help;
};

extern const struct opt_table agent_option_table;

/* What the table cannot say: options that need or exclude each other, names that are no names. Fills
 * in the node's name. -EINVAL with *e filled. */
int agent_options_check(struct agent_options *o, struct err *e);
/* Whether anything of this agent speaks TLS. */
bool agent_options_tls(const struct agent_options *o);

#endif
