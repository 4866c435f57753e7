/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an array of arrays lies in a struct of the kernel. Until 2026 pahole described such arrays as flat ones, so a
 * kernel has either spelling, and CO-RE takes them for different fields: kernel.h declares the flat one in struct S
 * and the other one in struct S___nested.
 */
#ifndef BPF_PLACE_H
#define BPF_PLACE_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct place {
	__u32 at, bytes; /* bytes 0: the kernel has neither */
};

/* The verifier refuses to pass by a spelling that is not there, so nothing may be hoisted over the barriers. */
#define PLACE_OF(type, field)                                                                            \
	({                                                                                               \
		struct place of = {bpf_core_field_offset(type, field), bpf_core_field_size(type, field)}; \
		barrier_var(of.at);                                                                      \
		barrier_var(of.bytes);                                                                   \
		of;                                                                                      \
	})

#define PLACE(type, field)                                                                               \
	({                                                                                               \
		struct place found = {};                                                                 \
		if (bpf_core_field_exists(struct type, field))                                           \
			found = PLACE_OF(struct type, field);                                            \
		else if (bpf_core_field_exists(struct type##___nested, field))                           \
			found = PLACE_OF(struct type##___nested, field);                                 \
		found;                                                                                   \
	})

#endif
