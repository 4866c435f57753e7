/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the running kernel's types, as far as an object of programs names them. libbpf is given these to look
 * among, instead of all: that was a third of what a start took. Loop-thread-only; blocks.
 */
#ifndef AGENT_PROBE_KERNEL_TYPES_H
#define AGENT_PROBE_KERNEL_TYPES_H

#include <stdint.h>

#include "agent/probe/types.h"

struct btf;

struct kernel_types {
	int fd; /* a file without a name; -1: none */
	char path[32]; /* of it, for bpf_object_open_opts.btf_custom_path */
	struct types_name *name; /* of each type of ours */
	struct strmap *names;    /* → name */
};

/* The file, still empty: libbpf reads it when it loads. Negative errno; then and when kernel_types_fill() fails, libbpf has to
 * look for itself. */
int kernel_types_open(struct kernel_types *k);
/* `ours`: what the object says of its own types. */
int kernel_types_fill(struct kernel_types *k, const struct btf *ours);
uint32_t kernel_types_id(const struct kernel_types *k, const char *name); /* the kernel's number of it; 0: it has none */
void kernel_types_close(struct kernel_types *k); /* fine after a failure */

#endif
