/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network namespace of a test's own process: its loopback device, connections over it, what the kernel counts
 * there, packets that are dropped, and a link that delays. Every failure ends the test. The namespace goes with its
 * process.
 */
#ifndef TESTS_BPF_OWN_NET_H
#define TESTS_BPF_OWN_NET_H

#include <netinet/in.h>
#include <stdint.h>

#define OWN_NET_PORT 4712
#define OWN_NET_FAR  "10.9.0.2" /* who calls this over a slow link calls himself */

void own_net_enter(void); /* the caller moves into it */
struct sockaddr_in own_net_at(const char *address, uint16_t port);
int own_net_listen(uint16_t port, int backlog); /* on every address */
int own_net_dial(const char *address, uint16_t port); /* -1: refused */
/* A connection of the namespace with itself, to OWN_NET_PORT, that sends each write at once. */
void own_net_pair(int *ret_here, int *ret_there);
/* A number of /proc/net/FILE ("snmp", "netstat") in the namespace, such as "Tcp:" "RetransSegs". */
uint64_t own_net_count(const char *file, const char *group, const char *name);
/* What comes in and fits these words of nft is dropped, never where others are: only after own_net_enter(). */
void own_net_drop(const char *rule);
void own_net_drop_nothing(void);
/* From here on all that is sent to OWN_NET_FAR comes back from there to its sender's own address, so late. The
 * kernel has no netem, so a process of ours is the link; it ends with the caller. */
void own_net_slow_link(unsigned one_way_ms);

#endif
