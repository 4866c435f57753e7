/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole agent but for the kernel: this program starts itself again as the agent, with a fake
 * probe, and asks it over its socket. What it samples, in which order, whom it refuses, how it
 * ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/agent.h"
#include "base/log.h"
#include "conf/conf.h"
#include "grpc/health/v1/health.pb-c.h"
#include "plimsoll/v1/metrics.pb-c.h"
#include "plimsoll/v1/status.pb-c.h"
#include "unit/agent/fake_probe.h"

#define PATIENCE (20 * CLOCK_NS_PER_S)
#define ANSWERS  256

typedef Plimsoll__V1__Batch batch;
typedef Plimsoll__V1__Query query;

static char dir[64], socket_path[96], broken[96], output[96];
static struct loop *loop;
static struct rpc_client *client;
static pid_t agent;

static struct { /* of the call under way */
	struct rpc_call *call;
	struct rpc_msg *answers[ANSWERS];
	size_t n, wanted;
	bool closed;
	enum rpc_code code;
	char text[200];
} got;

/* The agent's side of this program */

static int be_agent(int argc, char **argv)
{
	char *words[32];
	struct agent_options o = {0};
	struct opt_origins origins;
	struct err e = {0};
	int n, r = 2;

	if (conf_resolve(&agent_option_table, &o, &origins, argc, argv, words, &n, &e) == 0 &&
	    agent_options_check(&o, &e) == 0) {
		log_init("agent", LOG_INFO, false);
		r = agent_run(&o, &e);
	}
	if (r)
		err_print(&e, "agent", stderr);
	opt_done(&agent_option_table, &o);
	return r;
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, STDERR_FILENO);
	setenv("FAKE_PROBE_BROKEN", broken, 1);
	execl("/proc/self/exe", "test_agent", "agent", "--config", "", "--node", "n1", "--user", "", "--cri", "none",
	      "--docker", "none", "--podman", "none", "--interval", "100ms", "--socket", socket_path, (char *)NULL);
	_exit(127);
}

static int ended(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int stop_agent(int signum)
{
	pid_t pid = agent;

	agent = 0;
	kill(pid, signum);
	return ended(pid);
}

/* The client's side */

static void message(struct rpc_call *c, struct rpc_msg *m)
{
	(void)c;
	if (got.n == ANSWERS)
		return;
	got.answers[got.n++] = rpc_msg_keep(m);
	if (got.n == got.wanted)
		loop_stop(loop);
}

static void closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	(void)c;
	got.call = NULL;
	got.closed = true;
	got.code = code;
	snprintf(got.text, sizeof(got.text), "%s", text ? text : "");
	loop_stop(loop);
}

static const struct rpc_handler handler = {.message = message, .closed = closed};

static void forget(void)
{
	for (size_t i = 0; i < got.n; i++)
		rpc_msg_release(got.answers[i]);
	memset(&got, 0, sizeof(got));
}

static void timed_out(void *data)
{
	*(bool *)data = true;
	loop_stop(loop);
}

static void run_loop(const char *what)
{
	bool late = false;
	struct loop_timer *t = loop_timer_new(loop, timed_out, &late);

	loop_timer_start(t, PATIENCE, 0);
	loop_run(loop);
	loop_timer_close(t);
	if (late)
		fail_msg("waited in vain for %s", what);
}

static void ask(const struct rpc_method *m, const ProtobufCMessage *request)
{
	forget();
	got.call = rpc_open(client, m, &handler, PATIENCE, true, NULL);
	(void)rpc_send(got.call, request);
	run_loop(m->path);
}

