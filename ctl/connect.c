/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/connect.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "ctl/figure.h"
#include "ctl/method.h"
#include "ctl/text.h"
#include "ctl/tls.h"
#include "plimsoll/version.h"

#define CALL_MAGIC   0x6374636cu
#define DEFAULT_PORT "9461" /* of an aggregator */
#define MAX_PORT     65535

struct connect {
	struct loop *loop;
	struct rpc_client *client;
	char *address;
	uint64_t timeout_ns;
	bool insecure;
};

static bool rpc_started;

static bool is_unix(const char *address)
{
	return strncmp(address, "unix:", 5) == 0;
}

/* Addresses */

static int bad_address(const char *text, const char *cause, struct err *e)
{
	err_set(e, -EINVAL, "\"%.120s\" is no address of a daemon", text);
	err_cause(e, "%s", cause);
	return err_fix(e, "write --server unix:PATH or --server HOST:PORT, such as "
			  "unix:" CONNECT_AGGREGATOR " or 10.0.0.5:" DEFAULT_PORT);
}

static int parse_port(const char *text, const char *port, struct err *e)
{
	char *end;
	unsigned long n = strtoul(port, &end, 10);

	if (!*port || *end || n == 0 || n > MAX_PORT)
		return bad_address(text, "the port is no number from 1 to 65535", e);
	return 0;
}

int connect_parse(const char *text, char **ret_address, struct err *e)
{
	const char *path = is_unix(text) ? text + 5 : text;
	const char *colon = strrchr(text, ':');
	int r = 0;

	if (is_unix(text) || *text == '/') {
		if (*path != '/')
			return bad_address(text, "the path of a socket begins with /", e);
		*ret_address = mem_printf("unix:%s", path);
		return 0;
	}
	if (strstr(text, "://"))
		return bad_address(text, "it is a URL", e);
	if (strchr(text, '/'))
		return bad_address(text, "a host has no / in its name", e);
	if (!*text || colon == text)
		return bad_address(text, "the host is missing", e);
	if (text[0] != '[' && colon && strchr(text, ':') != colon)
		return bad_address(text, "an IPv6 address stands in brackets: [::1]:9461", e);
	if (colon && text[strlen(text) - 1] != ']')
		r = parse_port(text, colon + 1, e);
	if (r == 0)
		*ret_address = r == 0 && colon && text[strlen(text) - 1] != ']'
				       ? mem_strdup(text)
				       : mem_printf("%s:" DEFAULT_PORT, text);
	return r;
}

static int nobody_here(struct err *e)
{
	err_set(e, -EHOSTUNREACH, "no Plimsoll daemon runs on this machine");
	err_cause(e, "neither " CONNECT_AGGREGATOR " nor " CONNECT_AGENT " is there");
	return err_fix(e,
		       "start plimsoll-agent and plimsoll-aggregator, or ask another machine with "
		       "--server HOST:" DEFAULT_PORT "; plimsoll doctor says what is missing here");
}

static int choose_address(const struct ctl_options *o, const char *address, char **ret,
			  struct err *e)
{
	static const char *const local[] = {CONNECT_AGGREGATOR, CONNECT_AGENT};

	if (address || *o->server)
		return connect_parse(address ? address : o->server, ret, e);
	for (size_t i = 0; i < 2; i++)
		if (access(local[i], F_OK) == 0 || errno != ENOENT)
			return connect_parse(local[i], ret, e);
	return nobody_here(e);
}

/* Errors */

/* Text of a peer goes into *e only through here. */
static struct buf safe(const char *text)
{
	struct buf b = {0};

	text_safe(text ? text : "", &b);
	return b;
}

/* "ADDRESS: meaning (core's words)": the meaning alone if there is one. */
static void cause_of(const struct connect *c, const char *text, struct err *e)
{
	scoped(buf_done) struct buf b = safe(text);
	const char *meaning = buf_text(&b);
	size_t n = strlen(c->address);

	if (strncmp(meaning, c->address, n) != 0 || strncmp(meaning + n, ": ", 2) != 0) {
		err_cause(e, "%s", *meaning ? meaning : "the connection failed");
		return;
	}
	meaning += n + 2;
	const char *detail = strstr(meaning, " (");
	err_cause(e, "%.*s", (int)(detail ? detail - meaning : (long)strlen(meaning)), meaning);
}

