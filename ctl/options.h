/* SPDX-License-Identifier: Apache-2.0 */
/* The CLI's options, one member a row of options.def. All commands share the table; ctl/command.h says
 * which of them a command takes. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include "base/opt.h"

struct ctl_options {
	char *config, *server, *output, *color, *sort, *why, *root;
	struct opt_list policy, compare;
	char *trace, *svg;
	uint64_t startup, idle;
	int64_t capacity, slo;
	char *tls_dir, *tls_cert, *tls_key, *tls_ca, *server_name;
	uint64_t timeout, since, pause_for; /* ns */
	int64_t seconds, limit;
	bool watch, no_headers, holds, insecure, version, help;
};

extern const struct opt_table ctl_option_table;

#endif
