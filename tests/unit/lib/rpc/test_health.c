/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/health/v1/health.pb-c.h"
#include "unit/lib/rpc/echo.h"

typedef Grpc__Health__V1__HealthCheckRequest health_request;
typedef Grpc__Health__V1__HealthCheckResponse health_response;
#define STATUS(name) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name
#define REQUEST	 &grpc__health__v1__health_check_request__descriptor
#define RESPONSE &grpc__health__v1__health_check_response__descriptor

static const struct rpc_method check = { "/grpc.health.v1.Health/Check", RPC_UNARY, REQUEST,
					 RESPONSE, NULL, 0 };
static const struct rpc_method watch = { "/grpc.health.v1.Health/Watch", RPC_SERVER_STREAM, REQUEST,
					 RESPONSE, NULL, 0 };

struct patient {
	struct seen seen;
	int n, status[16];
};

static void told(struct rpc_call *c, struct rpc_msg *m)
{
	struct patient *p = rpc_data(c);

	assert_true(p->n < 16);
	p->status[p->n++] = (int)((const health_response *)rpc_msg_get(m))->status;
	loop_stop(p->seen.echo->loop);
}

static const struct rpc_handler handler = { .message = told, .closed = seen_closed };

static void begin(struct patient *p, struct echo *e, const struct rpc_method *m, const char *service)
{
	health_request q = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	*p = (struct patient){ .seen.echo = e };
	p->seen.call = rpc_open(e->client, m, &handler, 0, false, p);
	q.service = (char *)service;
	assert_int_equal(rpc_send(p->seen.call, &q.base), 0);
}

static void wait_for(struct patient *p, int n)
{
	while (p->n < n)
		assert_true(run_for(p->seen.echo->loop, 20 * S));
}

static int checked(struct echo *e, const char *service)
{
	struct patient p;

	begin(&p, e, &check, service);
	run_until_closed(&p.seen);
	return p.seen.code == RPC_OK ? p.status[0] : -(int)p.seen.code;
}

static void check_answers(void **state)
{
	struct echo e;

	(void)state;
	echo_start(&e, false);
	assert_int_equal(checked(&e, ""), STATUS(SERVING));
	assert_int_equal(checked(&e, "plimsoll.v1.Metrics"), STATUS(SERVING));
	assert_int_equal(checked(&e, "grpc.health.v1.Health"), STATUS(SERVING));
	assert_int_equal(checked(&e, "plimsoll.v1.Nothing"), -RPC_NOT_FOUND);
	rpc_server_set_serving(e.server, "plimsoll.v1.Metrics", false);
	rpc_server_set_serving(e.server, NULL, false);
	assert_int_equal(checked(&e, ""), STATUS(NOT_SERVING));
	assert_int_equal(checked(&e, "plimsoll.v1.Metrics"), STATUS(NOT_SERVING));
	assert_int_equal(checked(&e, "plimsoll.v1.Ingest"), STATUS(SERVING));
	echo_end(&e);
}

static void watch_tells_changes(void **state)
{
	struct echo e;
	struct patient p, unknown;

	(void)state;
	echo_start(&e, false);
	begin(&p, &e, &watch, "plimsoll.v1.Metrics");
	wait_for(&p, 1);
	begin(&unknown, &e, &watch, "later.Service");
	wait_for(&unknown, 1);
	assert_int_equal(unknown.status[0], STATUS(SERVICE_UNKNOWN));
	rpc_server_set_serving(e.server, "plimsoll.v1.Metrics", true); /* no change, no message */
	rpc_server_set_serving(e.server, "plimsoll.v1.Metrics", false);
	wait_for(&p, 2);
	rpc_server_set_serving(e.server, "plimsoll.v1.Metrics", true);
	wait_for(&p, 3);
	rpc_server_set_serving(e.server, "later.Service", true);
	wait_for(&unknown, 2);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.status[0], STATUS(SERVING));
	assert_int_equal(p.status[1], STATUS(NOT_SERVING));
	assert_int_equal(p.status[2], STATUS(SERVING));
	assert_int_equal(unknown.status[1], STATUS(SERVING));
	assert_int_equal(p.seen.closed, 0);
	rpc_cancel(unknown.seen.call);
	run_until_closed(&unknown.seen);

	e.running = 1; /* a stopping server says so before it ends the stream */
	rpc_server_stop(e.server, 5 * S, echo_stopped, &e);
	e.server = NULL;
	run_until_closed(&p.seen);
	assert_int_equal(p.n, 4);
	assert_int_equal(p.status[3], STATUS(NOT_SERVING));
	assert_int_equal(p.seen.code, RPC_UNAVAILABLE);
	while (e.running)
		assert_true(run_for(e.loop, 20 * S));
	echo_end(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_answers),
		cmocka_unit_test(watch_tells_changes),
	};
	return cmocka_run_group_tests(tests, echo_setup, echo_teardown);
}
