/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/serve/http.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aggregator/aggregator.h"
#include "aggregator/metrics.h"
#include "aggregator/store/store.h"
#include "base/mem.h"
#include "base/scope.h"
#include "loop/loop.h"

#define TEXT            "text/plain; charset=utf-8"
#define OPENMETRICS     "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define SHOWN_WINDOW_NS (10 * CLOCK_NS_PER_S)
#define SHOWN_FRESH_NS  (3 * CLOCK_NS_PER_S)
#define HOUSEKEEPING_NS CLOCK_NS_PER_S

struct http {
	struct aggregator *aggregator;
	struct MHD_Daemon *daemon;
	struct loop_fd *fd;
	struct loop_timer *timer; /* idle connections are closed without an event */
};

/* /metrics */

static void add_label(struct buf *to, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buf_printf(to, "\\%c", *value);
		else
			buf_add(to, value, 1);
	}
}

struct family {
	const char *name, *unit, *help;
	double (*value)(const struct store_summary *w);
	bool (*known)(const struct store_summary *w);
};

static double cores(const struct store_summary *w)
{
	return w->cpu_cores.value;
}

static double replicas(const struct store_summary *w)
{
	return w->replicas;
}

static double runq_saturation(const struct store_summary *w)
{
	return w->runq.value;
}

static double memory(const struct store_summary *w)
{
	return w->memory_working_set_bytes.value;
}

static double coverage(const struct store_summary *w)
{
	return w->cpu_cores.known ? w->cpu_cores.coverage : 0;
}

static double age(const struct store_summary *w)
{
	return (double)w->cpu_cores.age_ns / 1e9;
}

static bool has_cpu(const struct store_summary *w)
{
	return w->cpu_cores.known;
}

static bool has_memory(const struct store_summary *w)
{
	return w->memory_working_set_bytes.known;
}

static bool always(const struct store_summary *w)
{
	(void)w;
	return true;
}

static const struct family families[] = {
	{"workload_cpu_cores", "", "CPU used, in cores, over 10 s.", cores, has_cpu},
	{"workload_replicas", "", "Live replicas, with a fresh sample or not.", replicas, always},
	{"workload_saturation", "",
	 "Share of the time a CPU was wanted that was spent waiting, 0 to 1, mean over its replicas and 10 s.", runq_saturation, has_cpu},
	{"workload_memory_working_set_bytes", "bytes", "Memory that cannot be reclaimed easily.",
	 memory, has_memory},
	{"workload_coverage", "", "Share of replicas with a fresh sample, 0 to 1.", coverage,
	 always},
	{"workload_sample_age_seconds", "seconds", "Age of the oldest sample in it.", age, has_cpu},
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

struct rendering {
	struct buf lines[FAMILIES], causes;
	unsigned shown, left_out;
};

static void render_causes(const struct store_summary *w, struct buf *to)
{
	for (int c = 0; c < SATURATION_CAUSES; c++) {
		if (!w->saturation[c].known)
			continue;
		buf_printf(to, "plimsoll_workload_held_back{workload=\"");
		add_label(to, w->name);
		buf_printf(to, "\",cause=\"%s\"} %.9g\n", saturation_word((enum saturation_cause)c),
			   w->saturation[c].value);
	}
}

static void render_workload(const struct store_summary *w, void *data)
{
	struct rendering *r = data;

	if (!w->selected && r->shown >= HTTP_WORKLOADS) {
		r->left_out++;
		return;
	}
	r->shown++;
	render_causes(w, &r->causes);
	for (size_t i = 0; i < FAMILIES; i++) {
		if (!families[i].known(w))
			continue; /* missing is no zero */
		buf_printf(&r->lines[i], "plimsoll_%s{workload=\"", families[i].name);
		add_label(&r->lines[i], w->name);
		buf_printf(&r->lines[i], "\"} %.9g\n", families[i].value(w));
	}
}

void http_metrics(struct aggregator *a, struct buf *to)
{
	struct rendering r = {0};

	(store_rows(a->store) > HTTP_ROWS ? store_each_selected : store_each)(
		a->store, clock_boot(), SHOWN_WINDOW_NS, SHOWN_FRESH_NS, render_workload, &r);
	aggregator_set(aggregator_workloads_left_out, r.left_out);
	aggregator_metrics_refresh(a);
	metric_render(&aggregator_metric_table, to);
	for (size_t i = 0; i < FAMILIES; i++) {
		buf_printf(to, "# TYPE plimsoll_%s gauge\n", families[i].name);
		if (*families[i].unit)
			buf_printf(to, "# UNIT plimsoll_%s %s\n", families[i].name,
				   families[i].unit);
		buf_printf(to, "# HELP plimsoll_%s %s\n", families[i].name, families[i].help);
		buf_add(to, r.lines[i].data, r.lines[i].size);
		buf_done(&r.lines[i]);
	}
	buf_printf(to, "# TYPE plimsoll_workload_held_back gauge\n"
		       "# HELP plimsoll_workload_held_back What keeps the replicas from working, 0 to 1 by "
		       "cause, mean over replicas and 8 s.\n");
	buf_add(to, r.causes.data, r.causes.size);
	buf_done(&r.causes);
	buf_printf(to, "# EOF\n");
}

/* Requests */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type,
			      struct buf *body)
{
	size_t size = body->size;
	char *bytes = size ? buf_take(body) : mem_strdup("");
	struct MHD_Response *r =
		MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static unsigned route(struct aggregator *a, const char *method, const char *url,
		      const char **ret_type, struct buf *body)
{
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		buf_printf(body,
			   "%s is not possible here: this port only tells, with GET or HEAD\n",
			   method);
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	}
	if (!strcmp(url, "/livez")) {
		buf_printf(body, "ok\n");
		return MHD_HTTP_OK;
	}
	if (!strcmp(url, "/readyz")) {
		buf_printf(body, *a->not_ready ? "not ready: %s\n" : "ok%s\n", a->not_ready);
		return *a->not_ready ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK;
	}
	if (!strcmp(url, "/metrics")) {
		*ret_type = OPENMETRICS;
		http_metrics(a, body);
		return MHD_HTTP_OK;
	}
	buf_printf(body, "nothing here: /livez, /readyz and /metrics are\n");
	return MHD_HTTP_NOT_FOUND;
}

