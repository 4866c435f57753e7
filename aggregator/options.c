/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/options.h"

static const struct opt_desc rows[] = {
#define OPTION(type, field, letter, fallback, min, max, unit, help)                                \
	{OPT_##type, #field, letter, offsetof(struct aggregator_options, field), fallback, min,    \
	 max,        unit,   help},
#include "aggregator/options.def"
#undef OPTION
};

const struct opt_table aggregator_option_table = {
	.program = "plimsoll-aggregator",
	.summary = "collects what Plimsoll agents measure and decides how many replicas run",
	.prose = "Agents push their samples to --listen, or the aggregator subscribes to them with "
		 "--scrape. Each second it puts them together by workload and, for every "
		 "ScalingPolicy given with --policy, decides how many replicas there should be, "
		 "writes down why, and acts through the policy's actuator.\n\n"
		 "Decisions are kept in --state-dir. Samples are kept in memory only: after a "
		 "restart the agents send the last minutes again.",
	.rows = rows,
	.n = sizeof(rows) / sizeof(rows[0]),
	.section = 8,
};