static int unreachable(const struct connect *c, const char *text, struct err *e)
{
	err_set(e, -EHOSTUNREACH, "cannot reach %.200s", c->address);
	cause_of(c, text, e);
	if (!is_unix(c->address))
		return err_fix(e, c->insecure
					  ? "check the address, and that the daemon has --listen "
					    "there; without --insecure this side speaks TLS"
					  : "check the address, and that the daemon has --listen "
					    "there; one that speaks plain text needs --insecure");
	if (access(c->address + 5, F_OK) == 0 && access(c->address + 5, R_OK | W_OK) < 0)
		return err_fix(e, "run plimsoll as root: the socket is for its owner only");
	return err_fix(e,
		       "start the daemon, or name another with --server; plimsoll doctor looks at "
		       "all of them");
}

static int late(const struct connect *c, struct err *e)
{
	err_set(e, -EHOSTUNREACH, "%.200s does not answer", c->address);
	err_cause(e, "nothing came within %s", figure_duration(c->timeout_ns).text);
	return err_fix(e, "--timeout 30s waits longer; plimsoll doctor looks at the daemons");
}

static int code_of(enum rpc_code code)
{
	return code == RPC_UNIMPLEMENTED ? -EOPNOTSUPP : code == RPC_UNAVAILABLE ? -EAGAIN : -EREMOTEIO;
}

/* Our daemons say what to do, others that speak gRPC, or only HTTP/2, do not. */
static int said_no(const struct connect *c, const struct rpc_call *call, enum rpc_code code,
		   const char *text, struct err *e)
{
	scoped(buf_done) struct buf what = safe(text), fix = safe(rpc_fix(call));

	err_set(e, code_of(code), "%s", *buf_text(&what) ? buf_text(&what) : "the daemon refused");
	err_cause(e, "%.200s answered %s", c->address, rpc_code_name(code));
	if (fix.size)
		return err_fix(e, "%s", buf_text(&fix));
	return err_fix(e, "check that a Plimsoll daemon listens there, and that a proxy in front of it passes gRPC on");
}

int connect_explain(const struct connect *c, const struct rpc_call *call, enum rpc_code code,
		    const char *text, struct err *e)
{
	if (code == RPC_UNAVAILABLE && !rpc_fix(call))
		return unreachable(c, text, e);
	if (code == RPC_DEADLINE)
		return late(c, e);
	if (code == RPC_OK) {
		err_set(e, -EAGAIN, "%.200s ended without an answer", c->address);
		return err_fix(e, "try again; its log may say why");
	}
	return said_no(c, call, code, text, e);
}

/* One call to its end */

struct waiting {
	unsigned magic;
	struct connect *connect;
	struct rpc_call *call;
	struct rpc_msg *answer;                              /* of a question */
	bool (*each)(const ProtobufCMessage *m, void *data); /* of a stream */
	void *data;
	bool satisfied;
	struct err *e;
	int result;
};

static void message(struct rpc_call *call, struct rpc_msg *m)
{
	struct waiting *w = obj_cast(struct waiting, rpc_data(call), CALL_MAGIC);

	if (!w->each) {
		if (!w->answer)
			w->answer = rpc_msg_keep(m);
		return;
	}
	if (w->each(rpc_msg_get(m), w->data))
		return;
	w->satisfied = true;
	rpc_cancel(call);
}

static void time_over(void *data)
{
	struct waiting *w = obj_cast(struct waiting, data, CALL_MAGIC);

	w->satisfied = true;
	rpc_cancel(w->call);
}

static void closed(struct rpc_call *call, enum rpc_code code, const char *text)
{
	struct waiting *w = obj_cast(struct waiting, rpc_data(call), CALL_MAGIC);

	if (!w->satisfied && !w->answer && w->result == 0)
		w->result = connect_explain(w->connect, call, code, text, w->e);
	loop_stop(w->connect->loop);
}

static const struct rpc_handler handler = {.message = message, .closed = closed};

static int wait_for(struct waiting *w, const struct rpc_method *m, const ProtobufCMessage *request,
		    uint64_t timeout_ns)
{
	struct connect *c = w->connect;

	w->magic = CALL_MAGIC;
	w->call = rpc_open(c->client, m, &handler, timeout_ns, false, w);
	(void)rpc_send(w->call, request); /* a failure comes as closed() */
	loop_run(c->loop);
	return w->result;
}

int connect_status(struct connect *c, struct rpc_msg **ret_answer, struct err *e)
{
	Plimsoll__V1__StatusRequest question = PLIMSOLL__V1__STATUS_REQUEST__INIT;
	struct waiting w = {.connect = c, .e = e};
	int r = wait_for(&w, &method_status, &question.base, c->timeout_ns);

	if (r == 0)
		*ret_answer = w.answer;
	return r;
}

