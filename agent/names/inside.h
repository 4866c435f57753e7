/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of agent/names that are about struct names share; nobody else includes it. */
#ifndef AGENT_NAMES_INSIDE_H
#define AGENT_NAMES_INSIDE_H

#include "agent/names/names.h"

#define NAMES_MAGIC 0x6e616d65u

struct strmap;

struct names {
	unsigned magic;
	enum names_kind kind;
	const char *address; /* NULL: there is none */
	int fd;		     /* -1: no helper */
	struct loop_fd *watch;
	bool wanted;   /* a runtime should be there */
	bool heard;    /* a state */
	bool lost;     /* the helper has ended */
	bool renamed;  /* a container has another name than before */
	uint64_t list; /* number of the list that is coming in */
	struct strmap *known; /* by container id */
	struct names_state state;
	clock_boot_t asked; /* rows up to this age were */
	uint64_t unnamed;   /* rows at the last second */
};

/* How people call them, until they say so themselves. */
struct names_kind_words {
	const char *notice, *what, *missing;
};
extern const struct names_kind_words names_kinds[NAMES_KINDS];

#endif
