/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client of the container runtime against one that the test plays, both on one loop: for what a real one
 * cannot be made to do (tests/e2e/cri.py has a real one), to be away, silent, too old, and to talk nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/names/cri.h"
#include "runtime/v1/cri.pb-c.h"

#define PATIENCE (20 * CLOCK_NS_PER_S)
#define POD	 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define API	 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char dir[64], address[96];
static struct loop *loop;
static struct rpc_server *server;
static struct cri *cri;

static struct {
	bool silent, nonsense, huge; /* what is the matter with its lists */
	struct rpc_call *events;
	bool stopped;
} far;

static struct { /* what the client told */
	unsigned lists, entries, gone;
	bool inside; /* a list is coming in */
	struct names_state state;
	unsigned states;
	bool stopped;
} told;

static bool (*reached)(void);
static bool timed_out;

/* The runtime */

static void reply(struct rpc_call *c, const ProtobufCMessage *m)
{
	if (rpc_send(c, m) == 0)
		rpc_finish(c, RPC_OK, NULL, NULL);
}

static void reply_bytes(struct rpc_call *c, size_t n)
{
	uint8_t *bytes = malloc(n);
	struct rpc_packed *p;

	memset(bytes, 0xff, n);
	p = rpc_pack_bytes(bytes, n);
	if (rpc_send_packed(c, p) == 0)
		rpc_finish(c, RPC_OK, NULL, NULL);
	rpc_packed_unref(p);
	free(bytes);
}

static void far_version(struct rpc_call *c, struct rpc_msg *m)
{
	Runtime__V1__VersionResponse v = RUNTIME__V1__VERSION_RESPONSE__INIT;

	(void)m;
	v.runtime_name = (char *)(uintptr_t) "played";
	v.runtime_version = (char *)(uintptr_t) "7.7";
	reply(c, &v.base);
}

static void far_containers(struct rpc_call *c, struct rpc_msg *m)
{
	Runtime__V1__ContainerMetadata called = RUNTIME__V1__CONTAINER_METADATA__INIT;
	Runtime__V1__Container one = RUNTIME__V1__CONTAINER__INIT, *list = &one;
	Runtime__V1__ListContainersResponse all = RUNTIME__V1__LIST_CONTAINERS_RESPONSE__INIT;

	(void)m;
	if (far.silent)
		return;
	if (far.nonsense || far.huge) {
		reply_bytes(c, far.huge ? CRI_MAX_MESSAGE + 1 : 100);
		return;
	}
	called.name = (char *)(uintptr_t) "api";
	one.id = (char *)(uintptr_t)API;
	one.pod_sandbox_id = (char *)(uintptr_t)POD;
	one.metadata = &called;
	all.containers = &list;
	all.n_containers = 1;
	reply(c, &all.base);
}

static void far_sandboxes(struct rpc_call *c, struct rpc_msg *m)
{
	Runtime__V1__PodSandboxMetadata pod = RUNTIME__V1__POD_SANDBOX_METADATA__INIT;
	Runtime__V1__PodSandbox one = RUNTIME__V1__POD_SANDBOX__INIT, *list = &one;
	Runtime__V1__ListPodSandboxResponse all = RUNTIME__V1__LIST_POD_SANDBOX_RESPONSE__INIT;

	(void)m;
	pod.name = (char *)(uintptr_t) "web-1";
	one.id = (char *)(uintptr_t)POD;
	one.metadata = &pod;
	all.items = &list;
	all.n_items = 1;
	reply(c, &all.base);
}

static void far_events(struct rpc_call *c, struct rpc_msg *m)
{
	(void)m;
	far.events = c;
}

static void far_closed(struct rpc_call *c, enum rpc_code code, const char *text)
{
	(void)code;
	(void)text;
	if (far.events == c)
		far.events = NULL;
}