static int is_an_agent(const struct connect *c, struct err *e)
{
	err_set(e, -EOPNOTSUPP, "an agent knows no workloads and decides nothing");
	err_cause(e, "%.200s is an agent", c->address);
	err_fix(e, "ask an aggregator: --server unix:" CONNECT_AGGREGATOR
		   " or --server HOST:" DEFAULT_PORT
		   "; an agent can be asked for top, nodes, pods, containers and cgroups");
	return -EOPNOTSUPP;
}

/* The other kind of daemon, or another version of it. */
static int not_served(struct connect *c, struct err *e)
{
	struct rpc_msg *answer = NULL;

	if (connect_status(c, &answer, NULL) < 0)
		return -EOPNOTSUPP;
	const Plimsoll__V1__StatusResponse *s = (const void *)rpc_msg_get(answer);
	scoped(buf_done) struct buf program = safe(s->program), version = safe(s->version);
	bool agent = strcmp(s->program, "plimsoll-agent") == 0;
	rpc_msg_release(answer);
	if (agent)
		return is_an_agent(c, e);
	err_set(e, -EOPNOTSUPP, "%.200s does not serve this", c->address);
	err_cause(e, "it is %.60s %.60s, and this plimsoll is " PLIMSOLL_VERSION,
		  buf_text(&program), buf_text(&version));
	err_fix(e, "use the same version of both");
	return -EOPNOTSUPP;
}

int connect_ask(struct connect *c, const struct rpc_method *m, const ProtobufCMessage *request,
		struct rpc_msg **ret_answer, struct err *e)
{
	struct waiting w = {.connect = c, .e = e};
	int r = wait_for(&w, m, request, c->timeout_ns);

	if (r == 0)
		*ret_answer = w.answer;
	return r == -EOPNOTSUPP ? not_served(c, e) : r;
}

int connect_follow(struct connect *c, const struct rpc_method *m, const ProtobufCMessage *request,
		   uint64_t for_ns, bool (*each)(const ProtobufCMessage *m, void *data), void *data,
		   struct err *e)
{
	struct waiting w = {.connect = c, .e = e, .each = each, .data = data};
	struct rpc_msg *status = NULL;
	int r = connect_status(c, &status, e);

	if (r < 0)
		return r;
	rpc_msg_release(status);
	struct loop_timer *timer = loop_timer_new(c->loop, time_over, &w);
	if (for_ns)
		loop_timer_start(timer, for_ns, 0);
	r = wait_for(&w, m, request, 0);
	loop_timer_close(timer);
	return r == -EOPNOTSUPP ? not_served(c, e) : r;
}

/* Life */

static int new_client(struct connect *c, const struct ctl_options *o, struct err *e)
{
	scoped(tls_done) struct tls_files f = {0};
	int r = tls_choose(o, c->address, &f, e);

	if (r < 0)
		return r;
	if (!rpc_started)
		rpc_init(NULL);
	rpc_started = true;
	const struct rpc_client_options options = {
		.address = c->address,
		.tls = {.cert = f.cert,
			.key = f.key,
			.ca = f.ca,
			.server_name = f.ca && *o->server_name ? o->server_name : NULL},
	};
	return rpc_client_new(c->loop, &options, &c->client, e);
}

int connect_open(const struct ctl_options *o, const char *address, struct connect **ret_c,
		 struct err *e)
{
	scoped(connect_freep) struct connect *c = mem_new(struct connect);
	int r = choose_address(o, address, &c->address, e);

	c->timeout_ns = o->timeout;
	c->insecure = o->insecure;
	if (r < 0)
		return r;
	c->loop = loop_new();
	if (!c->loop)
		return err_set(e, -EMFILE, "cannot make an event loop");
	signal(SIGPIPE, SIG_DFL); /* as every filter: the reader of a pipe may leave */
	r = new_client(c, o, e);
	if (r == 0)
		*ret_c = take(c);
	return r;
}

static void client_gone(void *data)
{
	loop_stop(((struct connect *)data)->loop);
}

struct connect *connect_free(struct connect *c)
{
	if (!c)
		return NULL;
	if (c->client) {
		rpc_client_close(c->client, client_gone, c);
		loop_run(c->loop);
	}
	if (c->loop)
		loop_free(c->loop);
	free(c->address);
	free(c);
	return NULL;
}

void connect_shutdown(void)
{
	if (rpc_started)
		rpc_shutdown();
	rpc_started = false;
}

const char *connect_address(const struct connect *c)
{
	return c->address;
}

struct loop *connect_loop(struct connect *c)
{
	return c->loop;
}

struct rpc_client *connect_client(struct connect *c)
{
	return c->client;
}
