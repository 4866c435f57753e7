/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One replica of the demo service, `plimsoll-demo replica`: takes requests from the socket it was
 * started with, spends for each the CPU time it asks for, answers. One thread. SIGTERM: it answers what
 * it has and exits 0; so does a closed socket.
 */
#ifndef DEMO_REPLICA_H
#define DEMO_REPLICA_H

#include <stdint.h>

#define REPLICA_REQUEST_US_MAX 1000000 /* a request that wants more is a mistake */

struct replica_request { /* one SOCK_SEQPACKET packet; both ends are this binary */
	uint32_t number;
	uint32_t cpu_us; /* 1 … REPLICA_REQUEST_US_MAX */
};

struct replica_answer {
	uint32_t number; /* of the request; 0: the hello of a replica that now serves */
	uint32_t checksum; /* of the work, so that it is really done */
};

/* Serves until the end; returns the exit code. */
int replica_serve(int socket);

#endif
