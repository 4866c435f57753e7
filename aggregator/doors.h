/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may come in where, and to do what: everybody with a certificate by the network (--listen); root, or
 * whose process this is, by --socket; and agents of this machine, who are nobody's trustees, by ingest.sock
 * beside it, where they can report and nothing else. The last is there when the group of --agents-group is.
 */
#ifndef AGGREGATOR_DOORS_H
#define AGGREGATOR_DOORS_H

#include "aggregator/aggregator.h"

#define DOORS_GROUP	   "plimsoll" /* what packages make: need not be there */
#define DOORS_AGENTS_SOCKET "ingest.sock"

/* When it fails some may be open: doors_close() all the same. */
int doors_open(struct aggregator *a, struct err *e);
/* Adds one to a->busy for each that is open, and calls done(a) when it is closed. */
void doors_close(struct aggregator *a, void (*done)(void *a));

#endif
