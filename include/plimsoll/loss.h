/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * The losses of an agent as types, made from losses.def: numbers to loop over, names to read by. They have different
 * units, so nobody adds them up.
 */
#ifndef PLIMSOLL_LOSS_H
#define PLIMSOLL_LOSS_H

#include <stdint.h>

enum loss_id { /* the worst first */
#define LOSS(ID, ...) LOSS_##ID,
#include "plimsoll/losses.def"
	LOSSES
};

enum { LOSS_COUNTER, LOSS_GAUGE };

enum { LOSS_NOW = 0 /* bits of those that are of now, not of the whole run */
#define LOSS(ID, name, word, KIND, ...) | LOSS_##KIND << LOSS_##ID
#include "plimsoll/losses.def"
};

struct losses {
	union {
		uint64_t count[LOSSES];
		struct {
#define LOSS(ID, name, ...) uint64_t name;
#include "plimsoll/losses.def"
		};
	};
};

#endif
