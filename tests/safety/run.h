/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a decider into a world, lets it act for its hour, and judges what it did. */
#ifndef SAFETY_RUN_H
#define SAFETY_RUN_H

#include <stdio.h>

#include "aggregator/standing.h"
#include "safety/judge.h"

struct run_result {
	uint64_t evaluations, ups, downs, wrong[WRONGS];
	uint64_t actions_hash; /* of every action and its second */
	uint64_t short_s, replica_s; /* with more demand than the replicas can carry; replicas x time */
};

struct run {
	const struct world *world;
	struct plant plant;
	struct hand hand;
	const struct standing *standing; /* of whoever decides; NULL: it counts what runs */
	FILE *tell; /* every action in words; NULL: none */
	const char *name;
	struct run_result result;
};

void run_begin(const struct world *w, const char *name, FILE *tell, struct run *ret);
/* An order, if it changes something; `from`: what it believes to be set. */
void run_act(struct run *r, uint32_t from, uint32_t to, uint32_t s, const char *why);
void run_second(struct run *r, uint32_t s); /* the plant goes on, and hands are laid on it; call it first */
void run_add(struct run_result *to, const struct run_result *of);
uint64_t run_wrong(const struct run_result *r); /* wrong-way actions of all kinds */

/* The whole hour. */
void run_plimsoll(const struct world *w, FILE *tell, struct run_result *ret);
void run_hpa(const struct world *w, FILE *tell, struct run_result *ret);

#endif
