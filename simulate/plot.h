/* SPDX-License-Identifier: Apache-2.0 */
/* Trials as pictures: for a terminal, and as SVG. Pure: text into a buffer. */
#ifndef SIMULATE_PLOT_H
#define SIMULATE_PLOT_H

#include "base/buf.h"
#include "simulate/trial.h"

#define PLOT_ROWS 8

/* Columns of replicas, with a line where so many would keep the SLO, and marks below where it was missed. */
void plot_terminal(const struct trial *t, uint32_t columns, struct buf *to);
/* All of them above each other, one time axis. Names are any text. */
void plot_svg(const char *const *name, const struct trial *t, size_t n, struct buf *to);

#endif
