/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plain HTTP port: /livez, /readyz and /metrics (OpenMetrics), for probes and Prometheus. On the
 * loop thread, through libmicrohttpd's own epoll descriptor. Nothing can be changed through it.
 */
#ifndef AGGREGATOR_SERVE_HTTP_H
#define AGGREGATOR_SERVE_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#define HTTP_CONNECTIONS 64u
#define HTTP_IDLE_S 10u             /* an idle connection is closed after this */
#define HTTP_CONNECTION_BYTES 32768u /* memory a request may take: its line and headers */
/* Above so many rows only workloads with a policy are in /metrics: summing up all of them takes 2 us
 * a row, and the loop must not stand still for more than 50 ms. */
#define HTTP_ROWS 20000u
#define HTTP_WORKLOADS 1000u        /* shown in /metrics: more series cost every Prometheus */

struct aggregator;
struct http;

/* "HOST:PORT", "[::1]:PORT" or ":PORT". -EADDRINUSE and friends with *e filled. */
int http_start(struct aggregator *a, const char *address, struct http **ret_h, struct err *e);
struct http *http_stop(struct http *h); /* NULL is fine; returns NULL */
int http_port(const struct http *h);
void http_metrics(struct aggregator *a, struct buf *to); /* the body of /metrics */

#endif
