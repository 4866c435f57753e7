/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of plimsoll.v1.Columns by the number of their signal, so that who fills or reads them
 * loops over include/plimsoll/signals.def instead of naming each one again.
 */
#ifndef WIRE_COLUMNS_H
#define WIRE_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "plimsoll/signal.h"
#include "plimsoll/v1/metrics.pb-c.h"

/* What a batch of an older wire version, or with other Batch.tells, cannot tell, as bits of Missing. */
uint32_t columns_unknown(uint32_t wire_version, uint32_t tells);
uint32_t columns_tells(void); /* Batch.tells of our own */

/* The two members of a column, to read or to set. */
size_t *columns_length(Plimsoll__V1__Columns *c, enum signal_id s);
uint64_t **columns_values(Plimsoll__V1__Columns *c, enum signal_id s);

/* 0 where the column was left out. */
uint64_t columns_get(const Plimsoll__V1__Columns *c, enum signal_id s, size_t i);

#endif
