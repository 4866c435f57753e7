/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ingest.Report: agents push. The preamble is answered with Resume, seconds with Acks: at least every
 * REPORT_ACK_EVERY of them, else at most one in REPORT_ACK_NS. An Ack says that everything up to it is
 * stored or was refused for good; an agent need not keep it.
 */
#ifndef AGGREGATOR_INGEST_REPORT_H
#define AGGREGATOR_INGEST_REPORT_H

#include <stddef.h>

#include "rpc/rpc.h"

#define REPORT_ACK_EVERY 30u
#define REPORT_ACK_NS 900000000ull /* less than a second, so that each live second is acked */

extern const struct rpc_method report_methods[];
extern const size_t report_n;

#endif
