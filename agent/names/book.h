/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two lists of a container runtime as entries: containers find the pod they belong to by its
 * sandbox, and each sandbox is an entry too. What has no good id or text, or stands after the first
 * NAMES_MOST, is refused and counted. Pure: no I/O.
 */
#ifndef AGENT_NAMES_BOOK_H
#define AGENT_NAMES_BOOK_H

#include <stdint.h>

#include "agent/names/word.h"

typedef struct Runtime__V1__ListContainersResponse book_containers;
typedef struct Runtime__V1__ListPodSandboxResponse book_sandboxes;

struct book_counts {
	uint32_t told, refused;
};

struct book_counts book_read(const book_containers *c, const book_sandboxes *s,
			     void (*tell)(const struct names_entry *e, void *data), void *data);

#endif
