/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One replica of the demo service, `plimsoll-demo replica`: a server of HTTP/1.1 with one thread, on a port of its own
 * of the loopback, which it tells whoever started it. It spends for each request the CPU time it asks for, then holds on
 * for as long as it asks for, and answers; meanwhile the others wait. SIGTERM: it answers what it has and exits 0; so
 * does the end of who started it.
 */
#ifndef DEMO_REPLICA_H
#define DEMO_REPLICA_H

#include <stdint.h>

#define REPLICA_CONNECTIONS 64 /* at once; the load generator has LOAD_WAITING */

struct replica_hello { /* one SOCK_SEQPACKET packet: it now serves */
	uint16_t port;
};

/* Serves until the end; returns the exit code. */
int replica_serve(int socket);

#endif