static const struct rpc_handler version_handler = {.message = far_version};
static const struct rpc_handler containers_handler = {.message = far_containers};
static const struct rpc_handler sandboxes_handler = {.message = far_sandboxes};
static const struct rpc_handler events_handler = {.message = far_events, .closed = far_closed};
static const struct rpc_method far_methods[] = {
	{"/runtime.v1.RuntimeService/Version", RPC_UNARY, &runtime__v1__version_request__descriptor,
	 &runtime__v1__version_response__descriptor, &version_handler, 0},
	{"/runtime.v1.RuntimeService/ListContainers", RPC_UNARY, &runtime__v1__list_containers_request__descriptor,
	 &runtime__v1__list_containers_response__descriptor, &containers_handler, 0},
	{"/runtime.v1.RuntimeService/ListPodSandbox", RPC_UNARY, &runtime__v1__list_pod_sandbox_request__descriptor,
	 &runtime__v1__list_pod_sandbox_response__descriptor, &sandboxes_handler, 0},
	{"/runtime.v1.RuntimeService/GetContainerEvents", RPC_SERVER_STREAM,
	 &runtime__v1__get_events_request__descriptor, &runtime__v1__container_event_response__descriptor,
	 &events_handler, 0},
};
#define ALL   (sizeof(far_methods) / sizeof(far_methods[0]))
#define OLDER (ALL - 1) /* without events */

