/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to leave out when the agent costs more than it may, and when to take it up again. A ladder: each
 * rung leaves out one part of the probe more, of those that are measured the one that costs most of what is
 * too dear; the last one left out comes back first. Pure: values in, a verdict out; no clock, no I/O.
 *
 * Time is cut into windows of the budget's patience. Own CPU time is judged by its mean over a window, against
 * the mean of the budgets of its steps; the
 * kernel programs are measured for a second now and then, so two measurements in a row must be too dear.
 * A part comes back after some windows well below the budget; if that was too early, it waits twice as
 * long the next time. So a load near the budget cannot make the signals flicker.
 */
#ifndef AGENT_GOVERNOR_H
#define AGENT_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

#define GOVERNOR_PARTS	    9
#define GOVERNOR_CALM	    0.7 /* of a budget: what comes back must fit between this and the whole */
#define GOVERNOR_WAIT_FIRST 4   /* windows below that, before a part comes back … */
#define GOVERNOR_WAIT_MOST  128 /* … and at most, when it always was too early: an hour of the default's */
#define GOVERNOR_TOO_OFTEN  2   /* measurements in a row; one may have met a burst */

struct governor_budget { /* of one core; 0: no limit */
	double own, kernel;
	uint64_t patience_ns;
};

struct governor_part {
	bool open, on;
	uint64_t pass_ns; /* of the agent's own CPU time, ever growing */
	double kernel;    /* of one core, when last measured */
};

struct governor_costs {
	uint64_t now_ns, cpu_ns; /* the agent's CPU time, ever growing */
	uint64_t measurements;   /* of the kernel programs, how many there were */
	double kernel;           /* of one core, all programs, by the last one */
	const struct governor_part *parts; /* those that are dearest by experience come last */
	int n;
};

enum governor_excess { GOVERNOR_WITHIN, GOVERNOR_OWN, GOVERNOR_KERNEL };

struct governor_verdict {
	enum governor_excess excess;  /* in the window that ended, or as before while it goes on */
	int drop, restore;            /* a part; -1: none */
	bool helpless;                /* too dear, and no part that is on has a share in it */
	double own, allowed;          /* means of the last window that ended, of one core: taken, and the budget */
};

struct governor {
	uint64_t since_ns, cpu_ns;              /* when the window began; 0: no step yet */
	uint64_t step_ns;                       /* the last step */
	double allowed_ns;                      /* of own CPU time since the window began; rows come and go */
	uint64_t pass_ns[GOVERNOR_PARTS];
	uint64_t measurements;                  /* the last one that was judged */
	unsigned too_dear;                      /* of them in a row, of the kernel programs */
	int dropped[GOVERNOR_PARTS], n_dropped; /* a stack */
	unsigned calm, wait, trial;             /* windows; trial: since the last return, 0: it proved itself */
	struct governor_verdict last;
};

void governor_init(struct governor *g);
/* Once a tick. The caller carries the verdict out, and shows it in `parts` at the next step. */
struct governor_verdict governor_step(struct governor *g, const struct governor_budget *b,
				      const struct governor_costs *c);

#endif