#define METHOD(path_, kind_, request_, response_) \
	{ .path = path_, .kind = kind_, .request = &request_##__descriptor, \
	  .response = &response_##__descriptor, .max_inflight = ANSWERS }

static const struct rpc_method snapshot = METHOD("/plimsoll.v1.Metrics/Snapshot", RPC_UNARY,
						 plimsoll__v1__query, plimsoll__v1__batch);
static const struct rpc_method watch = METHOD("/plimsoll.v1.Metrics/Watch", RPC_SERVER_STREAM,
					      plimsoll__v1__query, plimsoll__v1__batch);
static const struct rpc_method status = METHOD("/plimsoll.v1.Status/Get", RPC_UNARY,
					       plimsoll__v1__status_request,
					       plimsoll__v1__status_response);
static const struct rpc_method health = METHOD("/grpc.health.v1.Health/Check", RPC_UNARY,
					       grpc__health__v1__health_check_request,
					       grpc__health__v1__health_check_response);

static const batch *answer(size_t i)
{
	assert_true(i < got.n);
	return (const batch *)rpc_msg_get(got.answers[i]);
}

/* A call on the connection to an agent that was just killed fails: asked again. */
static const batch *ask_snapshot(const query *q)
{
	uint64_t deadline = clock_boot().ns + PATIENCE;

	do
		ask(&snapshot, &q->base);
	while (got.code == RPC_UNAVAILABLE && clock_boot().ns < deadline);
	if (got.code != RPC_OK)
		fail_msg("snapshot: %s", got.text);
	return answer(0);
}

static const batch *any_snapshot(void)
{
	static const query all = PLIMSOLL__V1__QUERY__INIT;

	return ask_snapshot(&all);
}

static void ask_watch(const query *q, size_t batches)
{
	forget();
	got.wanted = batches;
	got.call = rpc_open(client, &watch, &handler, PATIENCE, true, NULL);
	(void)rpc_send(got.call, &q->base);
	run_loop("batches");
	if (!got.call)
		return;
	rpc_cancel(got.call);
	while (!got.closed)
		run_loop("the end of the watch");
}

static double counter(const char *name)
{
	static const Plimsoll__V1__StatusRequest request = PLIMSOLL__V1__STATUS_REQUEST__INIT;
	const Plimsoll__V1__StatusResponse *r;

	ask(&status, &request.base);
	assert_int_equal(got.code, RPC_OK);
	r = (const Plimsoll__V1__StatusResponse *)rpc_msg_get(got.answers[0]);
	for (size_t i = 0; i < r->n_counter; i++)
		if (strcmp(r->counter[i]->name, name) == 0)
			return r->counter[i]->value;
	fail_msg("no counter %s", name);
	return 0;
}

static const Plimsoll__V1__Identity *named(const batch *b, const char *cgroup)
{
	for (size_t i = 0; i < b->n_dictionary; i++)
		if (strcmp(b->dictionary[i]->cgroup, cgroup) == 0)
			return b->dictionary[i];
	return NULL;
}

static long index_of(const batch *b, uint32_t row)
{
	for (size_t i = 0; b->columns && i < b->columns->n_row; i++)
		if (b->columns->row[i] == row)
			return (long)i;
	return -1;
}

/* Order of life */

static int setup(void **state)
{
	struct err e;
	char address[128];
	struct rpc_client_options o = {
		.address = address, .backoff_min_ns = 20000000, .backoff_max_ns = 100000000};

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-agent-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/run/a.sock", dir);
	snprintf(broken, sizeof(broken), "%s/broken", dir);
	snprintf(output, sizeof(output), "%s/output", dir);
	snprintf(address, sizeof(address), "unix:%s", socket_path);
	agent = spawn();
	loop = loop_new();
	return rpc_client_new(loop, &o, &client, &e);
}

static void client_gone(void *data)
{
	(void)data;
	loop_stop(loop);
}

static int teardown(void **state)
{
	(void)state;
	forget();
	if (agent)
		(void)stop_agent(SIGKILL);
	rpc_client_close(client, client_gone, NULL);
	loop_run(loop);
	loop = loop_free(loop);
	unlink(socket_path);
	unlink(broken);
	unlink(output);
	*strrchr(socket_path, '/') = '\0';
	rmdir(socket_path);
	return rmdir(dir);
}

static void expect_output(const char *text)
{
	char all[4096] = "";
	int fd = open(output, O_RDONLY);
	ssize_t n = read(fd, all, sizeof(all) - 1);

	close(fd);
	assert_true(n > 0);
	if (!strstr(all, text))
		fail_msg("\"%s\" is not in: %s", text, all);
}

static void a_snapshot_shows_the_machine(void **state)
{
	const batch *b = any_snapshot();
	const Plimsoll__V1__Identity *id = named(b, "/docker-" FAKE_CONTAINER ".scope");

	(void)state;
	assert_string_equal(b->source->node, "n1");
	assert_int_equal(b->source->interval_ns, 100000000);
	assert_int_equal(b->sequence, 0);
	assert_true(b->epoch && b->boottime_ns && b->wall_unix_ns && b->keyframe);
	assert_non_null(id);
	assert_string_equal(id->runtime, "docker");
	assert_string_equal(id->container_id, FAKE_CONTAINER);
	assert_true(index_of(b, id->row) >= 0);
	assert_int_equal(b->columns->memory_usage_bytes[index_of(b, id->row)], 1 << 20);
	assert_true(b->node->memory_available_bytes > 0);
}

static void the_socket_is_for_its_owner_only(void **state)
{
	struct stat st;

	(void)state;
	any_snapshot();
	assert_int_equal(stat(socket_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	*strrchr(socket_path, '/') = '\0';
	assert_int_equal(stat(socket_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	socket_path[strlen(socket_path)] = '/';
}

/* Every second once and in order, and the CPU time adds up without a hole. */
static void a_watch_misses_nothing(void **state)
{
	query q = PLIMSOLL__V1__QUERY__INIT;
	uint64_t sequence, cpu_ns;
	uint32_t one;
	bool came = false, went = false;

	(void)state;
	ask_watch(&q, 24);
	assert_non_null(answer(0)->source);
	assert_null(answer(0)->columns);
	assert_true(answer(1)->keyframe);
	assert_int_equal(got.n, 24);
	sequence = answer(1)->sequence;
	one = named(answer(1), "/one.service")->row;
	cpu_ns = answer(1)->columns->cpu_ns[index_of(answer(1), one)];
	for (size_t i = 2; i < got.n; i++) {
		const batch *b = answer(i);

		assert_int_equal(b->sequence, ++sequence);
		cpu_ns += FAKE_PASS_CPU_NS;
		assert_int_equal(b->columns->cpu_ns[index_of(b, one)], cpu_ns);
		came |= named(b, "/brief.service") != NULL;
		went |= b->n_gone > 0;
		if (!b->keyframe)
			assert_int_equal(index_of(b, named(answer(1), "/two.service")->row), -1);
	}
	assert_true(came && went);
}

static void a_watch_resumes_from_the_spool(void **state)
{
	query q = PLIMSOLL__V1__QUERY__INIT;
	uint64_t seen;

	(void)state;
	ask_watch(&q, 4);
	q.epoch = answer(1)->epoch;
	q.since_sequence = seen = answer(1)->sequence;
	usleep(350000);
	ask_watch(&q, 6);
	assert_non_null(answer(0)->source);
	for (size_t i = 1; i < got.n; i++)
		assert_int_equal(answer(i)->sequence, seen + i);
	q.epoch++; /* somebody else's second: starts with now */
	ask_watch(&q, 2);
	assert_true(answer(1)->keyframe);
	assert_true(answer(1)->sequence >= seen + 5);
}

static void a_filter_and_an_interval_are_honoured(void **state)
{
	query q = PLIMSOLL__V1__QUERY__INIT;
	char *globs[] = {"/o*"};

	(void)state;
	q.cgroup = globs;
	q.n_cgroup = 1;
	assert_int_equal(ask_snapshot(&q)->columns->n_row, 1);
	ask_watch(&q, 5);
	for (size_t i = 1; i < got.n; i++) {
		assert_int_equal(answer(i)->columns->n_row, 1);
		assert_int_equal(answer(i)->live_rows, 1);
	}
	q.min_interval_ns = 300000000;
	ask_watch(&q, 5);
	for (size_t i = 2; i < got.n; i++) {
		assert_true(answer(i)->boottime_ns >= answer(i - 1)->boottime_ns + 200000000);
		/* A machine that is late by an interval leaves out no second. */
		assert_true(answer(i)->keyframe || answer(i)->sequence == answer(i - 1)->sequence + 1);
	}
}

static void ends_between_two_batches_are_told(void **state)
{
	query q = PLIMSOLL__V1__QUERY__INIT;
	size_t gone = 0;

	(void)state;
	q.min_interval_ns = 500000000;
	ask_watch(&q, 7); /* 2.5 s: the brief one went twice */
	for (size_t i = 1; i < got.n; i++)
		gone += answer(i)->n_gone;
	assert_true(gone >= 1);
}

static void what_cannot_be_answered_is_refused(void **state)
{
	query q = PLIMSOLL__V1__QUERY__INIT;
	char *nodes[] = {"other"}, *globs[65];

	(void)state;
	q.node = nodes;
	q.n_node = 1;
	ask(&snapshot, &q.base);
	assert_int_equal(got.code, RPC_NOT_FOUND);
	assert_non_null(strstr(got.text, "n1"));
	ask(&watch, &q.base);
	assert_int_equal(got.code, RPC_NOT_FOUND);
	nodes[0] = "n*";
	assert_non_null(ask_snapshot(&q)->columns);
	q.cgroup = globs;
	q.n_cgroup = 65;
	for (size_t i = 0; i < 65; i++)
		globs[i] = "/x";
	ask(&snapshot, &q.base);
	assert_int_equal(got.code, RPC_INVALID);
	assert_true(counter("agent_watches_refused_total") >= 1);
}

static void status_tells_all(void **state)
{
	const Plimsoll__V1__StatusResponse *r;

	(void)state;
	any_snapshot();
	assert_true(counter("agent_rows") >= 3);
	r = (const Plimsoll__V1__StatusResponse *)rpc_msg_get(got.answers[0]);
	assert_string_equal(r->program, "plimsoll-agent");
	assert_string_equal(r->node, "n1");
	assert_int_equal(r->n_notice, 1);
	assert_string_equal(r->notice[0]->fix, "boot with psi=1");
	assert_true(r->epoch && r->uptime_ns);
	assert_true(counter("agent_resident_memory_bytes") > 1 << 20);
	assert_true(counter("agent_cpu_seconds_total") > 0);
	assert_true(counter("agent_samples_total") >= 3);
	assert_true(counter("agent_spool_batches") >= 1);
	assert_true(counter("agent_snapshots_total") == 1);
}

static int health_now(void)
{
	Grpc__Health__V1__HealthCheckRequest q = GRPC__HEALTH__V1__HEALTH_CHECK_REQUEST__INIT;

	q.service = "plimsoll.v1.Metrics";
	ask(&health, &q.base);
	assert_int_equal(got.code, RPC_OK);
	return ((const Grpc__Health__V1__HealthCheckResponse *)rpc_msg_get(got.answers[0]))->status;
}

static void wait_for_health(int wanted)
{
	uint64_t deadline = clock_boot().ns + PATIENCE;

	while (health_now() != wanted)
		assert_true(clock_boot().ns < deadline);
}

static void an_unreadable_kernel_is_said_and_survived(void **state)
{
	int serving = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING;
	int not_serving = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;

	(void)state;
	wait_for_health(serving);
	close(open(broken, O_CREAT | O_WRONLY, 0600));
	wait_for_health(not_serving);
	assert_true(counter("agent_read_errors_total") >= 1);
	unlink(broken);
	wait_for_health(serving);
	expect_output("the fake kernel is broken");
	expect_output("can be read again");
	assert_true(any_snapshot()->losses->read_errors >= 1);
}

static void it_ends_in_peace_when_told(void **state)
{
	query q = PLIMSOLL__V1__QUERY__INIT;

	(void)state;
	any_snapshot();
	forget();
	got.wanted = 2;
	got.call = rpc_open(client, &watch, &handler, 0, true, NULL);
	(void)rpc_send(got.call, &q.base);
	run_loop("batches");
	kill(agent, SIGTERM);
	while (!got.closed)
		run_loop("the end of the watch");
	assert_int_equal(got.code, RPC_UNAVAILABLE);
	assert_int_equal(ended(agent), 0);
	agent = 0;
	assert_int_equal(access(socket_path, F_OK), -1);
}

static void a_hangup_is_no_reason_to_die(void **state)
{
	(void)state;
	any_snapshot();
	kill(agent, SIGHUP);
	any_snapshot();
	assert_int_equal(stop_agent(SIGINT), 0);
}

static void a_killed_agent_is_replaced(void **state)
{
	uint64_t epoch = any_snapshot()->epoch;

	(void)state;
	assert_int_equal(stop_agent(SIGKILL), -SIGKILL);
	assert_int_equal(access(socket_path, F_OK), 0);
	agent = spawn();
	assert_true(any_snapshot()->epoch > epoch);
}

static void a_second_agent_is_refused(void **state)
{
	(void)state;
	any_snapshot();
	assert_int_equal(ended(spawn()), 1);
	expect_output("cannot listen on");
	expect_output("fix:");
	any_snapshot();
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		test(a_snapshot_shows_the_machine),
		test(the_socket_is_for_its_owner_only),
		test(a_watch_misses_nothing),
		test(a_watch_resumes_from_the_spool),
		test(a_filter_and_an_interval_are_honoured),
		test(ends_between_two_batches_are_told),
		test(what_cannot_be_answered_is_refused),
		test(status_tells_all),
		test(an_unreadable_kernel_is_said_and_survived),
		test(it_ends_in_peace_when_told),
		test(a_hangup_is_no_reason_to_die),
		test(a_killed_agent_is_replaced),
		test(a_second_agent_is_refused),
	};
	int failed;

	if (argc > 1 && strcmp(argv[1], "agent") == 0)
		return be_agent(argc - 1, argv + 1);
	rpc_init(NULL);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failed;
}