static void far_start(size_t n_methods)
{
	const struct rpc_server_options o = {.address = address, .methods = far_methods, .n_methods = n_methods};
	struct err e;

	if (rpc_server_start(loop, &o, &server, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
}

static void send_event(Runtime__V1__ContainerEventType type, const char *id)
{
	Runtime__V1__ContainerEventResponse e = RUNTIME__V1__CONTAINER_EVENT_RESPONSE__INIT;

	e.container_event_type = type;
	e.container_id = (char *)(uintptr_t)id;
	assert_int_equal(rpc_send(far.events, &e.base), 0);
}

/* What is told */

static void hear(const struct names_word *w, void *data)
{
	(void)data;
	assert_true(names_word_good(w, sizeof(*w)));
	switch (w->tell) {
	case NAMES_STATE:
		told.state = w->state;
		told.states++;
		break;
	case NAMES_BEGIN:
		assert_false(told.inside);
		told.inside = true;
		break;
	case NAMES_ENTRY:
		assert_true(told.inside);
		told.entries++;
		break;
	case NAMES_END:
		told.inside = false;
		told.lists++;
		break;
	case NAMES_GONE:
		assert_string_equal(w->entry.id, API);
		told.gone++;
		break;
	}
}

/* Waiting */

static void look(void *data)
{
	const uint64_t *deadline = data;

	timed_out = clock_boot().ns > *deadline;
	if (timed_out || reached())
		loop_stop(loop);
}

static void wait_for(bool (*what)(void), const char *name)
{
	uint64_t deadline = clock_boot().ns + PATIENCE;
	struct loop_timer *t = loop_timer_new(loop, look, &deadline);

	reached = what;
	loop_timer_start(t, 0, 5 * CLOCK_NS_PER_MS);
	loop_run(loop);
	loop_timer_close(t);
	if (timed_out)
		fail_msg("waited in vain for %s", name);
}

static bool connected(void) { return told.state.connected; }
static bool failed(void) { return told.state.failures >= 1 && !told.state.connected; }
static bool listed_twice(void) { return told.lists >= 2; }
static bool listed_again_late(void) { return told.lists >= 3; }
static bool has_events(void) { return far.events && told.state.events; }
static bool has_none(void) { return told.states >= 2 && !told.state.events; }
static bool one_gone(void) { return told.gone == 1; }
static bool far_stopped(void) { return far.stopped; }
static bool cri_stopped(void) { return told.stopped; }

static void stopped(void *data)
{
	*(bool *)data = true;
}

static void far_stop(void)
{
	far.stopped = false;
	rpc_server_stop(server, 0, stopped, &far.stopped);
	server = NULL;
	wait_for(far_stopped, "the runtime's end");
}

static void begin(void)
{
	const struct lister_options o = {
		.loop = loop, .address = address, .answer_ns = CLOCK_NS_PER_S / 2, .tell = hear};
	struct err e;

	if (cri_start(&o, &cri, &e) < 0)
		fail_msg("%s: %s", e.what, e.cause);
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-cri-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(address, sizeof(address), "unix:%s/s", dir);
	memset(&far, 0, sizeof(far));
	memset(&told, 0, sizeof(told));
	loop = loop_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (cri) {
		cri_stop(cri, stopped, &told.stopped);
		cri = NULL;
		wait_for(cri_stopped, "the client's end");
	}
	if (server)
		far_stop();
	loop = loop_free(loop);
	unlink(address + strlen("unix:"));
	return rmdir(dir);
}

static void lists_are_told_whole(void **state)
{
	(void)state;
	far_start(ALL);
	begin();
	wait_for(connected, "a list");
	assert_int_equal(told.lists, 1);
	assert_int_equal(told.entries, 2);
	assert_string_equal(told.state.runtime, "played");
	assert_string_equal(told.state.text, "7.7");
	assert_int_equal(told.state.failures, 0);
}

static void many_wishes_are_one_list_a_second(void **state)
{
	uint64_t began = clock_boot().ns;

	(void)state;
	far_start(OLDER);
	begin();
	wait_for(has_none, "the word that there are no events");
	assert_true(told.state.connected);
	for (int i = 0; i < 100; i++)
		cri_want(cri);
	wait_for(listed_twice, "the second list");
	assert_true(clock_boot().ns - began >= LISTER_LEAST_NS);
	for (int i = 0; i < 100; i++)
		cri_want(cri);
	wait_for(listed_again_late, "the third");
	assert_true(clock_boot().ns - began >= 2 * LISTER_LEAST_NS);
	assert_int_equal(told.lists, 3);
}

static void events_bring_lists_and_ends(void **state)
{
	(void)state;
	far_start(ALL);
	begin();
	wait_for(has_events, "events");
	send_event(RUNTIME__V1__CONTAINER_EVENT_TYPE__CONTAINER_STOPPED_EVENT, API);
	send_event(RUNTIME__V1__CONTAINER_EVENT_TYPE__CONTAINER_DELETED_EVENT, "no id");
	send_event(RUNTIME__V1__CONTAINER_EVENT_TYPE__CONTAINER_DELETED_EVENT, API);
	wait_for(one_gone, "an end");
	assert_int_equal(told.lists, 1);
	send_event(RUNTIME__V1__CONTAINER_EVENT_TYPE__CONTAINER_STARTED_EVENT, API);
	wait_for(listed_twice, "a list");
	assert_int_equal(told.state.event_count, 4);
}

static void one_that_is_away_is_tried_until_it_comes(void **state)
{
	(void)state;
	begin();
	wait_for(failed, "a failure");
	assert_true(strlen(told.state.text) > 0);
	far_start(ALL);
	wait_for(connected, "a list");
	far_stop();
	cri_want(cri);
	wait_for(failed, "another failure");
	far_start(OLDER);
	wait_for(connected, "a list again");
	assert_int_equal(told.lists, 2);
}

static void expect_failure_then_recovery(bool *fault)
{
	*fault = true;
	far_start(ALL);
	begin();
	wait_for(failed, "a failure");
	assert_int_equal(told.lists, 0);
	assert_int_equal(told.entries, 0);
	*fault = false;
	wait_for(connected, "a list");
	assert_int_equal(told.entries, 2);
}

static void a_silent_one_costs_only_time(void **state)
{
	(void)state;
	expect_failure_then_recovery(&far.silent);
}

static void nonsense_is_a_failure(void **state)
{
	(void)state;
	expect_failure_then_recovery(&far.nonsense);
}

static void too_much_is_a_failure(void **state)
{
	(void)state;
	expect_failure_then_recovery(&far.huge);
}

static void one_without_the_service_is_a_failure(void **state)
{
	(void)state;
	far_start(0);
	begin();
	wait_for(failed, "a failure");
	assert_int_equal(told.lists, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(lists_are_told_whole),
		TEST(many_wishes_are_one_list_a_second),
		TEST(events_bring_lists_and_ends),
		TEST(one_that_is_away_is_tried_until_it_comes),
		TEST(a_silent_one_costs_only_time),
		TEST(nonsense_is_a_failure),
		TEST(too_much_is_a_failure),
		TEST(one_without_the_service_is_a_failure),
	};
	int failures;

	rpc_init(NULL);
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	rpc_shutdown();
	return failures;
}
