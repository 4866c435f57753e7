/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregator's options, one member a row of options.def. */
#ifndef AGGREGATOR_OPTIONS_H
#define AGGREGATOR_OPTIONS_H

#include "base/opt.h"

struct aggregator_options {
	char *config, *listen, *socket, *agents_group, *http, *state_dir;
	char *tls_dir, *tls_cert, *tls_key, *tls_ca;
	char *log_level, *log_format;
	struct opt_list scrape, policy;
	uint64_t tick, hpa_period;
	int64_t agents_max, rows_max, budget;
	bool insecure, check, version, help;
};

extern const struct opt_table aggregator_option_table;

#endif