static enum MHD_Result request(void *data, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_size, void **state)
{
	static char seen;
	struct http *h = data;
	struct buf body = {0};
	const char *type = TEXT;
	unsigned status;

	(void)version;
	(void)upload;
	if (!*state) { /* first call: headers only; answering now would break keep-alive */
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_size) { /* a body nobody asked for is read and dropped */
		*upload_size = 0;
		return MHD_YES;
	}
	aggregator_count(aggregator_http_requests_total, 1);
	status = route(h->aggregator, method, url, &type, &body);
	return answer(c, status, type, &body);
}

static void ready(int events, void *data)
{
	struct http *h = data;

	(void)events;
	MHD_run(h->daemon);
}

static void housekeeping(void *data)
{
	struct http *h = data;

	MHD_run(h->daemon);
}

/* The listening socket */

static int split(const char *address, char *host, size_t size, const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t n = colon ? (size_t)(colon - address) : 0;

	if (!colon || !colon[1])
		return -EINVAL;
	if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
		address++;
		n -= 2;
	}
	if (n >= size)
		return -EINVAL;
	memcpy(host, address, n);
	host[n] = '\0';
	*ret_port = colon + 1;
	return 0;
}

static int bind_to(const struct addrinfo *ai)
{
	scoped(closep) int fd =
		socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, (int)HTTP_CONNECTIONS) < 0)
		return -errno;
	return take_fd(fd);
}

static int cannot_listen(const char *address, int code, struct err *e)
{
	err_set(e, code, "cannot serve HTTP on %s", address);
	if (code == -EADDRINUSE) {
		err_cause(e, "the port is in use");
		return err_fix(e, "stop the other program, or choose another address with --http");
	}
	return err_fix(e, "choose another address with --http, or none: --http ''");
}

static int listen_on(const char *address, struct err *e)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	const char *port;
	char host[256];
	int r;

	if (split(address, host, sizeof(host), &port) < 0) {
		err_set(e, -EINVAL, "cannot serve HTTP on %s", address);
		err_cause(e, "it is no HOST:PORT");
		return err_fix(e, "write it as 127.0.0.1:9462 or [::]:9462");
	}
	r = getaddrinfo(*host ? host : NULL, port, &hints, &found);
	if (r != 0) {
		err_set(e, -EADDRNOTAVAIL, "cannot serve HTTP on %s", address);
		err_cause(e, "%s", gai_strerror(r));
		return err_fix(e, "choose another address with --http");
	}
	r = bind_to(found);
	freeaddrinfo(found);
	return r < 0 ? cannot_listen(address, r, e) : r;
}

static int poll_daemon(struct http *h)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info || info->epoll_fd < 0)
		return -ENOTSUP;
	h->fd = loop_fd_new(h->aggregator->loop, info->epoll_fd, LOOP_READ, ready, h);
	if (!h->fd)
		return -ENOTSUP;
	h->timer = loop_timer_new(h->aggregator->loop, housekeeping, h);
	loop_timer_start(h->timer, HOUSEKEEPING_NS, HOUSEKEEPING_NS);
	return 0;
}

int http_start(struct aggregator *a, const char *address, struct http **ret_h, struct err *e)
{
	struct http *h;
	int fd = listen_on(address, e);

	if (fd < 0)
		return fd;
	h = mem_new(struct http);
	h->aggregator = a;
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, request, h,
				     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				     HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				     (size_t)HTTP_CONNECTION_BYTES, MHD_OPTION_END);
	if (!h->daemon)
		close(fd);
	if (!h->daemon || poll_daemon(h) < 0) {
		http_stop(h);
		err_set(e, -EIO, "cannot serve HTTP on %s", address);
		return err_cause(e, "libmicrohttpd did not start");
	}
	*ret_h = h;
	return 0;
}

struct http *http_stop(struct http *h)
{
	if (!h)
		return NULL;
	loop_timer_close(h->timer);
	loop_fd_close(h->fd);
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	free(h);
	return NULL;
}

int http_port(const struct http *h)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_LISTEN_FD);
	struct sockaddr_storage at = {0};
	socklen_t size = sizeof(at);

	if (!info || getsockname(info->listen_fd, (struct sockaddr *)&at, &size) < 0)
		return 0;
	return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
					      : ((struct sockaddr_in *)&at)->sin_port);
}
