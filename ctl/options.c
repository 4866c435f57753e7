/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/options.h"

#include <stddef.h>

static const struct opt_desc rows[] = {
#define OPTION_AS(member, type, name, letter, fallback, min, max, unit, help)                      \
	{OPT_##type, #name, letter, offsetof(struct ctl_options, member), fallback, min,           \
	 max,        unit,  help},
#define OPTION(type, field, ...) OPTION_AS(field, type, field, __VA_ARGS__)
#include "ctl/options.def"
#undef OPTION
#undef OPTION_AS
};

const struct opt_table ctl_option_table = {
	.program = "plimsoll",
	.summary = "shows what every workload uses, what was decided for it and why",
	.prose = "Commands: top, get, watch, decisions, explain, pause, resume, status, doctor, "
		 "version, "
		 "completion, help. \"plimsoll help COMMAND\" describes one.\n\n"
		 "Without --server it asks the aggregator's socket /run/plimsoll/aggregator.sock "
		 "if that "
		 "is there, else the agent's /run/plimsoll/agent.sock.\n\n"
		 "What was not measured shows as a dash in tables and as null in JSON and YAML, "
		 "never as "
		 "0.\n\n"
		 "Exit codes: 0 fine, 1 failed or doctor found a failure, 2 wrong usage, 3 the "
		 "daemon "
		 "cannot be reached, 130 ended by Ctrl-C.",
	.rows = rows,
	.n = sizeof(rows) / sizeof(rows[0]),
	.section = 1,
};
