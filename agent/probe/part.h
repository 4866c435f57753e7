/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: a part measures groups of signals beside the core (CPU, memory, pressure). Each is a
 * file of bpf/ and a module of the same stem here; it adds to the shared arrays, which the core reads.
 * A part that this kernel or our capabilities do not allow is left out, with a notice that says what
 * is lost: the agent runs without it. Loop-thread-only.
 */
#ifndef AGENT_PROBE_PART_H
#define AGENT_PROBE_PART_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plimsoll/loss.h"
#include "plimsoll/signal.h"

struct bpf_link;
struct bpf_map;
struct bpf_program;
struct programs_bpf;

struct part_frame { /* what the core lends, as long as the part is open */
	struct programs_bpf *bpf; /* loaded: programs.skel.h */
	int cgroup; /* the root of the v2 hierarchy; -1: there is none */
};

struct part {
	const char *name;  /* the stem, "task" */
	const char *what;  /* what is lost without it, "processes, threads and major faults" */
	const char *doing; /* what cannot be done then, "walk over the tasks" */
	const char *capability; /* that its programs need, "CAP_NET_ADMIN"; NULL: none but the core's */
	bool unified;      /* nothing to see without a v2 hierarchy */
	bool when_asked;   /* only when probe_options.also has its groups */
	uint32_t groups;   /* SIGNAL_NO_…: missing without it */
	/* Attaches; what it does not undo when it fails programs_detach() does. -EPERM: a capability is missing. */
	int (*open)(const struct part_frame *f, void **ret_state);
	void (*close)(void *state); /* NULL: detaching is all */
	/* Once a sample, for what is counted by looking. NULL: its programs see events. Runs before the core
	 * reads; gauges of slots that it does not mark with `number` are 0. */
	int (*pass)(void *state, uint64_t number, struct err *e);
	/* Off: its programs return at once, and the core does not call pass(). Its groups are missing. NULL: it
	 * has no programs but those of pass(). */
	void (*set_on)(void *state, bool on);
	uint64_t (*lost)(const void *state); /* since the start; NULL: nothing is, else … */
	enum loss_id loss;                   /* … of this kind */
};

extern const struct part *const parts[]; /* dearest last; ends with NULL */

/* An iterator over the elements of a map; part_walk() lets it walk. NULL: errno says why. */
struct bpf_link *part_over_map(const struct bpf_program *program, const struct bpf_map *map);
/* Lets an iterator walk once; its program writes into maps, never to its reader. Needs no privilege. */
int part_walk(struct bpf_link *link);

/* Says why a part did not load or open: -ENODEV is that there is no v2 hierarchy, a refusal that its capability is
 * missing, -ECANCELED that nobody asked for it. */
void part_say(const struct part *p, int r, struct err *e);

#endif
