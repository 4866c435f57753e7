/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What top is told: the stream of workloads of an aggregator or of samples of an agent, opened again a second after it
 * is lost, and the decisions, asked for when some workload has a new one.
 */
#ifndef CTL_LIVE_STREAM_H
#define CTL_LIVE_STREAM_H

void live_stream_open(void *data); /* a struct live_state */

#endif
