/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The signals of a row as types, made from signals.def: numbers to loop over, names to read by.
 * Everything that carries a row's values, from the probe to the CLI, carries a struct signals or an
 * array of SIGNALS values.
 */
#ifndef PLIMSOLL_SIGNAL_H
#define PLIMSOLL_SIGNAL_H

#include <stdint.h>

#include "plimsoll/victim.h"

enum signal_id {
#define SIGNAL(ID, name, ...) SIGNAL_##ID,
#include "plimsoll/signals.def"
	SIGNALS
};

enum signal_histogram {
#define HISTOGRAM(ID, ...) SIGNAL_HIST_##ID,
#include "plimsoll/signals.def"
	SIGNAL_HISTS
};

enum signal_missing { /* bits; same as Missing in metrics.proto */
#define GROUP(ID, bit, ...) SIGNAL_NO_##ID = bit,
#include "plimsoll/signals.def"
};

enum { SIGNAL_ALL = 0 /* all of them */
#define GROUP(ID, bit, ...) | bit
#include "plimsoll/signals.def"
};

#define SIGNAL_BUCKETS (48 * SIGNAL_HISTS) /* bucket b of histogram h is number h * 48 + b */

struct signals {
	union {
		uint64_t value[SIGNALS];
		struct {
#define SIGNAL(ID, name, ...) uint64_t name;
#include "plimsoll/signals.def"
		};
	};
	uint32_t hist[SIGNAL_BUCKETS]; /* wraps at 2^32 */
	uint32_t missing;              /* SIGNAL_NO_…; absent is said, never written as 0 */
	/* Of a reading: times its cgroup began to have tasks, in v2 and in v1's memory hierarchy. Of a row 0. */
	uint32_t runs[2];
	uint32_t _pad; /* 0: structs are compared whole */
	struct plimsoll_victim victim; /* the last of all its cgroups, and how many they had */
};

#endif
