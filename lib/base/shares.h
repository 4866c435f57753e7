/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container of a pod asked for of CPUs, read back from what became of it. A kubelet makes CPU shares of it, 1024
 * a core and 2 where nothing was asked for. Where the kernel has CPU weights instead, the container's runtime makes one
 * of the shares, by one of two formulas. Several requests become one weight, so what comes back is a range.
 * docs/design/requests.md tells where each formula comes from. Pure.
 */
#ifndef BASE_SHARES_H
#define BASE_SHARES_H

#include <stdbool.h>
#include <stdint.h>

enum shares_scale { /* how a weight came of shares; the numbers of plimsoll.v1.CpuWeights */
	SHARES_UNKNOWN,
	SHARES_KERNEL, /* cgroup v1: the kernel's own, 100 of 1024 */
	SHARES_LINEAR, /* 2 … 262144 to 1 … 10000 in a straight line; 39 of 1024 */
	SHARES_CURVED, /* the same range in a curve through 100 of 1024: runc 1.3.2, crun 1.23 and later */
	SHARES_SCALES
};

#define SHARES_LEAST 2u
#define SHARES_MOST  262144u

struct shares_container {
	uint64_t weight;      /* the kernel's; 0: none */
	uint64_t limit_milli; /* 0: none */
	bool is_guaranteed;   /* the class of its pod: it asked for what it is limited to */
};

struct shares_request {
	bool known; /* false: the scale is not, or nothing was asked for, or too little to tell */
	uint64_t least_milli, most_milli;
};

/* `qos`: the class of its pod, "guaranteed", "burstable" or "besteffort", which asks for nothing. Quota 0: no limit. */
struct shares_container shares_container(uint64_t weight, uint64_t quota_ns, uint64_t period_ns, const char *qos);
uint64_t shares_of_milli(uint64_t milli);
uint64_t shares_weight(enum shares_scale scale, uint64_t shares); /* 0: the scale is unknown */
struct shares_request shares_request(enum shares_scale scale, const struct shares_container *of);

/* Which of the two formulas made the weights of a node's containers, as far as they give away. */
struct shares_clues {
	bool not_linear, not_curved;
	uint64_t linear_milli; /* what all of them together would have asked for at least, if it was the linear one */
};

void shares_clue(struct shares_clues *c, const struct shares_container *from);
/* Requests are never above a limit, nor together above what the node has. SHARES_UNKNOWN: it may be either, or it is both. */
enum shares_scale shares_conclude(const struct shares_clues *c, uint64_t node_milli);

#endif
