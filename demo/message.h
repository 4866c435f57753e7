/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the load generator and a replica say to each other: HTTP/1.1 over TCP, one request at a time on a connection
 * that is kept. Only as much of it as these two write. Pure.
 */
#ifndef DEMO_MESSAGE_H
#define DEMO_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_BYTES 256       /* of either, whole; ours are below 120 */
#define MESSAGE_WORK_MAX 1000000 /* us of each; a request that wants more is a mistake */

struct work {             /* what a request costs its replica */
	uint32_t cpu_us;  /* of CPU time, */
	uint32_t hold_us; /* and after that of doing nothing, with nobody else served: as behind a lock */
};

/* Into MESSAGE_BYTES; their lengths. */
size_t message_request(char *to, struct work w);
size_t message_answer(char *to, uint32_t checksum);
/* Bytes of the message that `text` begins with; 0: it is not whole; -EBADMSG: it is none. */
int message_read_request(const char *text, size_t size, struct work *ret);
int message_read_answer(const char *text, size_t size); /* whose status is 200 */

#endif
