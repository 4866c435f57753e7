/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where calls come out whose address is translated on the way (a Service of Kubernetes): both ends of a connection give
 * it the same number, so when a caller and a server have told one, the caller's address is known to lead to that server,
 * for everybody who calls it. Remembers the newest numbers and addresses only. Pure.
 */
#ifndef BASE_MEET_H
#define BASE_MEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/graph.h"

#define MEET_ADDRESSES 4096 /* that are translated; a cluster has fewer Services. More: all are learned anew */

struct meet;
struct meet *meet_new(size_t numbers); /* so many of either end are remembered */
struct meet *meet_free(struct meet *m); /* NULL is fine; returns NULL */
/* A connection that is new to one end of it; `at`: whom it called, or where it was answered. Number 0 is none. */
void meet_heard(struct meet *m, uint64_t number, bool serves, const struct graph_place *at);
/* Where calls of this address came out last. NULL: not known. Until the next meet_heard(). */
const struct graph_place *meet_behind(const struct meet *m, const struct graph_place *called);

#endif
