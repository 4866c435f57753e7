/* SPDX-License-Identifier: Apache-2.0 */
/* What a run prints while it runs. stdout, or stderr when stdout is for JSON; nothing while `plimsoll
 * top` has the terminal. */
#ifndef DEMO_SHOW_H
#define DEMO_SHOW_H

#include "demo/run_state.h"
#include "demo/step.h"

void show_line(const struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void show_place(const struct run *r);         /* who listens where */
void show_step(const struct run *r, const struct step *s);
void show_news(struct run *r);                /* decisions that were not shown yet */
void show_child_death(const struct child *c); /* on stderr: fate and last lines */

#endif
