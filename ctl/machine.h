/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine has of what an agent needs, found by reading files below a root folder: "" is this
 * machine, "/host" its host seen from a container, a made-up folder a test. Loads and changes nothing.
 */
#ifndef CTL_MACHINE_H
#define CTL_MACHINE_H

struct checkup;

void machine_examine(const char *root, struct checkup *to);

#endif
