/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent answers, on the unix socket and, when asked to listen, on TCP with mutual TLS:
 * Metrics.Snapshot, Metrics.Watch (agent/watch), Status.Get, health and reflection. Loop-thread-only.
 */
#ifndef AGENT_SERVE_H
#define AGENT_SERVE_H

#include "agent/agent.h"

struct serve;
/* Opens the doors that the options ask for; makes the socket's directory (0755). Errors say which;
 * *ret_s is to be stopped then too. */
int serve_start(struct agent *a, struct serve **ret_s, struct err *e);
int serve_port(const struct serve *s); /* of TCP, 0: none */
/* What health says about plimsoll.v1.Metrics: whether samples can be had. */
void serve_healthy(struct serve *s, bool healthy);
/* Readers are told that we go, open calls finish; then done(), *s is freed. */
void serve_stop(struct serve *s, void (*done)(void *data), void *data);

#endif
