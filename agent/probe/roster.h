/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the parts by number. Which of them opened, which are left out for now, what their passes
 * take, and so which groups of signals nothing measures. Loop-thread-only.
 */
#ifndef AGENT_PROBE_ROSTER_H
#define AGENT_PROBE_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/probe/part.h"
#include "agent/probe/probe.h"

struct roster_part {
	const struct part *part;
	void *state;    /* NULL: it did not open, */
	struct err why; /* for this reason */
	bool off;       /* left out, … */
	char off_why[120];
	uint64_t pass_ns; /* CPU time of its passes, since the start */
};

struct roster {
	struct roster_part part[PROBE_PARTS_MAX];
	int n;
	uint32_t absent; /* SIGNAL_NO_…: groups that nothing measures now */
};

void roster_init(struct roster *r); /* no part is open: only the core measures */
/* Each that this kernel and our capabilities allow. refused: by part, negative errno, why it has no programs; 0: it has. */
void roster_open(struct roster *r, const struct part_frame *f, const int refused[PROBE_PARTS_MAX]);
void roster_close(struct roster *r);

void roster_pass(struct roster *r, uint64_t number); /* of those that look once a sample */
/* What looks once a sample is there again after its next look. */
void roster_set_on(struct roster *r, int part, bool on, const char *why);
void roster_lost(const struct roster *r, struct losses *to); /* adds what parts lost to each kind */
int roster_notices(const struct roster *r, struct probe_notice *ret, int room); /* returns the count */

#endif
